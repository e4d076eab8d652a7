"""report/calendar.py: stretches of time in equal parts."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.report.calendar import MOST_PARTS, calendar, local_day

NOW = datetime(2026, 11, 22, 12).timestamp()
DAYS = st.dates(date(1990, 1, 1), date(2026, 11, 22))


@given(st.sets(DAYS, min_size=1, max_size=20))
def test_every_day_is_in_the_part_that_begins_last_before_it(days: set[date]) -> None:
    parts = calendar(days)
    edges = [*parts.starts, parts.end]
    assert edges == sorted(set(edges))
    assert len(parts.starts) <= MOST_PARTS
    for day in days:
        assert edges[parts.part(day)] <= day < edges[parts.part(day) + 1]
    assert (parts.part(min(days)), parts.part(max(days))) == (0, len(parts.starts) - 1)


@pytest.mark.parametrize(
    ("days", "unit", "parts"),
    [(0, "day", 1), (44, "day", 45), (45, "week", 7), (700, "week", 101), (900, "month", 30), (9000, "year", 25)],
)
def test_the_unit_is_the_smallest_that_can_be_drawn(days: int, unit: str, parts: int) -> None:
    first = date(2001, 1, 1)
    found = calendar([first, first + timedelta(days=days)])
    assert (found.unit, len(found.starts)) == (unit, parts)


def test_parts_are_called_as_a_person_does() -> None:
    assert calendar([date(2026, 11, 22)]).name(0) == "22 Nov 2026"
    assert calendar([date(2026, 1, 1), date(2026, 11, 22)]).name(0) == "29 Dec 2025"
    assert calendar([date(2020, 2, 9), date(2026, 11, 22)]).name(0) == "Feb 2020"
    assert calendar([date(1999, 2, 9), date(2026, 11, 22)]).name(-1) == "2026"


@pytest.mark.parametrize("moment", [None, 0.0, -1e12, 1e12, 1e300, float("nan"), float("inf"), NOW + 2 * 86_400])
def test_what_is_no_time_of_a_command_has_no_day(moment: float | None) -> None:
    assert local_day(moment, NOW) is None


def test_a_day_is_the_local_one() -> None:
    assert local_day(NOW, NOW) == date(2026, 11, 22)
    assert local_day(datetime(2026, 11, 22, 0, 0, 1).timestamp(), NOW) == date(2026, 11, 22)
