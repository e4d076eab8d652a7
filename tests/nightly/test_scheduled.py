"""nightly/scheduled.py: what is asked for every hour happens once a day."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest

from delta_learn.collector.drain import open_store
from delta_learn.config import Config
from delta_learn.errors import DeltaError, LockHeldError
from delta_learn.installation.schedule.clock import TimeOfDay
from delta_learn.installation.schedule.stamp import Stamp, read_stamp, write_stamp
from delta_learn.nightly import scheduled
from delta_learn.nightly.conditions import Condition
from delta_learn.nightly.night import Night
from delta_learn.nightly.pipeline import run_night
from delta_learn.nightly.scheduled import run_scheduled
from delta_learn.paths import Paths
from delta_learn.storage.lock import exclusive

TWO = TimeOfDay(2, 0)


def moment(day: int, hour: int, minute: int = 0) -> float:
    return time.mktime((2026, 11, day, hour, minute, 0, 0, 0, -1))


class Days:
    """A clock that is set by hand, and nights whose outcome is."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.now = moment(22, 1)
        self.runs = 0
        self.outcome: Callable[[], list[Condition]] = list

    def run(self) -> Night:
        self.runs += 1
        return cast("Night", SimpleNamespace(conditions=self.outcome()))

    def ask(self, day: int, hour: int) -> int:
        """The runs that a question makes."""
        self.now, before = moment(day, hour), self.runs
        run_scheduled(self.paths, TWO, self.run)
        return self.runs - before

    def unmet(self, name: str) -> None:
        self.outcome = lambda: [Condition("entries", True, ""), Condition(name, False, "")]

    def fail(self, error: BaseException) -> None:
        def outcome() -> list[Condition]:
            raise error

        self.outcome = outcome


@pytest.fixture
def days(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Days:
    days = Days(paths)
    monkeypatch.setattr(scheduled, "time", SimpleNamespace(time=lambda: days.now))
    write_stamp(paths, Stamp(moment(21, 2)))
    return days


def test_one_night_a_day(days: Days) -> None:
    assert [days.ask(22, hour) for hour in range(5)] == [0, 0, 1, 0, 0]
    assert [days.ask(23, hour) for hour in range(5)] == [0, 0, 1, 0, 0]


def test_a_missed_night_is_made_up_for_once(days: Days) -> None:
    assert days.ask(22, 2) == 1
    assert [days.ask(28, hour) for hour in (14, 15, 16)] == [1, 0, 0]
    assert days.ask(29, 2) == 1


def test_a_night_that_the_machine_had_no_time_for_is_asked_for_again(days: Days) -> None:
    days.unmet("idle")
    assert [days.ask(22, hour) for hour in range(2, 15)] == [1] * 13
    assert read_stamp(days.paths) == Stamp(moment(21, 2))
    days.outcome = list
    assert [days.ask(22, hour) for hour in (15, 16)] == [1, 0]


def test_a_night_without_anything_new_is_done(days: Days) -> None:
    for day, name in ((22, "entries"), (23, "new entries")):
        days.outcome = lambda name=name: [Condition(name, False, "")]
        assert [days.ask(day, hour) for hour in (2, 3, 20)] == [1, 0, 0]
    assert days.ask(24, 2) == 1


def test_the_names_are_those_of_the_conditions(paths: Paths) -> None:
    night = run_scheduled(paths, TWO, lambda: run_night(open_store(paths), Config(), nightly=True))
    assert night is not None
    assert night.skipped
    stamp = read_stamp(paths)
    assert stamp is not None
    assert abs(stamp.done - time.time()) < 600
    assert run_scheduled(paths, TWO, lambda: pytest.fail("asked twice")) is None


def test_a_night_that_fails_is_tried_three_times(days: Days) -> None:
    days.fail(DeltaError("broken"))
    for hour in (2, 3, 4):
        with pytest.raises(DeltaError, match="broken"):
            days.ask(22, hour)
    assert days.ask(22, 5) == 0
    with pytest.raises(DeltaError):
        days.ask(23, 2)
    days.outcome = list
    assert [days.ask(23, hour) for hour in (3, 4)] == [1, 0]
    assert read_stamp(days.paths) == Stamp(moment(23, 3))


def test_a_night_that_waited_between_two_failures_counts_no_try(days: Days) -> None:
    for error in range(2):
        days.fail(DeltaError("broken"))
        with pytest.raises(DeltaError):
            days.ask(22, 2 + error)
        days.unmet("power")
        assert days.ask(22, 4 + error) == 1
    days.outcome = list
    assert days.ask(22, 8) == 1


def test_a_killed_night_is_tried_again(days: Days) -> None:
    def killed() -> list[Condition]:
        os._exit(9)

    days.outcome = killed
    days.now = moment(22, 2)
    child = os.fork()
    if child == 0:
        run_scheduled(days.paths, TWO, days.run)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert read_stamp(days.paths) == Stamp(moment(21, 2), 1)
    days.outcome = list
    assert [days.ask(22, hour) for hour in (3, 4)] == [1, 0]


def test_nothing_is_started_beside_a_training(days: Days) -> None:
    with exclusive(days.paths.training_lock, "delta-learn train"):
        assert days.ask(22, 2) == 0
    assert days.ask(22, 3) == 1


def test_a_lock_that_somebody_took_first_leaves_the_night_due(days: Days) -> None:
    days.fail(LockHeldError("held"))
    assert [days.ask(22, hour) for hour in (2, 3, 4, 5)] == [1, 1, 1, 1]
    assert read_stamp(days.paths) == Stamp(moment(21, 2))
