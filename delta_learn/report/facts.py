"""What the report says: counted from the sealed entries and the registry, before anything is drawn."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from delta_learn.collector.never import never_lines
from delta_learn.collector.outcome import Outcome, outcome_of
from delta_learn.collector.store import Store
from delta_learn.collector.teaching import commands_only, typed_only
from delta_learn.collector.usage import Counts
from delta_learn.entry import CommandEntry, split_sessions
from delta_learn.nightly.status import Status, read_status
from delta_learn.paths import Paths
from delta_learn.registry import Registry
from delta_learn.report.calendar import Calendar, calendar, local_day
from delta_learn.report.habits import Habit, habits, repeated
from delta_learn.report.models import Model, Rival, models, rivals


@dataclass(frozen=True, slots=True)
class Growth:
    """Commands in each part of a stretch of time."""

    calendar: Calendar
    recorded: tuple[int, ...]
    imported: tuple[int, ...]
    days: int
    """Days with a command."""


@dataclass(frozen=True, slots=True)
class Savings:
    """What became of suggestions in each part of a stretch of time."""

    calendar: Calendar
    counts: tuple[Counts, ...]
    total: Counts


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything on the page."""

    made: float
    """Seconds since the epoch."""
    status: Status
    first: date | None
    last: date | None
    untimed: int
    """Commands with no time, or with one that cannot be right."""
    typed: int
    """Commands that ran in a shell."""
    repeated: int
    """Those of them whose line had come before."""
    growth: Growth | None
    """None while no command has a time."""
    savings: Savings | None
    """None while no suggestion was shown."""
    models: list[Model]
    """Oldest first."""
    rivals: list[Rival]
    """What the newest measured model was compared with."""
    habits: list[Habit]


def read_facts(paths: Paths, now: float | None = None) -> Facts:
    """Read and count; what the shells have recorded is moved to the data set first.

    Raises:
        StorageError: a shard, the registry or the key cannot be read.
    """
    now = time.time() if now is None else now
    status = read_status(paths)
    store = Store.open(paths)
    everything = store.entries()
    entries, typed = commands_only(everything), typed_only(everything)
    registry = Registry(paths, store.keyring)
    days = [local_day(entry.timestamp, now) for entry in entries]
    dated = [day for day in days if day is not None]
    return Facts(
        made=now,
        status=status,
        first=min(dated, default=None),
        last=max(dated, default=None),
        untimed=len(entries) - len(dated),
        typed=len(typed),
        repeated=repeated(typed),
        growth=_growth(entries, days),
        savings=_savings([outcome for outcome in map(outcome_of, everything) if outcome], now),
        models=models(registry),
        rivals=rivals(registry),
        habits=habits(split_sessions(typed), never_lines(store)),
    )


def _growth(entries: Sequence[CommandEntry], days: Sequence[date | None]) -> Growth | None:
    dated = [(entry, day) for entry, day in zip(entries, days, strict=True) if day is not None]
    if not dated:
        return None
    parts = calendar({day for _, day in dated})
    recorded, imported = [0] * len(parts.starts), [0] * len(parts.starts)
    for entry, day in dated:
        (imported if entry.source == "imported" else recorded)[parts.part(day)] += 1
    return Growth(parts, tuple(recorded), tuple(imported), len({day for _, day in dated}))


def _savings(outcomes: Sequence[Outcome], now: float) -> Savings | None:
    dated = [(outcome, day) for outcome in outcomes if (day := local_day(outcome.time, now))]
    if not dated:
        return None
    parts = calendar({day for _, day in dated})
    counts, total = tuple(Counts() for _ in parts.starts), Counts()
    for outcome, day in dated:
        counts[parts.part(day)].add(outcome)
        total.add(outcome)
    return Savings(parts, counts, total)
