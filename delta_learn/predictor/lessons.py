"""Lessons: what the person taught to follow what (collector/teaching.py), believed until it was wrong too often."""

from __future__ import annotations

import math
from collections.abc import Iterable

from delta_learn.entry import CommandEntry
from delta_learn.predictor.context import Context
from delta_learn.predictor.meanings import MARK

MAX_PAIRS = 2_000
"""The oldest go first: taught by hand, so they are few."""

_PRIOR = 0.9
_PRIOR_TRIALS = 4
"""A pair is believed as if it had been right at this rate so often."""


class Lessons:
    """Pairs of a command and the one that follows it, and how often each was right since."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[str, str], tuple[int, int]] = {}
        """(when, then) -> times it was right, and times it could be; the pair taught last at the end."""

    def observe(self, entry: CommandEntry, context: Context) -> None:
        """Learn a taught pair, or from an executed command whether those that fit were right."""
        if not context.previous:
            return
        last = context.previous[-1]
        if entry.source == "taught":
            if last.source == "taught" and not last.command.startswith(MARK):
                self._teach(last.command, entry.command)
        elif entry.source in ("typed", "imported"):
            for then in self._follow(last.command):
                hits, trials = self._pairs[last.command, then]
                self._pairs[last.command, then] = hits + (then == entry.command), trials + 1

    def propose(self, context: Context) -> list[tuple[str, float]]:
        """What was taught to follow the last command, the newest lesson first, with ln P(line | context)."""
        found, rest = [], 1.0
        when = context.previous[-1].command if context.previous else None
        for then in reversed(self._follow(when) if when is not None else []):
            hits, trials = self._pairs[when or "", then]
            rate = (hits + _PRIOR * _PRIOR_TRIALS) / (trials + _PRIOR_TRIALS)
            found.append((then, math.log(rate * rest)))
            rest *= 1 - rate
        return found

    def log_rest(self, context: Context) -> float:
        """ln P(the line is none that was taught to follow the last command)."""
        return math.log1p(-math.fsum(math.exp(score) for _, score in self.propose(context)))

    def to_record(self) -> list[list[str | int]]:
        """When, then, times right and times asked of each pair, in the order taught."""
        return [[*pair, *counts] for pair, counts in self._pairs.items()]

    @classmethod
    def from_record(cls, record: Iterable[tuple[str, str, int, int]]) -> Lessons:
        """The inverse of `to_record`.

        Raises:
            ValueError: another version wrote it.
        """
        lessons = cls()
        lessons._pairs = {(when, then): (hits, trials) for when, then, hits, trials in record}
        return lessons

    def _follow(self, when: str) -> list[str]:
        return [then for before, then in self._pairs if before == when]

    def _teach(self, when: str, then: str) -> None:
        self._pairs.pop((when, then), None)  # taught again: now the last, and believed again
        self._pairs[when, then] = (0, 0)
        if len(self._pairs) > MAX_PAIRS:
            del self._pairs[next(iter(self._pairs))]
