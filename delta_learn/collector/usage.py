"""Usage: how many suggestions were shown and taken, and what they saved."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from delta_learn.collector.outcome import ACCEPTED, PART, Outcome, outcome_of
from delta_learn.entry import CommandEntry
from delta_learn.storage.shards import Identity


@dataclass(slots=True)
class Counts:
    """Lines at whose prompt a suggestion was visible, and what became of those suggestions."""

    shown: int = 0
    whole: int = 0
    """Taken with one key and executed as they were."""
    part: int = 0
    """Taken in part, or changed afterwards."""
    saved: int = 0
    """Keys: characters inserted, less the keys that did it."""

    @property
    def taken(self) -> int:
        """Whole or in part."""
        return self.whole + self.part

    def add(self, outcome: Outcome) -> None:
        """Count one more."""
        self.shown += 1
        self.whole += outcome.event == ACCEPTED
        self.part += outcome.event == PART
        self.saved += outcome.saved


@dataclass(slots=True)
class Usage:
    """What was shown today and this month, and the last suggestion."""

    today: Counts
    month: Counts
    last: Outcome | None = None


def usage(entries: Iterable[CommandEntry], now: float) -> Usage:
    """Count what became of suggestions in the local day and month of `now`, seconds since the epoch."""
    found = Usage(Counts(), Counts())
    today = _date(now)
    for outcome in filter(None, map(outcome_of, entries)):
        date = _date(outcome.time)
        if date == today:
            found.today.add(outcome)
        if date[:2] == today[:2]:
            found.month.add(outcome)
        if found.last is None or outcome.time >= found.last.time:
            found.last = outcome
    return found


def counted_since(entries: Iterable[CommandEntry], moment: float) -> Counts:
    """What became of the suggestions since `moment`, seconds since the epoch."""
    counts = Counts()
    for outcome in filter(None, map(outcome_of, entries)):
        if outcome.time >= moment:
            counts.add(outcome)
    return counts


def acceptance(entries: Iterable[CommandEntry], version: str) -> Counts:
    """What became of the suggestions while the model `version` was deployed."""
    counts = Counts()
    for outcome in filter(None, map(outcome_of, entries)):
        if outcome.version == version:
            counts.add(outcome)
    return counts


def accepted_commands(entries: Iterable[CommandEntry]) -> frozenset[Identity]:
    """The commands that were suggestions, taken whole: executed because they were shown, to some degree."""
    outcomes = filter(None, map(outcome_of, entries))
    return frozenset((each.session, each.sequence) for each in outcomes if each.event == ACCEPTED)


def _date(moment: float) -> tuple[int, int, int]:
    local = time.localtime(moment)
    return local.tm_year, local.tm_mon, local.tm_mday
