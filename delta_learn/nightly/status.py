"""What is kept, what was learnt and when: the facts behind `delta-learn status`."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

from delta_learn.collector.drain import open_store
from delta_learn.collector.normalize import visible
from delta_learn.collector.outcome import ACCEPTED, OVERRIDDEN, PART, TYPED
from delta_learn.collector.pause import FOREVER, paused_until
from delta_learn.collector.store import count_redactions
from delta_learn.collector.teaching import commands_only
from delta_learn.collector.usage import Counts, Usage, usage
from delta_learn.installation.schedule.schedule import installed_schedule, next_training
from delta_learn.installation.waiting import waiting
from delta_learn.nightly.lastnight import LastNight, read_last_night
from delta_learn.paths import Paths
from delta_learn.registry import Registry
from delta_learn.storage.lock import holder

_WORDS = {ACCEPTED: "taken", PART: "taken in part", OVERRIDDEN: "not taken", TYPED: "typed by hand"}


@dataclass(frozen=True, slots=True)
class Status:
    """Counts and dates; times are seconds since the epoch."""

    dataset_size: int
    dataset_bytes: int
    redactions: dict[str, int]
    last_training: float | None
    model_version: str | None
    """Of the model that predicts."""
    model_problem: str | None
    """Why that is not the deployed one; None where it is."""
    last_night: LastNight | None
    """What came of the newest training; None where there was none."""
    trains: bool
    """Whether one runs."""
    next_training: float | None
    paused: bool
    paused_until: float | None
    """None while nothing is paused, and where only `resume` ends it."""
    spool_files: int
    spool_bytes: int
    """What the shells have written and no drain could move yet."""
    usage: Usage
    """Of suggestions."""
    home: str
    state: str

    def to_json(self) -> dict[str, Any]:
        """A plain dict."""
        return asdict(self)

    def to_text(self) -> str:
        """The lines that a person reads."""
        secrets = ", ".join(f"{n} {kind}" for kind, n in sorted(self.redactions.items())) or "none"
        megabytes = self.dataset_bytes / 1e6
        return "\n".join(
            [
                f"dataset size   {self.dataset_size:,} entries, {megabytes:.1f} MB, in {self.home}",
                f"redacted       {secrets}",
                f"last training  {_when(self.last_training)}",
                *([f"last night     {self._night()}"] if self.last_night else []),
                f"model version  {self._model()}",
                *([f"               {self.model_problem}"] if self.model_problem else []),
                f"next training  {self._coming()}",
                f"recording      {self._recording()}",
                f"spool          {self.spool_bytes:,} bytes in {self._files()} wait to be moved",
                f"suggestions    today {_counted(self.usage.today)}",
                f"               this month {_counted(self.usage.month)}",
                f"last one       {self._last()}",
            ]
        )

    def to_short_text(self) -> str:
        """The lines of `:train status`."""
        counts = {"today": self.usage.today, "this month": self.usage.month}
        return "\n".join(
            [
                f"Last training: {_when(self.last_training)}",
                *([f"Last night: {self._night()}"] if self.last_night else []),
                f"Dataset size: {self.dataset_size:,} entries",
                f"Model version: {self._model()}",
                *([self.model_problem] if self.model_problem else []),
                f"Next scheduled training: {self._coming()}",
                *(f"Suggestions {when}: {_counted(each)}" for when, each in counts.items() if self.usage.last),
                *([f"Last suggestion: {self._last()}"] if self.usage.last else []),
            ]
        )

    def _model(self) -> str:
        return self.model_version or "none: predictions come from your history alone"

    def _night(self) -> str:
        if self.trains or self.last_night is None:
            return "a training runs now"
        return self.last_night.to_text()

    def _coming(self) -> str:
        return _when(self.next_training) if self.next_training else "when you run `delta-learn train`"

    def _last(self) -> str:
        last = self.usage.last
        if last is None:
            return "none yet"
        origin = f"from {last.expert or 'an expert without a name'}, probability {last.probability:.2f}"
        return f"`{visible(last.shown)}`, {origin}, {_WORDS[last.event]}, {_when(last.time)}"

    def _files(self) -> str:
        return f"{self.spool_files:,} file{'s' * (self.spool_files != 1)}"

    def _recording(self) -> str:
        if not self.paused:
            return "not paused"
        end = f"until {_when(self.paused_until)}" if self.paused_until else "until you run `delta-learn resume`"
        return f"paused {end}"


def read_status(paths: Paths | None = None) -> Status:
    """Read everything that `delta-learn status` shows."""
    store = open_store(paths)
    registry = Registry(store.paths, store.keyring)
    model = registry.in_use(lambda model: model)
    everything = store.entries()
    entries = commands_only(everything)
    until = paused_until(store.paths)
    left = waiting(store.paths)
    return Status(
        dataset_size=len(entries),
        dataset_bytes=sum(path.stat().st_size for path in store.files()),
        redactions=count_redactions(entries),
        last_training=max((m.created for m in registry.models), default=None),
        model_version=model.version,
        model_problem=model.problem,
        last_night=read_last_night(store.paths),
        trains=holder(store.paths.training_lock) is not None,
        next_training=_next_training(store.paths),
        paused=until is not None,
        paused_until=None if until == FOREVER else until,
        spool_files=left.files,
        spool_bytes=left.bytes,
        usage=usage(everything, time.time()),
        home=str(store.paths.home),
        state=str(store.paths.state),
    )


def _next_training(paths: Paths) -> float | None:
    schedule = installed_schedule(paths)
    return next_training(paths, schedule, time.time()) if schedule else None


def _counted(counts: Counts) -> str:
    if not counts.shown:
        return "none shown"
    taken = f"{counts.taken:,} taken ({counts.whole:,} whole, {counts.part:,} in part)"
    return f"{counts.shown:,} shown, {taken}, {counts.saved:,} keystrokes saved"


def _when(moment: float | None) -> str:
    return "never" if moment is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))
