"""The pause of all shells: a file that the hooks look at before they record."""

from __future__ import annotations

import math
import time

from delta_learn.paths import Paths
from delta_learn.storage.atomic import replace_file, storage_errors

FOREVER = math.inf
"""The end of a pause that only `resume` ends."""


def pause(paths: Paths, seconds: float | None = None) -> float:
    """Let no shell record for `seconds`, or until `resume`; returns the end, seconds since the epoch.

    Raises:
        StorageError: the file cannot be written.
    """
    until = FOREVER if seconds is None else math.ceil(time.time() + seconds)
    with replace_file(paths.paused) as file:
        if until != FOREVER:
            file.write(f"{until:.0f}\n".encode())
    return until


def resume(paths: Paths) -> bool:
    """End the pause; says whether there was one.

    Raises:
        StorageError: the file cannot be removed.
    """
    paused = paused_until(paths) is not None
    with storage_errors(paths.paused):
        paths.paused.unlink(missing_ok=True)
    return paused


def paused_until(paths: Paths) -> float | None:
    """When the present pause ends, seconds since the epoch or FOREVER; None while shells record.

    A pause whose time is over is none. What is no number means FOREVER, as the hooks read it.
    """
    try:
        text = paths.paused.read_text(encoding="ascii", errors="replace").partition("\n")[0]
    except FileNotFoundError:
        return None
    until = float(text) if text.isascii() and text.isdigit() else FOREVER
    return until if until > time.time() else None
