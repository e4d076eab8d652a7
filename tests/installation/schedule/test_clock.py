"""installation/schedule/clock.py: a time of day, also when the clock changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from delta_learn.errors import ConfigError
from delta_learn.installation.schedule.clock import TimeOfDay

BERLIN = ZoneInfo("Europe/Berlin")
SPRING, AUTUMN = (2026, 3, 29), (2026, 10, 25)
HOUR = 3600.0


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets the zone of this process."""

    def choose(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield choose
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def _berlin(zone: Callable[[str], None]) -> None:
    zone("Europe/Berlin")


def at(day: tuple[int, int, int], hour: int, minute: int = 0, *, fold: int = 0) -> float:
    return datetime(*day, hour, minute, tzinfo=BERLIN, fold=fold).timestamp()


@pytest.mark.parametrize("text", ["00:00", "02:00", "09:05", "19:30", "23:59"])
def test_it_is_read_and_written(text: str) -> None:
    assert str(TimeOfDay.parse(text)) == text


@pytest.mark.parametrize("text", ["", "2", "2:00", "24:00", "12:60", "02:00:00", "02.00", "٠٢:٠٠", "02:00\n", "noon"])
def test_what_is_no_time_is_said(text: str) -> None:
    with pytest.raises(ConfigError, match="write HH:MM"):
        TimeOfDay.parse(text)


@pytest.mark.usefixtures("_berlin")
def test_the_one_before_and_the_one_after() -> None:
    two, day, before, after = TimeOfDay(2, 0), (2026, 11, 22), (2026, 11, 21), (2026, 11, 23)
    assert (two.last(at(day, 1, 59)), two.next(at(day, 1, 59))) == (at(before, 2), at(day, 2))
    assert (two.last(at(day, 2)), two.next(at(day, 2))) == (at(day, 2), at(after, 2))
    assert (two.last(at(day, 23)), two.next(at(day, 23))) == (at(day, 2), at(after, 2))


@pytest.mark.usefixtures("_berlin")
def test_a_time_that_the_day_skips_comes_an_hour_later() -> None:
    half = TimeOfDay(2, 30)
    assert half.next(at(SPRING, 1)) == at(SPRING, 3, 30)
    assert half.last(at(SPRING, 3, 29)) == at((2026, 3, 28), 2, 30)
    assert half.last(at(SPRING, 3, 30)) == at(SPRING, 3, 30)
    assert TimeOfDay(4, 0).next(at((2026, 3, 28), 4)) - at((2026, 3, 28), 4) == 23 * HOUR


@pytest.mark.usefixtures("_berlin")
def test_a_time_that_the_day_has_twice_is_the_first() -> None:
    half = TimeOfDay(2, 30)
    first, second = at(AUTUMN, 2, 30), at(AUTUMN, 2, 30, fold=1)
    assert second - first == HOUR
    # Asked in either season first: mktime(3) answers by what it was asked before.
    for season in (at((2026, 7, 1), 12), at((2026, 12, 1), 12)):
        half.last(season)
        assert half.next(first - 1) == first
        assert half.last(second + 1) == half.last(first) == first
        assert half.next(first) == at((2026, 10, 26), 2, 30)
    assert TimeOfDay(4, 0).next(at((2026, 10, 24), 4)) - at((2026, 10, 24), 4) == 25 * HOUR


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hour=st.integers(0, 23), minute=st.integers(0, 59), now=st.integers(0, 2**32))
@example(hour=2, minute=30, now=int(at(SPRING, 3, 15)))
@example(hour=2, minute=30, now=int(at(AUTUMN, 2, 45, fold=1)))
def test_it_comes_once_a_day_in_every_zone(
    zone: Callable[[str], None], name: str, hour: int, minute: int, now: int
) -> None:
    zone(name)
    time_of_day = TimeOfDay(hour, minute)
    last, coming = time_of_day.last(now), time_of_day.next(now)
    assert last <= now < coming
    assert 22 * HOUR <= coming - last <= 26 * HOUR
    assert time_of_day.next(last) == coming
    assert time_of_day.last(coming) == coming
