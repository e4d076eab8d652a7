"""Which of the ways the machine has starts the night, and when that comes next."""

from __future__ import annotations

import os
import shlex
import time
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from delta_learn.config import ScheduleConfig
from delta_learn.errors import DeltaError
from delta_learn.installation.schedule import night
from delta_learn.installation.schedule.clock import TimeOfDay
from delta_learn.installation.schedule.crontab import Crontab
from delta_learn.installation.schedule.stamp import Stamp, read_stamp, stamp_file, write_stamp
from delta_learn.installation.schedule.systemd import SystemdTimer
from delta_learn.paths import Paths
from delta_learn.storage.atomic import remove_file

Way = Literal["systemd", "cron"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """What is installed."""

    way: Way
    at: TimeOfDay


def install_schedule(
    paths: Paths, config: ScheduleConfig, way: Way | None = None, environment: Mapping[str, str] = os.environ
) -> Schedule:
    """Have it asked every hour whether a night is due: by `way`, else by systemd where it works, else by cron.

    A user has one schedule: that of another data set is replaced.

    Raises:
        DeltaError: neither works, or the chosen one refuses; what was installed before stays.
    """
    at = TimeOfDay.parse(config.at)
    _refuse_unwritable([*night.environment(paths).values(), *night.command(at)])
    timer, crontab = SystemdTimer(paths, environment), Crontab(paths)
    chosen = way or ("systemd" if timer.works() else "cron")
    if not (timer.works() if chosen == "systemd" else crontab.works()):
        raise DeltaError(_by_hand(at, way))
    if read_stamp(paths) is None:
        write_stamp(paths, Stamp(time.time()))  # no night was missed yet: the first is the coming one
    if chosen == "systemd":
        timer.install(at, config)
        crontab.remove(of_any=True)
    else:
        crontab.install(at, config)
        timer.remove(of_any=True)
    return Schedule(chosen, at)


def installed_schedule(paths: Paths, environment: Mapping[str, str] = os.environ) -> Schedule | None:
    """What starts the night for this data set, read from systemd's units and from the crontab themselves."""
    if (at := SystemdTimer(paths, environment).installed()) is not None:
        return Schedule("systemd", at)
    if (at := Crontab(paths).installed()) is not None:
        return Schedule("cron", at)
    return None


def remove_schedule(paths: Paths, environment: Mapping[str, str] = os.environ) -> list[Way]:
    """Take everything out that starts the night for this data set; returns what there was.

    Raises:
        DeltaError: cron refuses it, or a file cannot be removed.
    """
    removed: list[Way] = []
    if SystemdTimer(paths, environment).remove():
        removed.append("systemd")
    if Crontab(paths).remove():
        removed.append("cron")
    if stamp_file(paths).exists():
        remove_file(stamp_file(paths))
    return removed


def next_training(paths: Paths, schedule: Schedule, now: float) -> float:
    """When a night can begin next, seconds since the epoch; systemd adds a part of its random delay to it."""
    return (read_stamp(paths) or Stamp()).next(schedule.at, now)


def _refuse_unwritable(words: Sequence[str]) -> None:
    """Line ends cannot be written in a unit or crontab; systemd takes no control character and no invalid UTF-8."""
    for text in words:
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
            raise DeltaError(
                f"{text!a} holds a character that neither systemd nor cron can be given: move it elsewhere."
            )


def _by_hand(at: TimeOfDay, way: Way | None) -> str:
    missing = {"systemd": "`systemctl --user` does not work", "cron": "`crontab` does not work"}
    what = missing[way] if way else "neither `systemctl --user` nor `crontab` works"
    return (
        f"Nothing was scheduled, as {what} here: have `{shlex.join(night.command(at))}` started every hour by what "
        "your system has (on macOS a launchd agent with StartInterval 3600); it trains once a day."
    )
