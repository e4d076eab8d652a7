"""Habits: commands that are followed by the same command, and how sure that is."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass

from delta_learn.entry import CommandEntry, Session

MOST = 12
_SURE = 0.5
"""A habit is what is more often next than everything else together, and that is no chance."""
_NORMAL_95 = 1.6449


@dataclass(frozen=True, slots=True)
class Habit:
    """One command that follows another."""

    before: str
    then: str
    times: int
    """`then` was next."""
    of: int
    """Anything was next."""

    @property
    def certainty(self) -> float:
        """Lower end of the 90 % interval of P(then | before) (Wilson, JASA 1927): often and always count."""
        z2, share = _NORMAL_95**2, self.times / self.of
        spread = _NORMAL_95 * math.sqrt(share * (1 - share) / self.of + z2 / (4 * self.of**2))
        return (share + z2 / (2 * self.of) - spread) / (1 + z2 / self.of)


def habits(sessions: Sequence[Session], never: Container[str] = (), most: int = MOST) -> list[Habit]:
    """The most frequent habits first; lines that are in `never` are not suggested, and so are none."""
    pairs: Counter[tuple[str, str]] = Counter()
    followed: Counter[str] = Counter()
    for session in sessions:
        for before, then in zip(session.entries, session.entries[1:], strict=False):
            pairs[before.command, then.command] += 1
            followed[before.command] += 1
    found = [
        Habit(before, then, times, followed[before])
        for (before, then), times in pairs.items()
        if before not in never and then not in never
    ]
    sure = [habit for habit in found if habit.certainty > _SURE]
    return sorted(sure, key=lambda habit: (-habit.times, -habit.certainty, habit.before, habit.then))[:most]


def repeated(entries: Sequence[CommandEntry]) -> int:
    """How many of `entries` are a line that came before."""
    return len(entries) - len({entry.command for entry in entries})
