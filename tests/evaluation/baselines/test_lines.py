"""The line table against plain lists."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.entry import CommandEntry
from delta_learn.evaluation.baselines.lines import LineTable, _best

texts = st.text(alphabet="abc \udc80\U0010ffff", max_size=5)


@given(st.lists(texts, max_size=40), texts)
def test_matching_lines_counts_and_last_uses(history: list[str], prefix: str) -> None:
    table = LineTable()
    for line in history:
        table.record(CommandEntry(line))
    found = {table.lines[line]: line for line in table.matching(prefix)}
    assert set(found) == {line for line in history if line.startswith(prefix)}
    for text, line in found.items():
        assert table.find(text) == line
        assert table.counts[line] == history.count(text)
        assert table.last_use[line] == max(i for i, other in enumerate(history) if other == text)
    assert [table.lines[line] for line in table.events] == history


def test_it_grows_beyond_its_first_arrays() -> None:
    table = LineTable()
    for number in range(1000):
        table.record(CommandEntry(f"{number:04}", timestamp=float(number)))
    assert len(table) == 1000
    assert sorted(table.lines[line] for line in table.matching("09")) == [f"{n:04}" for n in range(900, 1000)]
    assert table.last_time[table.matching("0999")] == [999.0]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30), st.integers(1, 6))
def test_best_is_by_score_then_by_last_use(scores: list[int], k: int) -> None:
    last_use = np.random.default_rng(len(scores)).permutation(len(scores))
    order = sorted(range(len(scores)), key=lambda line: (scores[line], last_use[line]), reverse=True)
    assert _best(np.arange(len(scores)), np.array(scores), last_use, k) == order[:k]
