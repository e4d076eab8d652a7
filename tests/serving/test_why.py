"""serving/why.py: what was told last, and that who asks about it does not ask about the question."""

from __future__ import annotations

import json

import pytest

from delta_learn.entry import CommandEntry
from delta_learn.predictor.context import Context
from delta_learn.predictor.suggest import Predictor
from delta_learn.serving.protocol import Frame
from delta_learn.serving.tact import Judged
from delta_learn.serving.why import Told, told, why

PROMPT = Context()


def judged(text: str, marks: str = "s") -> list[Judged]:
    return [Judged(text, marks, 0.5, "history"), Judged("other", "s", 0.1, "ngram")]


def test_the_first_suggestion_for_the_last_line_is_what_was_told() -> None:
    first = told(None, judged("ls"), "", PROMPT)
    assert first == Told(judged("ls")[0], "", PROMPT)
    assert told(first, judged("make"), "m", PROMPT) == Told(judged("make")[0], "m", PROMPT)
    assert told(first, [], "zzz", PROMPT) is first


def test_what_was_hardly_seen_is_not_asked_about() -> None:
    first = told(None, judged("ls"), "", PROMPT)
    assert told(first, judged("make", "d"), "", PROMPT) is first
    assert told(None, judged("make", "d"), "", PROMPT) is not None


@pytest.mark.parametrize("line", ["d", "delta-l", "delta-learn why", "delta-learn why --json", " delta-learn"])
def test_the_question_is_not_asked_about(line: str) -> None:
    first = told(None, judged("ls"), "", PROMPT)
    assert told(first, judged(line + "!"), line, PROMPT) is first


@pytest.mark.parametrize("line", ["do", "delta-learn whx", "e"])
def test_another_line_is_no_question(line: str) -> None:
    first = told(None, judged("ls"), "", PROMPT)
    assert told(first, judged(line + "!"), line, PROMPT) is not first


def test_the_facts_fit_in_a_frame() -> None:
    line = "\u00e9" * 1999
    entries = [CommandEntry(line, "/" + line, 1e9 + i, 0, session="s", sequence=i) for i in range(9)]
    facts = why(Predictor.from_entries(entries), Told(judged(line)[0], line[:1500], Context(entries[-3:], "/" + line)))
    assert (facts["whole"], facts["probability"], facts["source"]) == (True, 0.5, "history")
    assert Frame("J", ("1", json.dumps(facts))).encoded()
    assert why(Predictor(), Told(judged("ls", "sp")[0], "", PROMPT))["whole"] is False
