"""Each baseline against its documented rule, written out plainly over lists."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delta_learn.entry import CommandEntry
from delta_learn.errors import ConfigError
from delta_learn.evaluation.baselines.catalogue import BASELINES, baseline
from delta_learn.evaluation.baselines.lines import LineRanker
from delta_learn.evaluation.baselines.witten_bell import NGram, WittenBell
from delta_learn.predictor.context import Context

CONTEXT = Context()
HOUR = 3600.0

lines = st.sampled_from(["ls", "ls -l", "git status", "git push", "make", "g", "cd /"])
histories = st.lists(lines, min_size=1, max_size=40)
prefixes = st.sampled_from(["", "l", "ls", "g", "git ", "x"])


def learned(name: str, history: list[str]) -> LineRanker:
    method = baseline(name)
    for line in history:
        method.observe(CommandEntry(line), CONTEXT)
    return method


def top(method: LineRanker, prefix: str, k: int = 5, context: Context = CONTEXT) -> list[str]:
    return [suggestion.command for suggestion in method.suggest(prefix, context, k)]


def newest_first(history: list[str]) -> list[str]:
    return list(dict.fromkeys(reversed(history)))


@given(histories, prefixes, st.sampled_from(["autosuggest", "fish"]))
def test_autosuggest_and_fish_take_the_newest_line(history: list[str], prefix: str, name: str) -> None:
    expected = [line for line in newest_first(history) if line.startswith(prefix)] if prefix else []
    assert top(learned(name, history), prefix) == expected[:5]


def test_fish_passes_over_commands_of_several_lines() -> None:
    history = ["for x in a", "for x in a\ndo ls; done"]
    assert top(learned("fish", history), "for", 1) == history[:1]
    assert top(learned("autosuggest", history), "for", 1) == history[1:]


@given(histories, prefixes)
def test_match_prev_takes_what_followed_the_same_command(history: list[str], prefix: str) -> None:
    followers = [after for before, after in pairwise(history) if before == history[-1]]
    expected = list(dict.fromkeys(newest_first(followers) + newest_first(history)))
    expected = [line for line in expected if line.startswith(prefix)]
    assert top(learned("match-prev", history), prefix) == expected[:5]


def test_match_prev_shows_a_suggestion_at_the_empty_prompt() -> None:
    [suggestion] = learned("match-prev", ["a", "b", "a"]).suggest("", CONTEXT, 1)
    assert (suggestion.command, suggestion.shown, suggestion.source) == ("b", True, "match-prev")


@pytest.mark.parametrize(
    ("ages", "counts", "expected"),
    [
        ([0.9, 1.1], [1, 1], "a"),  # 100 against 90
        ([1.1, 6.9], [1, 2], "b"),  # 90 against 90 + 14
        ([1.1, 24.9], [2, 3], "a"),  # 90 + 14 against 70 + 22
        ([1.1, 24.9], [1, 3], "b"),  # 90 against 70 + 22
        ([24.9, 25.1], [1, 1], "a"),  # 70 against 50
        ([72.9, 73.1], [1, 1], "a"),  # 50 against 30
        ([168.9, 169.1], [1, 1], "a"),  # 30 against 15
        ([720.9, 721.1], [1, 1], "a"),  # 15 against 5
        ([0.5, 800.0], [1, 200], "b"),  # 100 against 5 + min(100, 106): the frequency is capped
        ([0.5, 800.0], [2, 400], "a"),  # 100 + 14 against 5 + min(100, 120)
    ],
)
def test_atuin_adds_recency_and_frequency(ages: list[float], counts: list[int], expected: str) -> None:
    now = 1e6 * HOUR
    method = baseline("atuin")
    # The older line is used last, so that a tie would go to it.
    for line, age, count in zip("ab", ages, counts, strict=True):
        for _ in range(count):
            method.observe(CommandEntry(line, timestamp=now - age * HOUR), CONTEXT)
    assert top(method, "", 1, Context(timestamp=now)) == [expected]


def test_atuin_ranks_at_the_empty_prompt_without_showing() -> None:
    method = learned("atuin", ["a"])
    assert [s.shown for s in method.suggest("", CONTEXT, 1)] == [False]
    assert [s.shown for s in method.suggest("a", CONTEXT, 1)] == [True]


def test_atuin_without_times_goes_by_frequency() -> None:
    assert top(learned("atuin", ["a", "a", "b"]), "") == ["a", "b"]


@given(histories, prefixes, st.sampled_from([0.8, 0.9]))
def test_ipam_keeps_the_papers_table(history: list[str], prefix: str, alpha: float) -> None:
    rows: dict[str, dict[str, float]] = {}
    default: dict[str, float] = {}

    def update(row: dict[str, float], line: str) -> None:
        for other in row:
            row[other] *= alpha
        row[line] = row.get(line, 0.0) + 1 - alpha

    for before, after in pairwise([None, *history]):
        if before is not None:
            update(rows.setdefault(before, dict(default)), after or "")
        update(default, after or "")
    row = rows.get(history[-1], default)
    expected = sorted(row, key=row.__getitem__, reverse=True)
    expected += sorted(default.keys() - row.keys(), key=default.__getitem__, reverse=True)
    expected = [line for line in expected if line.startswith(prefix)]
    assert top(learned(f"ipam-{alpha}", history), prefix) == expected[:5]


def witten_bell(history: list[str], context: tuple[str, ...], line: str, base: float) -> float:
    """The textbook recursion over a list."""
    n = len(context)
    seen = [history[i] for i in range(n, len(history)) if tuple(history[i - n : i]) == context]
    lower = witten_bell(history, context[1:], line, base) if context else base
    types = len(set(seen))
    return (seen.count(line) + types * lower) / (len(seen) + types) if seen else lower


@given(histories, prefixes)
def test_witten_bell_ranks_by_the_textbook_probability(history: list[str], prefix: str) -> None:
    method = learned("witten-bell", history)
    known = [line for line in set(history) if line.startswith(prefix)]
    probabilities = {line: witten_bell(history, tuple(history[-2:]), line, 0.0) for line in known}
    ranked = [probabilities[line] for line in top(method, prefix)]
    assert ranked == pytest.approx(sorted(probabilities.values(), reverse=True)[:5])


@given(histories)
@settings(max_examples=30)
def test_witten_bell_bits_are_a_distribution(history: list[str]) -> None:
    method = learned("witten-bell", history)
    assert isinstance(method, WittenBell)

    def probability(line: str) -> float:
        return 2.0 ** -method.bits(CommandEntry(line), CONTEXT)

    def spelled(line: str) -> float:
        return 2.0 ** method._speller.log2_probability(line)

    # Known lines, and all new ones together: the escape times the spellings not taken by known lines.
    escape = probability("new!") / spelled("new!")
    known = set(history)
    assert sum(map(probability, known)) + escape * (1 - sum(map(spelled, known))) == pytest.approx(1.0)
    for line in known:
        expected = witten_bell(history, tuple(history[-2:]), line, spelled(line))
        assert probability(line) == pytest.approx(expected)


@given(st.lists(st.integers(0, 3), max_size=30), st.lists(st.integers(0, 3), max_size=4))
def test_ngram_sums_to_one(symbols: list[int], history: list[int]) -> None:
    ngram = NGram(order=3)
    for i, symbol in enumerate(symbols):
        ngram.update(symbols[max(0, i - 2) : i], symbol)
    assert sum(ngram.probability(history, symbol, 1 / 4) for symbol in range(4)) == pytest.approx(1.0)


def test_a_line_too_long_for_a_float_has_bits() -> None:
    method = learned("witten-bell", ["ls"])
    bits = method.bits(CommandEntry("x" * 2000 + "\udcff"), CONTEXT)
    assert bits is not None and math.isfinite(bits) and bits > 1000


def test_only_witten_bell_has_bits() -> None:
    having = [name for name in BASELINES if learned(name, ["a"]).bits(CommandEntry("a"), CONTEXT) is not None]
    assert having == ["witten-bell"]


def test_every_baseline_is_fresh_and_named() -> None:
    for name in BASELINES:
        assert learned(name, ["a"]).name == name
        assert not top(baseline(name), "") and not top(baseline(name), "a")


def test_an_unknown_name_is_refused_with_help() -> None:
    with pytest.raises(ConfigError, match="did you mean 'match-prev'"):
        baseline("match-prv")


def test_many_lines_stay_findable() -> None:
    history = [f"cmd {i % 700}" for i in range(1400)]
    for name in BASELINES:
        assert top(learned(name, history), "cmd 699") == ["cmd 699"]
