"""predictor/panel.py: what the experts say together of lines."""

from __future__ import annotations

import numpy as np
import pytest

from delta_learn.entry import CommandEntry
from delta_learn.predictor.context import Context
from delta_learn.predictor.contexts import contexts
from delta_learn.predictor.panel import Panel


def trained(entries: list[CommandEntry]) -> Panel:
    panel = Panel(("history", "ngram", "copy"))
    for entry, (_, context) in zip(entries, contexts(entries), strict=True):
        panel.observe(entry, context)
    return panel


@pytest.mark.parametrize("prefix", ["", "g", "git "])
def test_known_lines_share_by_the_history_what_all_experts_give_them(habits: list[CommandEntry], prefix: str) -> None:
    panel = trained(habits)
    assert panel.history is not None
    context = Context(previous=habits[-2:], session=habits[-1].session)
    known = [line for line in dict.fromkeys(entry.command for entry in habits) if line.startswith(prefix)][:8]
    lines = [*known, f"{prefix}never-typed"]
    shares, scores = panel.weigh(lines, prefix, context)
    together = np.logaddexp.reduce(shares, axis=0)
    ranked = panel.history.log_probabilities(known, context, among=prefix)
    np.testing.assert_allclose(np.diff(scores[:-1]), np.diff(ranked), atol=1e-9)
    assert np.logaddexp.reduce(scores[:-1]) == pytest.approx(np.logaddexp.reduce(together[:-1]))
    assert scores[-1] == together[-1]
    assert not np.allclose(scores[:-1], together[:-1])


def test_the_first_of_a_taught_pair_follows_nothing(habits: list[CommandEntry]) -> None:
    pair = [CommandEntry(c, session="taught-1", sequence=i, source="taught") for i, c in enumerate(["ls", "pwd"])]
    panel = trained([*habits, *pair])
    assert panel.history is not None
    log = panel.history.log
    assert log.events["line1"][-2] < 0
    assert log.texts[int(log.events["line1"][-1])] == "ls"
