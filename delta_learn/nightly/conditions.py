"""Whether this is a night to train: each condition is a small fact with its reason."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from delta_learn.collector.denied import Denied
from delta_learn.config import Config, NightConfig
from delta_learn.nightly.machine import Machine, written_last
from delta_learn.registry import Registry

_FREE_BYTES = 500_000_000

RESOURCES = ("cpu", "memory", "io")
"""Whose pressure the kernel measures."""

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
    """Since the last training enough was typed to be worth a night, or something was forgotten that its model knows."""
    if _knows_what_was_forgotten(registry):
        return Condition("new entries", True, "the newest model still knows what was forgotten")
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


def rested(registry: Registry, config: NightConfig, now: float) -> Condition:
    """Not twice a night, whoever starts it; `now` in seconds since the epoch."""
    created = [model.created for model in registry.models if model.created <= now]
    if not created:
        return Condition("last training", True, "there was none")
    hours = (now - max(created)) / 3600
    return Condition(
        "last training",
        hours >= config.between_hours,
        f"the last training was {hours:,.1f} hours ago, {config.between_hours:g} hours must lie between",
    )


def on_mains(machine: Machine) -> Condition:
    """No battery is used."""
    supplies = machine.supplies()
    if supplies is None:
        return _unknown("power")
    batteries = [supply for supply in supplies if supply.kind in ("Battery", "UPS")]
    if not batteries:
        return Condition("power", True, "there is no battery")
    if any(supply.online for supply in supplies):
        return Condition("power", True, "the machine is on mains power")
    off = any(supply.kind == "Mains" and supply.online is False for supply in supplies)
    used = off or any(battery.status == "Discharging" for battery in batteries)
    return Condition("power", not used, "the battery is used" if used else "the battery is not used")


def user_away(machine: Machine, spool: Path, config: NightConfig, now: float) -> Condition:
    """Nothing was typed lately, in any terminal or in a shell that records; `now` in seconds since the epoch."""
    seen = [moment for moment in (machine.last_typed(now), written_last(spool, now)) if moment is not None]
    if not seen:
        return _unknown("idle")
    minutes = max(0.0, now - max(seen)) / 60
    if minutes >= config.idle_minutes:
        return Condition("idle", True, f"nobody has typed for {_duration(minutes)}")
    reason = f"somebody typed {_duration(minutes)} ago, {_duration(config.idle_minutes)} must pass"
    return Condition("idle", False, reason)


def little_pressure(machine: Machine, config: NightConfig, resources: Sequence[str] = RESOURCES) -> Condition:
    """Hardly anything waits for the `resources`."""
    known = {name: value for name in resources if (value := machine.pressure(name)) is not None}
    if not known:
        return _unknown("pressure")
    waits = ", ".join(f"for {name} {value:.0f} %" for name, value in known.items())
    return Condition(
        "pressure",
        max(known.values()) <= config.max_pressure,
        f"programs waited {waits} of the last 10 s, {config.max_pressure:g} % is the limit",
    )


def little_load(machine: Machine, config: NightConfig) -> Condition:
    """Hardly anything ran in the last minute."""
    load = machine.load()
    if load is None:
        return _unknown("load")
    return Condition(
        "load",
        load <= config.max_load,
        f"{load:.2f} programs ran for each processor in the last minute, {config.max_load:g} is the limit",
    )


def others_quiet(share: float | None, config: NightConfig) -> Condition:
    """Others use little of the processors now; `share` is the part, 1 for all of them."""
    if share is None:
        return _unknown("load")
    return Condition(
        "load",
        share <= config.max_load,
        f"others use {share:.0%} of the processors, {config.max_load:.0%} is the limit",
    )


def gpu_free(machine: Machine, config: NightConfig) -> Condition:
    """Nobody computes or plays on a GPU."""
    percent = machine.gpu_percent()
    if percent is None:
        return Condition("gpu", True, "no GPU that can be asked")
    return Condition(
        "gpu",
        percent <= config.max_gpu_percent,
        f"a GPU is {percent:.0f} % busy, {config.max_gpu_percent:g} % is the limit",
    )


def conditions(entries: int, registry: Registry, config: Config, machine: Machine | None = None) -> list[Condition]:
    """All conditions of a night on `machine`; without one, only those that training cannot do without."""
    always = [enough_entries(entries, config)]
    if machine is None:
        return always
    now = time.time()
    return [
        *always,
        enough_new_entries(entries, registry, config),
        enough_disk(registry.paths.home),
        rested(registry, config.night, now),
        on_mains(machine),
        user_away(machine, registry.paths.spool, config.night, now),
        little_pressure(machine, config.night),
        little_load(machine, config.night),
        gpu_free(machine, config.night),
    ]


def _knows_what_was_forgotten(registry: Registry) -> bool:
    if not registry.models:
        return False
    newest = registry.models[-1].version
    return any(newest in denial.models for denial in Denied.load(registry.paths, registry.keyring).denials)


def _unknown(name: str) -> Condition:
    """What the machine does not say does not stop a night."""
    return Condition(name, True, "not known here")


def unmet(facts: Sequence[Condition]) -> Condition | None:
    """The first condition that does not hold."""
    return next((fact for fact in facts if not fact.met), None)


def holdout_size(entries: int, config: Config) -> int:
    """How many of the newest entries are kept from training: a tenth, from 300 to `gate.holdout`."""
    return max(MIN_HOLDOUT, min(config.gate.holdout, entries // 10))


def _duration(minutes: float) -> str:
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:,.0f} h"
