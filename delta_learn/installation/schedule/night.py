"""The command that systemd and cron start every hour."""

from __future__ import annotations

import sys

from delta_learn.installation.schedule.clock import TimeOfDay
from delta_learn.paths import Paths

NIGHT = (sys.executable, "-E", "-P", "-m", "delta_learn", "train", "--nightly")
"""This interpreter, whatever its environment and the directory say."""


def command(at: TimeOfDay) -> list[str]:
    """Does nothing unless a night from `at` on is due."""
    return [*NIGHT, "--due", str(at)]


def environment(paths: Paths) -> dict[str, str]:
    """What the night must know of the shell that it was installed from: its data set, not the default one."""
    return {"DELTA_HOME": str(paths.home), "DELTA_STATE_HOME": str(paths.state)}
