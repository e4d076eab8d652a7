"""What one night knows: filled step by step, read by the log and the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from delta_learn.collector.store import Store
from delta_learn.config import Config
from delta_learn.entry import CommandEntry
from delta_learn.nightly.conditions import Condition
from delta_learn.registry import ModelFile, Registry
from delta_learn.storage.shards import Identity
from delta_learn.trainer.launch import Processes

if TYPE_CHECKING:
    from delta_learn.dataset.split import Split
    from delta_learn.evaluation.gate import GateDecision
    from delta_learn.evaluation.replay import ReplayResult
    from delta_learn.nightly.learning import Lesson
    from delta_learn.nightly.watch import Watch
    from delta_learn.trainer.personal import PersonalModel

T = TypeVar("T")
Say = Callable[[str], None]
Progress = Callable[[str, float, float, str], None]
"""Called with (step, done, total, note)."""


@dataclass(slots=True)
class Night:
    """The state of one run of the pipeline."""

    store: Store
    registry: Registry
    config: Config
    nightly: bool
    base: ModelFile | None = None
    """The model that personal models start from; None trains from scratch."""
    say: Say = print
    on_progress: Progress = lambda *_: None
    watch: Watch | None = None
    """Makes the night wait while somebody needs the machine; None outside of `--nightly`."""
    processes: Processes = field(default_factory=Processes)
    """Those that train."""

    conditions: list[Condition] = field(default_factory=list)
    skipped: str | None = None
    """Why nothing was done."""
    entries: list[CommandEntry] = field(default_factory=list)
    accepted: frozenset[Identity] = frozenset()
    """Those of the entries that were a suggestion, taken whole."""
    split: Split | None = None
    lesson: Lesson | None = None
    personal: PersonalModel | None = None
    replay: ReplayResult | None = None
    decision: GateDecision | None = None
    leaks: int = 0
    """Suggestions of the candidate that held something redaction would have replaced."""
    version: str | None = None
    """The candidate's."""

    def rest(self, save: Callable[[], None] = lambda: None) -> None:
        """Wait, with what was done `save`d, while somebody needs the machine.

        Raises:
            WindowOverError: the night ended.
        """
        if self.watch is not None:
            self.watch.rest(save)

    def replayed(self, done: int, total: int) -> None:
        """Show how far the replay is, and rest between two commands."""
        self.on_progress("replay", done, total, "")
        self.rest()

    def to_json(self) -> dict[str, Any]:
        """The outcome as plain data."""
        return {
            "skipped": self.skipped,
            "conditions": [asdict(condition) for condition in self.conditions],
            "version": self.version,
            "gate": self.decision.to_json() if self.decision else None,
            "replay": self.replay.to_json() if self.replay else None,
        }


def given(value: T | None) -> T:
    """What an earlier step must have filled in.

    Raises:
        RuntimeError: the steps of the pipeline are in the wrong order.
    """
    if value is None:
        raise RuntimeError("a step of the night ran before the one that it builds on")
    return value
