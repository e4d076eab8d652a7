"""Whether this is a night to train: each condition is a small fact with its reason."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from delta_learn.config import Config
from delta_learn.registry import Registry

_FREE_BYTES = 500_000_000

MIN_HOLDOUT = 300
"""The gate decides nothing on fewer entries (docs/architecture.md, gate)."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must hold before training."""

    name: str
    met: bool
    reason: str


def enough_entries(entries: int, config: Config) -> Condition:
    """There is something to learn from, and something newer left to test on."""
    needed = max(config.train.min_entries, 2 * MIN_HOLDOUT)
    return Condition("entries", entries >= needed, f"{entries:,} entries are kept, {needed:,} are needed")


def enough_new_entries(entries: int, registry: Registry, config: Config) -> Condition:
    """Since the last training enough was typed to be worth a night."""
    last = registry.models[-1].lineage.get("entries_total", 0) if registry.models else 0
    new, needed = max(0, entries - last), config.train.min_new_entries
    return Condition(
        "new entries",
        new >= needed,
        f"{new:,} entries are new since the last training, {needed:,} are needed",
    )


def enough_disk(directory: Path) -> Condition:
    """A candidate, its checkpoint and the rewritten shards must fit."""
    free = shutil.disk_usage(directory).free
    return Condition(
        "disk", free >= _FREE_BYTES, f"{free / 1e6:,.0f} MB are free, {_FREE_BYTES / 1e6:,.0f} MB are needed"
    )


def conditions(entries: int, registry: Registry, config: Config, *, nightly: bool) -> list[Condition]:
    """All conditions; without `nightly` only those that training cannot do without."""
    always = [enough_entries(entries, config)]
    if not nightly:
        return always
    return [*always, enough_new_entries(entries, registry, config), enough_disk(registry.paths.home)]


def unmet(facts: Sequence[Condition]) -> Condition | None:
    """The first condition that does not hold."""
    return next((fact for fact in facts if not fact.met), None)


def holdout_size(entries: int, config: Config) -> int:
    """How many of the newest entries are kept from training: a tenth, from 300 to `gate.holdout`."""
    return max(MIN_HOLDOUT, min(config.gate.holdout, entries // 10))
