"""What tests of the drain share."""

from __future__ import annotations

import json

from delta_learn.collector.store import Store
from delta_learn.paths import Paths


def commands(store: Store) -> list[str]:
    return [entry.command for entry in store.entries()]


def configure(paths: Paths, **collect: object) -> None:
    paths.training.mkdir(parents=True, exist_ok=True)
    paths.config.write_text(json.dumps({"collect": collect}))
