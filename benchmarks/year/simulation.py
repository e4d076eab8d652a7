"""The year: days that are lived, nights that are trained, what is deployed in the end and what it was worth."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from benchmarks.year.judge import Verdict, judge
from benchmarks.year.life import DAY, Life
from benchmarks.year.night import Asked, Machine, run, tonight
from delta_learn.collector.store import Store
from delta_learn.config import Config, GateConfig, NightConfig, RetentionConfig, ScheduleConfig, TrainConfig
from delta_learn.entry import CommandEntry
from delta_learn.paths import Paths
from delta_learn.predictor.neural import NeuralExpert
from delta_learn.registry import Registry
from delta_learn.serving.prediction import neural_expert

ASLEEP = 0.03
"""Probability that the machine is off for this night and up to four more."""
CHANCE = 0.25
"""Of an event, in a night."""


@dataclass(frozen=True, slots=True)
class Year:
    """What is simulated."""

    days: int = 365
    seed: int = 1
    changes: tuple[int, ...] = (120, 240)
    start: float = 1_761_955_200.0
    """The first midnight, seconds since the epoch: all of the year lies in the past, as files are dated."""

    def config(self, machine: Path) -> Config:
        """The fast preset: one epoch from the shipped base, every three hundred commands, six weeks kept."""
        return Config(
            train=TrainConfig(
                threads=1, max_epochs=1, max_seconds=3600, checkpoint_seconds=2.0, min_new_entries=300, min_entries=600
            ),
            gate=GateConfig(holdout=300, max_p99_ms=1e6, keep_models=7),
            retention=RetentionConfig(days=42),
            night=NightConfig(root=str(machine), calm_seconds=0.5),
            schedule=ScheduleConfig(cpu_percent=10_000),
        )


@dataclass(slots=True)
class NightOf:
    """What is known of a night."""

    day: int
    event: str
    outcome: str
    """Of LastNight; "not due" where it was asked for and did nothing, "asleep" where nobody asked."""
    reason: str
    version: str | None
    """Deployed when it was over; None: no model."""
    seconds: float
    bytes: int
    """On disk."""
    broken: list[str] = field(default_factory=list)
    """What cannot be read any more; should be empty."""


class Deployed(NamedTuple):
    """What predicts at the prompt."""

    version: str | None
    expert: NeuralExpert | None


class Simulation:
    """Lives the year in `home`."""

    def __init__(self, year: Year, home: Path, say: Callable[[NightOf], None] = lambda _: None) -> None:
        self.year = year
        self.paths = Paths(home / "data", home / "state")
        self.machine = Machine(home / "machine")
        self.life = Life(year.seed, year.start, year.changes)
        self.config = year.config(self.machine.root)
        self.nights: list[NightOf] = []
        self.verdicts: list[tuple[str | None, Verdict]] = []
        self.entries: list[CommandEntry] = []
        self._say = say
        self._judged = 0
        """Entries up to the last change of what is deployed."""
        self._deployed = self._before = Deployed(None, None)
        self._seconds = 8.0

    def run(self) -> None:
        """All days."""
        asleep, draw = 0, random.Random(self.year.seed)
        for day in range(self.year.days):
            self._live(day)
            asleep = max(asleep - 1, draw.randint(1, 5) if draw.random() < ASLEEP else 0)
            asked = tonight(draw, CHANCE, self._seconds)
            night = self._night(day, asked) if not asleep else self._looked_at(day, "", "asleep", "it was off", 0.0)
            self.nights.append(night)
            self._say(night)
            if night.version != self._deployed.version or day == self.year.days - 1:
                self._judge()
                self._before, self._deployed = self._deployed, self._load(night.version)

    def to_json(self) -> dict[str, object]:
        """Everything."""
        return {
            "year": asdict(self.year),
            "nights": [asdict(night) for night in self.nights],
            "verdicts": [{"version": version, **asdict(verdict)} for version, verdict in self.verdicts],
        }

    def _live(self, day: int) -> None:
        """The day's commands reach the data set, in files of that day."""
        entries = self.life.day(day)
        store = Store.open(self.paths)
        store.add(entries, fallback_time=self._midnight(day))
        self.entries += entries
        for path in store.paths.raw.iterdir():
            if path.is_file() and path.stat().st_mtime > self.year.start + 400 * DAY:
                os.utime(path, (self._midnight(day), self._midnight(day)))

    def _night(self, day: int, asked: Asked) -> NightOf:
        began = time.monotonic()
        noted = run(self.paths, self.config, self.machine, self._midnight(day + 1), asked)
        seconds = time.monotonic() - began
        if not noted:
            return self._looked_at(day, asked.event, "not due", "that day's night was over", seconds)
        # An hour in which something was tried says more of the night than those after it.
        last = next((each for each in noted if each.outcome != "skipped"), noted[-1])
        if last.outcome in ("deployed", "kept back"):
            self._seconds = seconds
        return self._looked_at(day, asked.event, last.outcome, last.reason, seconds)

    def _looked_at(self, day: int, event: str, outcome: str, reason: str, seconds: float) -> NightOf:
        store = Store.open(self.paths)
        registry = Registry(self.paths, store.keyring)
        broken = [f"{version}: {problem}" for version, problem in registry.verify().items() if problem != "ok"]
        kept = len(store.entries())
        if kept > len(self.entries):
            broken.append(f"{kept} entries are kept of {len(self.entries)} typed")
        size = sum(p.stat().st_size for root in (self.paths.home, self.paths.state) for p in _files(root))
        in_use = registry.in_use(neural_expert)
        return NightOf(day, event, outcome, reason, in_use.version, round(seconds, 1), size, broken)

    def _judge(self) -> None:
        """The days since the deployed version changed, with it and with the one before it."""
        past, stretch = self.entries[: self._judged], self.entries[self._judged :]
        if past and stretch:
            verdict = judge(past, stretch, self._deployed.expert, self._before.expert, self._day_of)
            self.verdicts.append((self._deployed.version, verdict))
        self._judged = len(self.entries)

    def _load(self, version: str | None) -> Deployed:
        """Now, because it may be pruned before the days that judge it are over."""
        registry = Registry(self.paths, Store.open(self.paths).keyring)
        return Deployed(version, None if version is None else neural_expert(registry.load_model(version)))

    def _day_of(self, entry: CommandEntry) -> int:
        return int(((entry.timestamp or 0.0) - self.year.start) // DAY)

    def _midnight(self, day: int) -> float:
        return self.year.start + day * DAY


def _files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]


def shortened(year: Year, days: int) -> Year:
    """The same, of fewer days."""
    return replace(year, days=days, changes=tuple(change for change in year.changes if change < days))
