"""What waits in the spool and what the last drain did: counts and times, never a word of a command."""

from __future__ import annotations

import json
from dataclasses import dataclass

from delta_learn.paths import Paths

_HEADER = b"\x1e1H"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Records that the shells have written and no drain has moved yet."""

    files: int
    bytes: int
    oldest: float | None
    """When the file that changed first was changed, seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class LastDrain:
    """What `paths.drained` says; everything is empty where no drain has run."""

    time: float | None = None
    error: str | None = None
    dropped_sessions: int = 0


def waiting(paths: Paths) -> Waiting:
    """Look at the spool; what is drained and wiped does not count, nor do the headers of the files."""
    sizes, times = [], []
    for path in paths.spool.glob("*.*[0-9]"):  # delta.bash has a scratch file beside them
        try:
            size, changed = _records(path.read_bytes()), path.stat().st_mtime
        except FileNotFoundError:  # drained a moment ago
            continue
        if size:
            sizes.append(size)
            times.append(changed)
    return Waiting(len(sizes), sum(sizes), min(times, default=None))


def _records(data: bytes) -> int:
    """Bytes of a file of the spool behind its header and the stretch of NULs that a drain left."""
    rest = data.partition(b"\n")[2] if data.startswith(_HEADER) else data
    return len(rest.lstrip(b"\0"))


def last_drain(paths: Paths) -> LastDrain:
    """Read what the last drain left; a file that makes no sense is an error to show, not to raise."""
    try:
        data = json.loads(paths.drained.read_text(encoding="utf-8"))
        return LastDrain(float(data["time"]), data["error"], int(data["dropped_sessions"]))
    except FileNotFoundError:
        return LastDrain()
    except (OSError, ValueError, KeyError, TypeError) as error:
        return LastDrain(error=f"{paths.drained} cannot be read ({type(error).__name__}); remove it")
