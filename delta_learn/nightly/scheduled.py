"""A night that systemd or cron asks for every hour: once a day, made up for when it was missed."""

from __future__ import annotations

import time
from collections.abc import Callable

from delta_learn.errors import LockHeldError
from delta_learn.installation.schedule.clock import TimeOfDay
from delta_learn.installation.schedule.stamp import Stamp, read_stamp, write_stamp
from delta_learn.nightly.conditions import unmet
from delta_learn.nightly.night import Night
from delta_learn.paths import Paths
from delta_learn.storage.lock import holder

_NOTHING_NEW = ("entries", "new entries", "last training")
"""Names of the conditions that an hour does not change: training by day on what was typed by day was not asked for."""

_TRIES = 3
"""A night that fails or is killed so often waits for the next day: each try costs minutes of a machine."""


def run_scheduled(paths: Paths, at: TimeOfDay, run: Callable[[], Night]) -> Night | None:
    """`run` the night if one is due; None where none is, or where a training runs already.

    What the machine does (somebody types, the battery is used) leaves the night due, so that it is asked for an
    hour later; a night that ended, or that had nothing new to learn, is done until the next `at`.

    Raises:
        DeltaError: from `run`, or the stamp cannot be written.
    """
    now = time.time()
    before = read_stamp(paths) or Stamp()
    if not before.due(at, now) or holder(paths.training_lock):
        return None
    done = Stamp(done=now)
    # Written first: a run that is killed says nothing at its end.
    write_stamp(paths, Stamp(before.done, before.tries + 1) if before.tries + 1 < _TRIES else done)
    try:
        night = run()
    except LockHeldError:  # somebody else was faster, or changes the data set for moments
        write_stamp(paths, before)
        return None
    failed = unmet(night.conditions)
    write_stamp(paths, before if failed and failed.name not in _NOTHING_NEW else done)
    return night
