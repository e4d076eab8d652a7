"""predictor/verdicts.py: what was said counts at once, most where it was said, and is forgiven by typing."""

from __future__ import annotations

import math

import msgpack
import numpy as np
import pytest

from delta_learn.entry import CommandEntry
from delta_learn.predictor import verdicts as module
from delta_learn.predictor.context import Context
from delta_learn.predictor.verdicts import Verdicts

HERE = Context(previous=(CommandEntry("cd site"),))
ELSEWHERE = Context(previous=(CommandEntry("make"),))
LINES = ["git push", "git pull"]


def said(line: str, text: str, after: str = "cd site") -> CommandEntry:
    environment = {"DELTA_SUGGESTION": line, "DELTA_SUGGESTION_AFTER": after}
    return CommandEntry(text, environment=environment, session="feedback", source="feedback")


def test_nothing_said_changes_nothing() -> None:
    factors = Verdicts().log_factors(LINES, HERE)
    assert factors.shape == (2,)
    assert not factors.any()
    assert Verdicts().log_factors([], HERE).shape == (0,)


def test_a_bad_suggestion_sinks_at_once_and_most_where_it_was_shown() -> None:
    verdicts = Verdicts()
    verdicts.judge("git push", HERE, helpful=False)
    here, elsewhere = (verdicts.log_factors(LINES, place) for place in (HERE, ELSEWHERE))
    assert here[0] <= math.log(1 / 20)
    assert here[0] < elsewhere[0] < 0
    assert here[1] == elsewhere[1] == 0
    first = Context()
    assert verdicts.log_factors(LINES, first)[0] == elsewhere[0]


def test_a_good_suggestion_rises() -> None:
    verdicts = Verdicts()
    verdicts.judge("git push", HERE, helpful=True)
    assert verdicts.log_factors(LINES, HERE)[0] > verdicts.log_factors(LINES, ELSEWHERE)[0] > 0


def test_verdicts_add_up_to_a_limit_and_the_last_word_counts() -> None:
    verdicts = Verdicts()
    seen = []
    for _ in range(6):
        verdicts.judge("git push", HERE, helpful=False)
        seen.append(float(verdicts.log_factors(LINES, HERE)[0]))
    assert seen[0] > seen[1] > seen[2] == seen[5] > math.log(1e-6)
    verdicts.judge("git push", HERE, helpful=True)
    assert verdicts.log_factors(LINES, HERE)[0] > 0


@pytest.mark.parametrize("source", ["typed", "imported", "taught"])
def test_typing_the_line_forgives(source: str) -> None:
    verdicts = Verdicts()
    verdicts.judge("git push", HERE, helpful=False)
    verdicts.observe(CommandEntry("git push", source=source), HERE)
    assert not verdicts.log_factors(LINES, HERE).any()
    assert not verdicts.log_factors(LINES, ELSEWHERE).any()


def test_typing_it_after_another_command_forgives_it_there_alone() -> None:
    verdicts = Verdicts()
    verdicts.judge("git push", HERE, helpful=False)
    verdicts.observe(CommandEntry("git push"), ELSEWHERE)
    assert verdicts.log_factors(LINES, ELSEWHERE)[0] == 0
    assert verdicts.log_factors(LINES, HERE)[0] < 0


@pytest.mark.parametrize(
    "entry", [CommandEntry("git push", source="synthetic"), CommandEntry("git push", exit_code=127)]
)
def test_what_nobody_typed_or_found_forgives_nothing(entry: CommandEntry) -> None:
    verdicts = Verdicts()
    verdicts.judge("git push", HERE, helpful=False)
    before = verdicts.log_factors(LINES, HERE)
    verdicts.observe(entry, HERE)
    verdicts.observe(CommandEntry("git pull"), HERE)
    np.testing.assert_array_equal(verdicts.log_factors(LINES, HERE), before)


def test_typing_keeps_praise() -> None:
    verdicts = Verdicts()
    verdicts.judge("git push", HERE, helpful=True)
    before = [verdicts.log_factors(LINES, place)[0] for place in (HERE, ELSEWHERE)]
    verdicts.observe(CommandEntry("git push"), HERE)
    assert [verdicts.log_factors(LINES, place)[0] for place in (HERE, ELSEWHERE)] == before


def test_kept_feedback_is_the_verdict_it_was() -> None:
    live, kept = Verdicts(), Verdicts()
    live.judge("git push", HERE, helpful=False)
    kept.observe(said("git push", "unhelpful"), Context())
    np.testing.assert_array_equal(live.log_factors(LINES, HERE), kept.log_factors(LINES, HERE))
    kept.observe(said("git pull", "what was this?"), Context())
    assert kept.log_factors(LINES, HERE)[1] == 0


def test_the_oldest_verdicts_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_VERDICTS", 3)
    verdicts = Verdicts()
    for name in ("a", "b", "a", "c", "d"):  # "a" was judged again: "b" is the oldest
        verdicts.judge(name, HERE, helpful=False)
    assert (verdicts.log_factors(list("abcd"), HERE) < 0).tolist() == [True, False, True, True]
    assert (verdicts.log_factors(list("abcd"), ELSEWHERE) < 0).tolist() == [True, False, True, True]


def test_it_is_the_same_after_saving() -> None:
    verdicts = Verdicts()
    verdicts.judge("git push", HERE, helpful=False)
    verdicts.judge("git pull", ELSEWHERE, helpful=True)
    again = Verdicts.from_record(msgpack.unpackb(msgpack.packb(verdicts.to_record())))
    assert again.to_record() == verdicts.to_record()
    for place in (HERE, ELSEWHERE):
        np.testing.assert_array_equal(again.log_factors(LINES, place), verdicts.log_factors(LINES, place))
        assert verdicts.log_factors(LINES, place).any()


def test_where_the_last_word_is_against_a_line() -> None:
    verdicts = Verdicts()
    verdicts.judge("git push", HERE, helpful=False)
    assert verdicts.against(LINES, HERE).tolist() == [True, False]
    assert not verdicts.against(LINES, ELSEWHERE).any(), "there it is less probable, but may be the best"
    verdicts.judge("git push", HERE, helpful=True)
    assert not verdicts.against(LINES, HERE).any()
