"""Watch: what other processes have changed on disk, found out by a few stat(2) calls at a prompt."""

from __future__ import annotations

import os
from pathlib import Path

from delta_learn import version
from delta_learn.collector.never import never_file
from delta_learn.paths import Paths

Stamps = dict[str, tuple[int, int, int] | None]

SHARDS, NEVER, FORGOTTEN, REGISTRY = "shards", "never", "forgotten", "registry"
SETTINGS, PACKAGE = "settings", "package"


class Watch:
    """Remembers how things were when they were last asked about.

    Of the shards only the directory and the newest day are looked at: what is added to an older day is found when the
    next shard is made or grows.
    """

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._before = self._now()

    def changes(self) -> set[str]:
        """What is not as it was the last time: SHARDS, NEVER, FORGOTTEN, REGISTRY, SETTINGS,
        PACKAGE: an update of delta_learn.
        """
        now = self._now()
        changed = {name for name in now if now[name] != self._before[name]}
        self._before = now
        return {name.partition(" ")[0] for name in changed}

    def _now(self) -> Stamps:
        newest = max(_names(self._paths.raw), default="")
        return {
            SHARDS: _stamp(self._paths.raw),
            f"{SHARDS} of the newest day": _stamp(self._paths.raw / newest),
            NEVER: _stamp(never_file(self._paths)),
            FORGOTTEN: _stamp(self._paths.forgotten),
            REGISTRY: _stamp(self._paths.registry),
            SETTINGS: _stamp(self._paths.config),
            PACKAGE: _stamp(Path(version.__file__)),
        }


def _names(directory: Path) -> list[str]:
    try:
        return [name for name in os.listdir(directory) if name.startswith("commands_")]  # noqa: PTH208 (names only)
    except OSError:
        return []


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        info = path.stat()
    except OSError:
        return None
    return info.st_ino, info.st_size, info.st_mtime_ns
