"""What is kept, what was learnt and when: the facts behind `delta-learn status`."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

from delta_learn.collector.store import Store, count_redactions
from delta_learn.paths import Paths
from delta_learn.registry import Registry


@dataclass(frozen=True, slots=True)
class Status:
    """Counts and dates; times are seconds since the epoch."""

    dataset_size: int
    dataset_bytes: int
    redactions: dict[str, int]
    last_training: float | None
    model_version: str | None
    next_training: float | None
    home: str
    state: str

    def to_json(self) -> dict[str, Any]:
        """A plain dict."""
        return asdict(self)

    def to_text(self) -> str:
        """The lines that a person reads."""
        secrets = ", ".join(f"{n} {kind}" for kind, n in sorted(self.redactions.items())) or "none"
        coming = _when(self.next_training) if self.next_training else "when you run `delta-learn train`"
        megabytes = self.dataset_bytes / 1e6
        return "\n".join(
            [
                f"dataset size   {self.dataset_size:,} entries, {megabytes:.1f} MB, in {self.home}",
                f"redacted       {secrets}",
                f"last training  {_when(self.last_training)}",
                f"model version  {self.model_version or 'none: predictions come from your history alone'}",
                f"next training  {coming}",
            ]
        )


def read_status(paths: Paths | None = None) -> Status:
    """Read everything that `delta-learn status` shows."""
    store = Store.open(paths)
    registry = Registry(store.paths, store.keyring)
    entries = store.entries()
    return Status(
        dataset_size=len(entries),
        dataset_bytes=sum(path.stat().st_size for path in store.files()),
        redactions=count_redactions(entries),
        last_training=max((m.created for m in registry.models), default=None),
        model_version=registry.deployed,
        next_training=None,
        home=str(store.paths.home),
        state=str(store.paths.state),
    )


def _when(moment: float | None) -> str:
    return "never" if moment is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))
