"""Learning a store anew in a process of its own: `python -E -P -m delta_learn.serving.afresh`.

What is needed for that while is more than what is learned, and a process that had it once keeps a part: a server with
50,000 lines would be 40 MB larger until it ends (docs/log.md).
"""

from __future__ import annotations

import logging
import subprocess
import sys

from delta_learn.collector.store import Store
from delta_learn.serving.learner import open_learner

logger = logging.getLogger(__name__)

_FEW_BYTES = 100_000
"""Of shards, a few thousand commands: they are learned here as fast as a process starts, and leave little behind."""

_MOST_SECONDS = 600.0


def learn_afresh(store: Store) -> None:
    """Have a predictor made from all of a large store, and saved; where that fails the caller has to make it."""
    if sum(path.stat().st_size for path in store.files()) < _FEW_BYTES:
        return
    command = [sys.executable, "-E", "-P", "-m", "delta_learn.serving.afresh"]
    try:
        done = subprocess.run(  # noqa: S603  (the interpreter is ours)
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_MOST_SECONDS, check=False, cwd="/"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        logger.warning("learning anew in a process of its own failed: %s", type(error).__name__)
        return
    if done.returncode:
        logger.warning("learning anew in a process of its own ended with status %d", done.returncode)


def main() -> None:
    """Learn the store of this user and save what was learned."""
    open_learner(Store.open()).save()


if __name__ == "__main__":
    main()
