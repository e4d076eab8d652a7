"""A stretch of time in equal parts: days, weeks, months or years, whichever are few enough to be drawn."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

Unit = Literal["day", "week", "month", "year"]
UNITS: tuple[Unit, ...] = ("day", "week", "month", "year")

MOST_PARTS = 110
"""More bars than these cannot be told apart on a phone."""
_MOST_DAYS = 45
_EARLIEST = date(1990, 1, 1)
"""Shells have kept times since then; what is older is a clock that was not set."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Calendar:
    """The parts of a stretch of time, without gaps."""

    unit: Unit
    starts: tuple[date, ...]
    """First day of each part, in order."""

    @property
    def end(self) -> date:
        """The day behind the last part."""
        return _next(self.starts[-1], self.unit)

    def part(self, day: date) -> int:
        """The number of the part that `day` is in."""
        return bisect_right(self.starts, day) - 1

    def name(self, part: int) -> str:
        """A part as a person says it: a week by its first day."""
        start = self.starts[part]
        if self.unit == "year":
            return str(start.year)
        if self.unit == "month":
            return f"{MONTHS[start.month - 1]} {start.year}"
        return named(start)


def named(day: date) -> str:
    """`22 Nov 2026`: the same in every locale."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def calendar(days: Collection[date]) -> Calendar:
    """The smallest unit of which not too many are needed for `days`, of which there is at least one."""
    first, last = min(days), max(days)
    for unit in UNITS:
        starts = _starts(first, last, unit, _MOST_DAYS if unit == "day" else MOST_PARTS)
        if starts:
            return Calendar(unit, starts)
    raise ValueError(f"{first} to {last} is no stretch of time that shells have kept")


def local_day(timestamp: float | None, now: float) -> date | None:
    """The local day of `timestamp`, in seconds since the epoch; None where it is no time before `now`."""
    if timestamp is None or not timestamp <= now + 86_400:
        return None
    try:
        day = datetime.fromtimestamp(timestamp).date()
    except (ValueError, OverflowError, OSError):
        return None
    return day if day >= _EARLIEST else None


def _starts(first: date, last: date, unit: Unit, most: int) -> tuple[date, ...]:
    """The parts from the one with `first` to the one with `last`; empty if there are more than `most`."""
    starts = [_start(first, unit)]
    while (following := _next(starts[-1], unit)) <= last:
        if len(starts) == most:
            return ()
        starts.append(following)
    return tuple(starts)


def _start(day: date, unit: Unit) -> date:
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1 if unit != "day" else day.day, month=1 if unit == "year" else day.month)


def _next(start: date, unit: Unit) -> date:
    if unit in ("day", "week"):
        return start + timedelta(days=7 if unit == "week" else 1)
    months = start.year * 12 + start.month - 1 + (12 if unit == "year" else 1)
    return date(months // 12, months % 12 + 1, 1)
