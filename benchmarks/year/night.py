"""One night of the real pipeline in a process of its own, with what may happen to it."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import time
from collections import namedtuple
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from delta_learn.collector.store import Store
from delta_learn.config import Config
from delta_learn.errors import DeltaError
from delta_learn.installation.schedule.clock import TimeOfDay
from delta_learn.nightly.lastnight import LastNight, read_last_night
from delta_learn.nightly.pipeline import run_night
from delta_learn.nightly.scheduled import run_scheduled
from delta_learn.paths import Paths

EVENTS = ("kill", "full disk", "little disk", "clock back", "clock ahead", "battery", "user back", "window over")
HOURS = 4
"""Questions a night, an hour apart."""
_FILE_BYTES = 200_000
"""What a file may hold where the disk is full: less than a model."""
_Usage = namedtuple("_Usage", "total used free")


class Machine:
    """A /proc, /sys and /dev of files: on mains power, nobody there, nothing to do."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._write("sys/class/power_supply/AC/type", "Mains\n")
        self._write("sys/class/power_supply/BAT0/type", "Battery\n")
        for name in ("cpu", "memory", "io"):
            self._write(f"proc/pressure/{name}", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n")
        self._write("proc/loadavg", "0.10 0.20 0.30 1/99 1234\n")
        self._write("proc/stat", "cpu  100 0 0 9999 0 0 0 0 0 0\n")
        self._write("proc/self/status", "Name:\tpython\nVmRSS:\t  204800 kB\n")
        self._write("dev/pts/0", "")
        self.mains(True)

    def mains(self, on: bool) -> None:
        """The line is in, or the battery is used."""
        self._write("sys/class/power_supply/AC/online", f"{int(on)}\n")
        self._write("sys/class/power_supply/BAT0/status", "Full\n" if on else "Discharging\n")

    def typed(self, at: float) -> None:
        """Somebody typed last at this time."""
        os.utime(self.root / "dev/pts/0", (at, at))

    def _write(self, path: str, text: str) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


@dataclass(frozen=True, slots=True)
class Asked:
    """What happens in a night, and when."""

    event: str
    """One of EVENTS; empty: nothing."""
    after: float
    """Seconds after which it does."""


def tonight(draw: random.Random, chance: float, seconds: float) -> Asked:
    """Draw an event with this `chance`; `seconds`: how long a night takes."""
    return Asked(draw.choice(EVENTS) if draw.random() < chance else "", draw.uniform(0, seconds))


def run(paths: Paths, config: Config, machine: Machine, midnight: float, asked: Asked) -> list[LastNight]:
    """Ask for the night every hour from 02:00 on, as the schedule does; returns what was noted, hour by hour.

    On battery it is asked on mains power only in the last hour.
    """
    noted = [read_last_night(paths)]
    for hour in range(HOURS):
        now = midnight + 3600 * (2.1 + hour)
        machine.mains(asked.event != "battery" or hour == HOURS - 1)
        machine.typed(now - 7200)
        event = asked if hour == 0 else Asked("", 0)
        _fork(lambda: _night(paths, config, now, event), machine, now, event)  # noqa: B023 (called at once)
        noted.append(read_last_night(paths))
    return [new for old, new in pairwise(noted) if new is not None and new != old]


def _fork(work: Callable[[], None], machine: Machine, now: float, asked: Asked) -> None:
    """Run `work` in a child, and do to it or to the machine what was asked."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except DeltaError:
            code = 2
        finally:
            os._exit(code)
    if asked.event in ("kill", "user back", "window over") and not _ended(child, asked.after):
        if asked.event == "kill":
            os.kill(child, signal.SIGKILL)
        else:
            machine.typed(now + 3600)
            if asked.event == "user back" and not _ended(child, 2.0):
                machine.typed(now - 7200)
    if not _ended(child, 600):
        os.kill(child, signal.SIGKILL)
        _ended(child, 60)
        raise AssertionError("a night did not come to its end")


def _ended(child: int, seconds: float) -> bool:
    """Whether it ended within the time; a child that was waited for has."""
    ends = time.monotonic() + seconds
    while True:
        try:
            if os.waitpid(child, os.WNOHANG)[0] == child:
                return True
        except ChildProcessError:
            return True
        if time.monotonic() >= ends:
            return False
        time.sleep(0.02)


def _night(paths: Paths, config: Config, now: float, asked: Asked) -> None:
    """In the child: the question that the schedule asks, at this time on this machine."""
    jump = {"clock back": -40 * 86_400, "clock ahead": 400 * 86_400}.get(asked.event, 0)
    _set_clock(now + jump)
    if asked.event == "full disk":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_BYTES, _FILE_BYTES))
    if asked.event == "little disk":
        shutil.disk_usage = lambda _: _Usage(10**12, 10**12 - 1, 1)  # type: ignore[assignment, return-value]
    if asked.event == "window over":
        config = replace(config, night=replace(config.night, window_hours=(asked.after + 3) / 3600))
    at = TimeOfDay.parse(config.schedule.at)
    with suppress(KeyboardInterrupt):
        run_scheduled(paths, at, lambda: run_night(Store.open(paths), config, nightly=True))


def _set_clock(now: float) -> None:
    """What Python says the time is, from now on in this process."""
    real, begin = (time.localtime, time.strftime), time.monotonic()

    def clock() -> float:
        return now + time.monotonic() - begin

    def local(seconds: float | None = None) -> time.struct_time:
        return real[0](clock() if seconds is None else seconds)

    def formatted(form: str, moment: time.struct_time | None = None) -> str:
        return real[1](form, local() if moment is None else moment)

    time.time, time.localtime, time.strftime = clock, local, formatted  # type: ignore[assignment]
