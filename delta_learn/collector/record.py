"""The tiny entrypoint that the hooks start in the background: `python -E -P -m delta_learn.collector.record`.

It drains the spool, says nothing, and nobody waits for it.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from delta_learn.paths import Paths

_WAIT_SECONDS = 5.0
"""For another drain; it may have looked at this shell's files before the last command was written."""
_LOG_BYTES = 100_000
_NICENESS = 10


def main() -> int:
    """Drain, with what went wrong in the log; always 0."""
    leave_terminal()  # before the imports: a terminal that is being closed would end them
    from delta_learn.paths import Paths

    paths = Paths.from_environment()
    if paths.spool.is_dir():  # else it was uninstalled while a shell went on
        _drain(paths)
    return 0


def leave_terminal(niceness: int = _NICENESS) -> None:
    """Outlive the terminal, never write to it, and give way to whatever the person does."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.umask(0o077)
    if os.getpid() != os.getpgrp():  # the leader of a process group cannot begin a session
        os.setsid()
    os.nice(niceness)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in filter(os.isatty, range(3)):
        os.dup2(null, descriptor)


def _drain(paths: Paths) -> None:
    from delta_learn.collector.drain import drain_at
    from delta_learn.errors import DeltaError, LockHeldError

    with logged_to(paths.log / "drain.log") as log:
        try:
            drained = drain_at(paths, wait_seconds=_WAIT_SECONDS)
            log.info("%d new, %d completed, %d torn", drained.new, drained.completed, drained.torn)
        except LockHeldError as error:
            log.info("left to another: %s", error)
        except DeltaError as error:
            log.error("%s", error)
        except Exception as error:  # noqa: BLE001  nobody would see it; its message might hold a command
            place = traceback.extract_tb(error.__traceback__)[-1]
            log.error("unexpected %s at %s:%s", type(error).__name__, place.filename, place.lineno)


@contextmanager
def logged_to(path: Path) -> Iterator[logging.Logger]:
    """Send what the library says to `path`, or nowhere where that cannot be written."""
    log, handler = logging.getLogger("delta_learn"), _handler(path)
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    try:
        yield log
    finally:
        log.removeHandler(handler)
        handler.close()


def _handler(path: Path) -> logging.Handler:
    from delta_learn.errors import StorageError
    from delta_learn.storage.atomic import open_private, private_directory, storage_errors

    try:
        private_directory(path.parent)
        with storage_errors(path):
            if path.exists() and path.stat().st_size > _LOG_BYTES:
                path.replace(path.with_suffix(".log.1"))
        os.close(open_private(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND))
    except StorageError:
        return logging.NullHandler()
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    return handler


if __name__ == "__main__":
    sys.exit(main())
