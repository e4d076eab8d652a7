"""Replay: order, what a method may see, and what is scored."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

import numpy as np
import pytest

from delta_learn.entry import CommandEntry
from delta_learn.errors import DeltaError, NotEnoughDataError
from delta_learn.evaluation.baselines.catalogue import BASELINES, baseline
from delta_learn.evaluation.replay import Method, replay, replay_sessions
from delta_learn.evaluation.result import METRICS
from delta_learn.predictor.context import Context
from delta_learn.predictor.suggestion import Suggestion

DETAILS = ("shares", "novel_share", "novel_share_full", "ece", "reliability")


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
    assert set(summary["methods"]["fish"]) == {"n", *METRICS, "ms_p50", "ms_p99", *DETAILS}
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


def test_keys_saved_are_credited_to_the_source_of_each_accept() -> None:
    class Two(Fixed):
        """`ls -l` from one expert; what begins with `g` from another."""

        def suggest(self, prefix: str, context: Context, k: int) -> Sequence[Suggestion]:
            line, source = ("git push", "copy") if prefix.startswith("g") else ("ls -l", "history")
            return [Suggestion(line, 0.5, source)] if line.startswith(prefix) else []

    entries = history("ls -l", "ls -l", "git push", "git pull")
    result = replay(entries, {"m": Two()}, start=1)
    saved = result.methods["m"].saved
    # [ls -l]; g [it push]; g [it ] p u l l.
    assert {source: keys.tolist() for source, keys in saved.items()} == {"history": [4, 0, 0], "copy": [0, 6, 2]}
    figures = result.summary()["methods"]["m"]
    assert figures["shares"] == {"copy": pytest.approx(8 / 12), "history": pytest.approx(4 / 12)}
    assert figures["novel_share"] == pytest.approx(8 / 12)
    assert figures["novel_share_full"] == pytest.approx(6 / 10)


def test_every_saved_key_has_a_source() -> None:
    entries = history(*["git status", "git add a.py", "git add b.py", "make test"] * 10)
    for scores in replay(entries, {name: baseline(name) for name in BASELINES}, start=0).methods.values():
        typed = np.array([len(entry.command) for entry in entries])
        assert sum(scores.saved.values()).tolist() == (typed - scores.keys_word).tolist()


def test_predictions_are_those_ranked_first() -> None:
    predictions = replay(history("git pull"), {"m": Fixed("git push", "git pull")}, start=0).methods["m"].predictions
    # "git push" after each of 7 prefixes, then "git pull" while one character is left: nothing to accept, not asked.
    assert predictions.probabilities.tolist() == [0.5] * 7
    assert not predictions.right.any()
    assert predictions.places.tolist() == [0, 2, 2, 2, 2, 2, 2]


def test_each_session_begins_with_nothing() -> None:
    made: list[Fixed] = []

    def ready() -> dict[str, Fixed]:
        made.append(Fixed("aa"))
        return {"m": made[-1]}

    entries = [CommandEntry(line, session=name) for line, name in [("aa", "x"), ("aa", "y"), ("b", "x"), ("aa", "y")]]
    seen: list[tuple[int, int]] = []
    result = replay_sessions(entries, ready, on_progress=lambda done, total: seen.append((done, total)))
    assert [[text for kind, text in method.calls if kind == "observe"] for method in made] == [
        ["aa", "b"],
        ["aa", "aa"],
    ]
    assert result.commands.sessions.tolist() == [0, 0, 1, 1]
    assert result.methods["m"].hit1.tolist() == [True, False, True, True]
    # "aa" of the other session is no repeat.
    assert result.commands.repeats.tolist() == [False, False, False, True]
    assert seen == [(2, 4), (4, 4)]


def test_sessions_are_scored_up_to_the_limit() -> None:
    entries = [CommandEntry("aa", session=name) for name in "xxyyzz"]
    made: list[Fixed] = []

    def ready() -> dict[str, Fixed]:
        made.append(Fixed())
        return {"m": made[-1]}

    assert len(replay_sessions(entries, ready, limit=3)) == 3
    assert [len(method.calls) for method in made] == [6, 3]
    assert len(replay_sessions(entries, ready, limit=99)) == 6
    with pytest.raises(NotEnoughDataError):
        replay_sessions([], ready)


def test_the_compressor_knows_what_came_before_the_scored_part() -> None:
    lines = [f"deploy {number * 7919 % 1000003} to host{number % 13}" for number in range(100)]
    new = replay(history(*lines), {"m": Fixed()}, start=50)
    old = replay(history(*lines[:50], *lines[:50]), {"m": Fixed()}, start=50)
    assert old.summary()["xz"]["bits_per_byte"] < 0.3 * new.summary()["xz"]["bits_per_byte"]


@pytest.mark.parametrize("name", BASELINES)
def test_a_shuffled_future_changes_no_suggestion_before_it(name: str) -> None:
    chance = random.Random(3)
    entries = history(*(chance.choice(["git status", "git push", "make test", "ls", f"vim {n}"]) for n in range(120)))
    future = entries[80:]
    chance.shuffle(future)
    assert future != entries[80:]
    told, again = (Recorded(baseline(name)) for _ in range(2))
    replay(entries, {name: told}, start=20)
    replay([*entries[:80], *future], {name: again}, start=20)
    assert told.answers[:80] == again.answers[:80]
    assert told.answers[80][0] == again.answers[80][0]
    assert any(answer for asked in told.answers[20:80] for _, answer in asked)


class Recorded:
    """A method, and what it answered to each prefix at each command; the empty prompt comes first."""

    def __init__(self, method: Method) -> None:
        self.method = method
        self.answers: list[list[tuple[str, tuple[Suggestion, ...]]]] = [[]]

    def suggest(self, prefix: str, context: Context, k: int) -> Sequence[Suggestion]:
        answer = self.method.suggest(prefix, context, k)
        self.answers[-1].append((prefix, tuple(answer)))
        return answer

    def bits(self, entry: CommandEntry, context: Context) -> float | None:
        return self.method.bits(entry, context)

    def observe(self, entry: CommandEntry, context: Context) -> None:
        self.method.observe(entry, context)
        self.answers.append([])
