"""Replay: order, what a method may see, and what is scored."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest

from delta_learn.entry import CommandEntry
from delta_learn.errors import DeltaError, NotEnoughDataError
from delta_learn.evaluation.baselines.catalogue import BASELINES, baseline
from delta_learn.evaluation.replay import replay
from delta_learn.evaluation.result import METRICS
from delta_learn.predictor.context import Context
from delta_learn.predictor.suggestion import Suggestion


class Fixed:
    """Suggests the given lines that begin with the prefix, and notes what it is asked and shown."""

    def __init__(self, *lines: str, shown: bool = True, bits: float | None = None) -> None:
        self.lines = lines
        self.shown = shown
        self.cost = bits
        self.calls: list[tuple[str, str]] = []

    def suggest(self, prefix: str, context: Context, k: int) -> Sequence[Suggestion]:
        self.calls.append(("ask", prefix))
        lines = [line for line in self.lines if line.startswith(prefix)]
        return [Suggestion(line, 0.5, "fixed", shown=self.shown) for line in lines[:k]]

    def bits(self, entry: CommandEntry, context: Context) -> float | None:
        self.calls.append(("bits", entry.command))
        return self.cost

    def observe(self, entry: CommandEntry, context: Context) -> None:
        self.calls.append(("observe", entry.command))


def history(*commands: str) -> list[CommandEntry]:
    return [CommandEntry(command) for command in commands]


def test_a_method_is_scored_on_a_command_before_it_sees_it() -> None:
    method = Fixed()
    replay(history("aa", "b", "cc"), {"m": method}, start=1)
    assert method.calls == [
        ("observe", "aa"),
        ("ask", ""),
        ("bits", "b"),
        ("observe", "b"),
        ("ask", ""),
        ("bits", "cc"),
        ("observe", "cc"),
    ]


@pytest.mark.parametrize(("start", "limit", "scored"), [(0.25, None, 6), (0.0, None, 8), (5, None, 3), (0.5, 2, 2)])
def test_scoring_begins_at_start_and_ends_at_limit(start: float, limit: int | None, scored: int) -> None:
    result = replay(history(*"abcdefgh"), {"m": Fixed()}, start=start, limit=limit)
    assert len(result) == scored


def test_keys_and_hits_of_known_suggestions() -> None:
    method = Fixed("git push", "git pull", "ls -l")
    result = replay(history("git push", "git pull", "ls -l", "make"), {"m": method}, start=0)
    scores = result.methods["m"]
    # At once; "git push" is first until "git pul", too late to accept; l [s -l]; never.
    assert scores.keys_full.tolist() == [1, 8, 2, 4]
    # "git pull" by word: [git ] p u l l.
    assert scores.keys_word.tolist() == [1, 5, 2, 4]
    assert scores.hit1.tolist() == [True, False, False, False]
    assert scores.hit5.tolist() == [True, True, True, False]
    assert scores.shown_wrong.tolist() == [False, True, True, True]
    # 25 characters, 12 keys by word, 3 wrong suggestions at the empty prompt.
    assert result.net_keys("m").tolist() == [7, 2, 2, -1]
    figures = result.summary()["methods"]["m"]
    assert figures["net"] == pytest.approx(10 / 25)
    assert (figures["ksr_full"], figures["ksr_word"]) == (pytest.approx(10 / 25), pytest.approx(13 / 25))
    assert (figures["n"], figures["hit@1"], figures["hit@5"]) == (4, 0.25, 0.75)


def test_a_hidden_suggestion_is_a_hit_but_brings_and_costs_nothing_net() -> None:
    result = replay(history("make", "ls -l"), {"m": Fixed("ls -l", shown=False)}, start=0)
    scores = result.methods["m"]
    assert result.net_keys("m").tolist() == [0, 0]
    assert scores.hit1.tolist() == [False, True]
    assert scores.shown_wrong.tolist() == [False, False]
    assert scores.keys_shown.tolist() == [4, 5]
    assert scores.keys_part.tolist() == [4, 1]


def test_bits_per_byte_counts_the_newline_and_bytes() -> None:
    # "é" and an invalid byte: 2 + 1 bytes, and the newline.
    result = replay(history("é\udcff"), {"m": Fixed(bits=8.0), "n": Fixed()}, start=0)
    assert result.figures("m")["bits_per_byte"] == 2.0
    assert result.figures("n")["bits_per_byte"] is None


def test_bits_missing_for_one_command_are_missing() -> None:
    class Sometimes(Fixed):
        def bits(self, entry: CommandEntry, context: Context) -> float | None:
            return 1.0 if entry.command == "a" else None

    figures = replay(history("a", "b"), {"m": Sometimes()}, start=0).figures("m")
    assert figures["bits_per_byte"] is None


def test_the_oracle_knows_repeats_only() -> None:
    result = replay(history("abc", "abc", "x", "x", "abcd"), {"m": Fixed()}, start=1)
    # 1 key for the repeat; a single character is typed; a new line is typed.
    assert result.commands.oracle_keys.tolist() == [1, 1, 1, 4]
    assert result.summary()["oracle"]["ksr_full"] == pytest.approx(2 / 9)


def test_every_request_is_timed() -> None:
    method = Fixed()
    result = replay(history("abcd", "ab"), {"m": method}, start=0)
    asked = [kind for kind, _ in method.calls].count("ask")
    assert result.methods["m"].request_ms.shape == (asked,)
    assert (result.methods["m"].request_ms >= 0).all()


def test_synthetic_entries_are_refused() -> None:
    entries = [*history("a", "b"), CommandEntry("c", source="synthetic")]
    with pytest.raises(DeltaError, match="Synthetic"):
        replay(entries, {"m": Fixed()})


def test_nothing_to_score_is_an_error() -> None:
    for entries, start in [([], 0.25), (history("a"), 1)]:
        with pytest.raises(NotEnoughDataError, match="scoring begins"):
            replay(entries, {"m": Fixed()}, start=start)


def test_progress_reaches_the_end() -> None:
    seen: list[tuple[int, int]] = []
    replay(history("a", "b"), {"m": Fixed()}, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]


def test_all_baselines_together_give_plain_data() -> None:
    entries = history(*["git status", "git add a.py", "make test", "ls"] * 40)
    methods = {name: baseline(name) for name in BASELINES}
    summary = replay(entries, methods).summary()
    json.dumps(summary, allow_nan=False)
    assert set(summary["methods"]) == set(BASELINES)
    assert set(summary["methods"]["fish"]) == {"n", *METRICS, "ms_p50", "ms_p99"}
    assert summary["methods"]["match-prev"]["hit@1"] == 1.0
    assert summary["methods"]["autosuggest"]["hit@5"] == 0.0
    assert summary["oracle"]["ksr_full"] == pytest.approx(1 - 4 / 33)


def test_methods_are_paired_by_command() -> None:
    entries = history(*["git status", "ls"] * 30)
    result = replay(entries, {name: baseline(name) for name in BASELINES})
    for scores in result.methods.values():
        for name in ("keys_full", "keys_word", "keys_part", "hit1", "hit5", "shown_wrong", "bits"):
            assert getattr(scores, name).shape == (len(result),)
        assert (scores.keys_full <= result.commands.chars).all()
        assert (np.asarray(scores.hit5) >= scores.hit1).all()
