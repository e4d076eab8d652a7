"""predictor/lessons.py: what was taught is believed at once, and as long as it is right."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgpack
import pytest

from delta_learn.entry import CommandEntry, Source
from delta_learn.predictor import lessons as module
from delta_learn.predictor.context import Context
from delta_learn.predictor.contexts import contexts
from delta_learn.predictor.lessons import Lessons


def pair(when: str, then: str) -> list[CommandEntry]:
    return [
        CommandEntry(c, session=f"taught-{when}-{then}", sequence=i, source="taught")
        for i, c in enumerate((when, then))
    ]


def learned(entries: Sequence[CommandEntry]) -> Lessons:
    lessons = Lessons()
    for entry, (_, context) in zip(entries, contexts(entries), strict=True):
        lessons.observe(entry, context)
    return lessons


def after(command: str, source: Source = "typed") -> Context:
    return Context(previous=(CommandEntry(command, source=source),))


def rates(lessons: Lessons, command: str) -> dict[str, float]:
    return {line: math.exp(score) for line, score in lessons.propose(after(command))}


def test_a_pair_is_believed_at_once_where_it_fits() -> None:
    lessons = learned(pair("make", "make test"))
    assert rates(lessons, "make") == {"make test": pytest.approx(0.9)}
    assert math.exp(lessons.log_rest(after("make"))) == pytest.approx(0.1)
    assert rates(lessons, "make test") == {}
    assert (lessons.propose(Context()), lessons.log_rest(Context())) == ([], 0)


def test_it_is_believed_as_long_as_it_is_right() -> None:
    lessons = learned(pair("make", "make test"))
    believed = [rates(lessons, "make")["make test"]]
    for command in ("make test", "ls", "ls"):
        lessons.observe(CommandEntry(command), after("make"))
        believed.append(rates(lessons, "make")["make test"])
    assert believed[1] > believed[0] > believed[2] > believed[3]
    lessons.observe(CommandEntry("ls"), after("pwd"))
    lessons.observe(CommandEntry("ls", source="synthetic"), after("make"))
    assert rates(lessons, "make")["make test"] == believed[3]


def test_the_newest_lesson_comes_first_and_one_taught_again_is_new() -> None:
    lessons = learned([*pair("make", "make test"), *pair("make", "make lint")])
    assert list(rates(lessons, "make")) == ["make lint", "make test"]
    assert sum(rates(lessons, "make").values()) <= 1
    for _ in range(9):
        lessons.observe(CommandEntry("ls"), after("make"))
    assert max(rates(lessons, "make").values()) < 0.5
    lessons.observe(CommandEntry("make test", source="taught"), after("make", "taught"))
    assert next(iter(rates(lessons, "make").items())) == ("make test", pytest.approx(0.9))


def test_what_is_no_pair() -> None:
    typed = [CommandEntry("make", session="s"), CommandEntry("make test", session="s", sequence=1)]
    assert learned([*pair("# run the tests", "make test"), *typed]).to_record() == []


def test_the_oldest_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PAIRS", 2)
    lessons = learned([entry for number in range(3) for entry in pair("make", f"echo {number}")])
    assert set(rates(lessons, "make")) == {"echo 1", "echo 2"}


def test_it_is_read_back_as_it_was() -> None:
    lessons = learned([*pair("make", "make test"), *pair("ls", "pwd")])
    lessons.observe(CommandEntry("make test"), after("make"))
    again = Lessons.from_record(msgpack.unpackb(msgpack.packb(lessons.to_record())))
    assert again.to_record() == lessons.to_record()
    assert rates(again, "make") == rates(lessons, "make")
    with pytest.raises(ValueError, match="unpack"):
        Lessons.from_record([("make", "make test")])  # type: ignore[list-item]
