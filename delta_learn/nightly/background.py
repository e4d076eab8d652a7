"""A training run that nobody waits for."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from delta_learn.errors import MissingDependencyError
from delta_learn.paths import Paths
from delta_learn.storage.atomic import open_private, private_directory
from delta_learn.storage.lock import Holder, holder


@dataclass(frozen=True, slots=True)
class Background:
    """A run in the background: the one just started, or one that was there."""

    log: Path
    pid: int
    busy: Holder | None = None
    """The run that was there already; nothing was started then."""


def start_training(paths: Paths, *options: str) -> Background:
    """Start `delta-learn train --now`, with `options`, in a session of its own, so that it outlives the terminal.

    Raises:
        MissingDependencyError: torch is not installed. StorageError: its log cannot be written.
    """
    log = private_directory(paths.log) / "train.log"
    busy = holder(paths.training_lock)
    if busy is not None:
        return Background(log, busy.pid, busy)
    if find_spec("torch") is None:
        raise MissingDependencyError("Training needs torch; install it with `pip install 'delta-learn[train]'`.")
    output = open_private(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        process = subprocess.Popen(  # noqa: S603  (words of ours)
            [sys.executable, "-P", "-m", "delta_learn", "train", "--now", *options],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", start_new_session=True,
        )  # fmt: skip
    finally:
        os.close(output)
    process.returncode = 0  # nobody waits for it: keeps Python from warning about that
    return Background(log, process.pid)
