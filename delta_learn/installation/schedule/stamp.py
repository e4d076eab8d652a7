"""What became of the newest scheduled night: an hourly question and this file make one night a day."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from delta_learn.installation.schedule.clock import TimeOfDay
from delta_learn.paths import Paths
from delta_learn.storage.atomic import replace_file


@dataclass(frozen=True, slots=True)
class Stamp:
    """Written by every scheduled run that does more than to ask."""

    done: float = 0.0
    """When the newest night began that needs no other try; seconds since the epoch."""
    tries: int = 0
    """Runs since then that began and did not come to their end."""

    def due(self, at: TimeOfDay, now: float) -> bool:
        """Whether no night is done since the newest `at`; a missed one stays due until it is made up for."""
        # A stamp from the future: the clock was wrong then, or is now. One night too many does no harm.
        return self.done > now or self.done < at.last(now)

    def next(self, at: TimeOfDay, now: float) -> float:
        """When the next question is asked whose answer may be a night."""
        if not self.due(at, now):
            return at.next(now)
        start = at.last(now)
        return start + (int((now - start) // 3600) + 1) * 3600


def stamp_file(paths: Paths) -> Path:
    """One line: the two numbers of a `Stamp`."""
    return paths.state / "night"


def read_stamp(paths: Paths) -> Stamp | None:
    """None where there is none, or none that can be read."""
    try:
        done, tries = stamp_file(paths).read_text(encoding="utf-8").split()
        return Stamp(float(done), int(tries))
    except (OSError, ValueError):
        return None


def write_stamp(paths: Paths, stamp: Stamp) -> None:
    """Replace what is there.

    Raises:
        StorageError: it cannot be written.
    """
    with replace_file(stamp_file(paths)) as file:
        file.write(f"{int(stamp.done)} {stamp.tries}\n".encode())  # not rounded: that may be the future
