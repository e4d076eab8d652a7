"""installation/schedule/stamp.py: asked every hour, due once a day."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.installation.schedule.clock import TimeOfDay
from delta_learn.installation.schedule.stamp import Stamp, read_stamp, stamp_file, write_stamp
from delta_learn.paths import Paths

TWO = TimeOfDay(2, 0)
HOUR, DAY = 3600.0, 86400.0


def on(day: int, hour: int, minute: int = 0) -> float:
    return time.mktime((2026, 11, day, hour, minute, 0, 0, 0, -1))


def test_a_night_is_due_until_it_is_done() -> None:
    assert Stamp().due(TWO, on(22, 1))
    done = Stamp(on(21, 2, 3))
    assert not done.due(TWO, on(22, 1, 59))
    assert done.due(TWO, on(22, 2))
    assert not Stamp(on(22, 2)).due(TWO, on(22, 2))


def test_a_missed_night_stays_due_and_many_are_one() -> None:
    done = Stamp(on(2, 2, 3))
    assert done.due(TWO, on(22, 15))
    assert not Stamp(on(22, 15)).due(TWO, on(23, 1, 59))
    assert Stamp(on(22, 15)).due(TWO, on(23, 2))


def test_a_stamp_from_the_future_stops_nothing() -> None:
    assert Stamp(on(25, 2)).due(TWO, on(22, 1))


def test_when_it_comes_next() -> None:
    assert Stamp(on(22, 2, 3)).next(TWO, on(22, 15)) == on(23, 2)
    assert Stamp(on(20, 2)).next(TWO, on(22, 15, 20)) == on(22, 16)
    assert Stamp(on(20, 2)).next(TimeOfDay(2, 30), on(22, 15, 20)) == on(22, 15, 30)
    assert Stamp(on(20, 2)).next(TWO, on(22, 15)) == on(22, 16)


@given(hour=st.integers(0, 23), minute=st.integers(0, 59), late=st.lists(st.integers(0, 900), min_size=96, max_size=96))
def test_questions_every_hour_make_one_night_a_day(hour: int, minute: int, late: list[int]) -> None:
    at, stamp = TimeOfDay(hour, minute), Stamp(on(1, 0) - 1)
    nights = []
    for question, seconds in enumerate(late):
        now = on(1, 0, minute) + question * HOUR + seconds
        if stamp.due(at, now):
            nights.append(now)
            stamp = Stamp(now)
    assert len(nights) == 4
    assert all(0 <= night - at.last(night) < HOUR for night in nights)


def test_it_is_kept(paths: Paths) -> None:
    assert read_stamp(paths) is None
    write_stamp(paths, Stamp(1.9e9, 2))
    assert read_stamp(paths) == Stamp(1.9e9, 2)
    write_stamp(paths, Stamp(1.9e9 + 0.9))
    assert read_stamp(paths) == Stamp(1.9e9)  # one a moment later is not due for it
    assert stamp_file(paths).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "1", "x 1", "1 x", "1 2 3", "\xff\xff"])
def test_what_cannot_be_read_is_none(paths: Paths, text: str) -> None:
    write_stamp(paths, Stamp())
    stamp_file(paths).write_text(text, encoding="latin-1")
    assert read_stamp(paths) is None
