"""collector/usage.py: what was shown, taken and saved, by local day and month, and by model."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from delta_learn.collector.outcome import Outcome
from delta_learn.collector.usage import Counts, acceptance, accepted_commands, usage
from delta_learn.entry import CommandEntry


def at(month: int, day: int, hour: int = 12) -> float:
    return time.mktime((2026, month, day, hour, 0, 0, 0, 0, -1))


def outcome(event: str, moment: float, saved: int = 0, sequence: int = 0, version: str = "") -> CommandEntry:
    command = CommandEntry("x", session="zsh-1", sequence=sequence)
    return Outcome(sequence, moment, event, "git push", 0, saved, 0.5, "history", version).to_entry(command, "")


@pytest.fixture(params=["UTC+11", "UTC-13"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_days_and_months_are_local(zone: None) -> None:
    entries = [
        outcome("accepted", at(10, 31, 23), 9),
        outcome("accepted", at(11, 1, 0), 7),
        outcome("part", at(11, 21, 23), 3),
        outcome("overridden", at(11, 22, 0), -1),
        outcome("accepted", at(11, 22, 23), 5),
        outcome("typed", at(11, 22, 12)),
        CommandEntry("accepted", timestamp=at(11, 22)),
        CommandEntry("helpful", timestamp=at(11, 22), source="feedback"),
    ]
    found = usage(entries, at(11, 22))
    assert found.today == Counts(shown=3, whole=1, part=0, saved=4)
    assert found.month == Counts(shown=5, whole=2, part=1, saved=14)
    assert (found.today.taken, found.month.taken) == (1, 3)
    assert found.last is not None
    assert (found.last.time, found.last.event) == (at(11, 22, 23), "accepted"), "the newest, wherever it stands"


def test_nothing_was_shown() -> None:
    found = usage([CommandEntry("ls", timestamp=1e9)], 1e9)
    assert (found.today, found.month, found.last) == (Counts(), Counts(), None)


def test_a_model_is_credited_with_what_was_taken_while_it_was_deployed() -> None:
    entries = [outcome("accepted", 1e9, 5, version="a"), outcome("part", 1e9, 2, version="b"), outcome("typed", 1e9)]
    assert acceptance(entries, "a") == Counts(1, 1, 0, 5)
    assert acceptance(entries, "b") == Counts(1, 0, 1, 2)
    assert acceptance(entries, "c") == Counts()


def test_only_what_was_taken_whole_is_an_accepted_command() -> None:
    events = ("accepted", "part", "overridden", "typed")
    entries = [outcome(event, 1e9, sequence=number) for number, event in enumerate(events)]
    forged = replace(entries[0], source="typed")
    assert accepted_commands([*entries, forged]) == {("zsh-1", 0)}
