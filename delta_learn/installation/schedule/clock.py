"""A time of day of the local clock, found again on days on which the clock changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from delta_learn.config import TIME_OF_DAY
from delta_learn.errors import ConfigError


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """Hour and minute of the local clock."""

    hour: int
    minute: int

    @classmethod
    def parse(cls, text: str) -> TimeOfDay:
        """Read `HH:MM`.

        Raises:
            ConfigError: it is something else.
        """
        if not TIME_OF_DAY.fullmatch(text):
            raise ConfigError(f"{text!r} is no time of day: write HH:MM, from 00:00 to 23:59.")
        return cls(int(text[:2]), int(text[3:]))

    def __str__(self) -> str:
        return f"{self.hour:02d}:{self.minute:02d}"

    def last(self, now: float) -> float:
        """The newest such moment that is not after `now`; seconds since the epoch."""
        today = self._on_day(now, 0)
        return today if today <= now else self._on_day(now, -1)

    def next(self, now: float) -> float:
        """The first such moment after `now`."""
        today = self._on_day(now, 0)
        return today if today > now else self._on_day(now, 1)

    def _on_day(self, now: float, days: int) -> float:
        """On the day of `now` or `days` later.

        A time that this day has twice is the first of them; one that it skips comes an hour later.
        """
        day = datetime.fromtimestamp(now).date() + timedelta(days=days)
        # Not mktime(3): for a time that comes twice it answers as it likes.
        return datetime(day.year, day.month, day.day, self.hour, self.minute).timestamp()
