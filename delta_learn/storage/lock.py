"""The one lock between processes that write, with a note beside it that says who holds it."""

from __future__ import annotations

import json
import logging
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from delta_learn.errors import LockHeldError, StorageError
from delta_learn.storage.atomic import open_private, private_directory, storage_error

logger = logging.getLogger(__name__)

_LOOK_AGAIN_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds a lock."""

    purpose: str
    """What it does, as a person would type it: `delta-learn train`."""
    pid: int
    since: float
    """Seconds since the epoch."""
    started: str
    """Start of the process in the kernel's ticks, so that a reused pid is not taken for it; may be empty."""

    def __str__(self) -> str:
        return f"`{self.purpose}` (pid {self.pid}) since {time.strftime('%H:%M', time.localtime(self.since))}"


@contextmanager
def exclusive(path: Path, purpose: str, timeout: float = 0) -> Iterator[None]:
    """Hold the lock `path` during the block; the operating system frees it when the process dies.

    Args:
        path: the lock file; it is created and stays.
        purpose: what others are told that this process does.
        timeout: seconds to wait for another holder.

    Raises:
        LockHeldError: another process, or another part of this one, still holds it after `timeout`.
        StorageError: the lock file cannot be made.
    """
    private_directory(path.parent)
    lock = FileLock(path, timeout=timeout, mode=0o600)
    try:
        lock.acquire()
    except Timeout as error:
        who = holder(path) or "another process"
        raise LockHeldError(f"{path} is held by {who}; wait until it is done and run this again.") from error
    except OSError as error:
        raise storage_error(path, error) from error
    with ExitStack() as at_end:
        at_end.callback(lock.release)
        at_end.callback(_note(path).unlink, missing_ok=True)
        _announce(path, purpose)
        yield


def holder(path: Path) -> Holder | None:
    """Who holds the lock, or None: nobody does, or the holder left no note. A dead holder is none."""
    try:
        found = Holder(**json.loads(_note(path).read_text()))
    except (OSError, ValueError, TypeError):
        return None  # none, or only half written yet
    return found if _started(found.pid) == found.started and _exists(found.pid) else None


def end_holder(path: Path, seconds: float) -> None:
    """Ask the process that holds the lock to end, wait up to `seconds`, then end it; nothing where nobody does."""
    found = holder(path)
    if found is None:
        return
    with suppress(ProcessLookupError):
        os.kill(found.pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while holder(path) == found:
        if time.monotonic() > deadline:
            with suppress(ProcessLookupError):
                os.kill(found.pid, signal.SIGKILL)
            return
        time.sleep(_LOOK_AGAIN_SECONDS)


def _note(path: Path) -> Path:
    # Not in the lock file itself: older versions of filelock truncate that when another process tries.
    return path.with_name(f"{path.name}.holder")


def _announce(path: Path, purpose: str) -> None:
    pid = os.getpid()
    text = json.dumps(asdict(Holder(purpose, pid, time.time(), _started(pid))))
    try:
        with os.fdopen(open_private(_note(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "w") as file:
            file.write(text)
    except (OSError, StorageError) as error:
        # The note is a courtesy: on a full disk the lock must still work, for `forget` to make room.
        logger.warning("cannot note the holder of %s: %s", path, error)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _started(pid: int) -> str:
    """Start of a live process (proc(5), field 22 of stat); empty for a dead one or without /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
