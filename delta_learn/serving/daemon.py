"""The entrypoint that shells start in the background: `python -E -P -m delta_learn.serving.daemon`.

One server for each user. It outlives the terminal it was started from, writes to a log only, and nobody waits for it.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from typing import NoReturn

from delta_learn.collector.record import leave_terminal, logged_to
from delta_learn.errors import DeltaError, LockHeldError
from delta_learn.paths import Paths
from delta_learn.serving.memory import be_frugal
from delta_learn.storage.lock import end_holder, exclusive, holder

logger = logging.getLogger("delta_learn.serving.daemon")  # it runs as __main__

ENDING_SECONDS = 5.0
"""In which a server that is told to end saves what it has learned; a wedged one does not."""

_PURPOSE = "delta-learn serve"
_GRACE_SECONDS = 10.0
"""A server that started so short ago may not answer yet."""
_KILLED_SECONDS = 5.0


def main() -> NoReturn:
    """Serve until nobody has asked anything for long; exits 0, at once where a server answers already."""
    leave_terminal(niceness=0)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # matrices this small are slower with more, and cores are not ours
    be_frugal()
    paths = Paths.from_environment()
    if paths.spool.is_dir():  # else it was uninstalled while a shell went on
        with logged_to(paths.log / "serve.log"):
            serve_logged(paths)
    os._exit(0)  # not waiting for a thread that may be reading in for another minute


def serve_logged(paths: Paths) -> None:
    """`serve_here`; what went wrong goes to the log."""
    try:
        serve_here(paths)
    except LockHeldError as error:
        logger.info("left to another: %s", error)
    except DeltaError as error:
        logger.error("%s", error)


def serve_here(paths: Paths) -> None:
    """Be the one server of this user until it is told to stop or nobody has asked anything for long.

    Raises:
        LockHeldError: another server is there, and answers.
        DeltaError: the store cannot be opened, or no socket be made.
    """
    from delta_learn.serving.client import is_alive

    try:
        _serve_alone(paths)
    except LockHeldError:
        other = holder(paths.server_lock)
        if other is None or time.time() - other.since < _GRACE_SECONDS or is_alive(paths):
            raise
        logger.warning("the server of pid %d does not answer: it is replaced", other.pid)
        end_holder(paths.server_lock, seconds=ENDING_SECONDS)  # what it held is crash-safe
        _serve_alone(paths, patience=_KILLED_SECONDS)


def _serve_alone(paths: Paths, patience: float = 0.0) -> None:
    with exclusive(paths.server_lock, _PURPOSE, timeout=patience):
        from delta_learn.collector.store import Store
        from delta_learn.config import Config
        from delta_learn.serving.address import listen, publish, withdraw
        from delta_learn.serving.server import Server
        from delta_learn.serving.service import Service

        idle = Config.load(paths.config).serve.idle_minutes * 60
        listening = listen()
        address = listening.getsockname()
        try:
            server = Server(listening, Service(Store.open(paths)), idle)
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: server.stop())
            publish(paths, address)
            logger.info("serving, pid %d", os.getpid())
            server.run()
        finally:
            withdraw(paths, address)


if __name__ == "__main__":
    main()
