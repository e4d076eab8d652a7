"""While the night works: is the machine still nobody's, and if not, wait until it is."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from delta_learn.config import Config
from delta_learn.errors import DeltaError
from delta_learn.nightly.conditions import Condition, little_pressure, on_mains, others_quiet, unmet, user_away
from delta_learn.nightly.machine import Machine

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 0.3
"""Between two looks at the machine while training; with the step in progress it bounds how late a pause comes."""

_WAIT_SECONDS = 5.0
"""Between two looks while waiting: nobody is in a hurry then."""

_LOAD_SECONDS = 0.7
"""Load is a mean over at least so long: shorter ones are in nobody's way."""


class WindowOverError(DeltaError):
    """The night is over; what was begun goes on in the next one."""


def awake_seconds() -> float:
    """A clock that nobody sets and that counts while the machine sleeps, where there is one."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


class Sample(NamedTuple):
    """Processor seconds so far, of all and of this process, at a moment."""

    at: float
    busy: float
    own: float


class Others:
    """How much of the processors other processes use: all work less that of this process and those that it started.

    Pressure and load average would not do: our own work is in them.
    """

    def __init__(self, machine: Machine, clock: Callable[[], float] = awake_seconds) -> None:
        self._machine = machine
        self._clock = clock
        self._samples: deque[Sample] = deque()

    def share(self) -> float | None:
        """The part of all processors, 0 to 1, since the newest call that is old enough; None without one."""
        busy, now = self._machine.busy_seconds(), self._clock()
        own = self._machine.own_seconds() + self._machine.helpers_seconds()
        if busy is None:
            return None
        while len(self._samples) > 1 and now - self._samples[1].at >= _LOAD_SECONDS:
            self._samples.popleft()
        first = self._samples[0] if self._samples else None
        self._samples.append(Sample(now, busy, own))
        if first is None or now - first.at < _LOAD_SECONDS:
            return None
        others = (busy - first.busy) - (own - first.own)
        return max(0.0, others) / (now - first.at) / self._machine.processors()


class Watch:
    """Looks after the conditions that can change during a night, and after what it may use."""

    def __init__(
        self,
        machine: Machine,
        config: Config,
        spool: Path,
        *,
        say: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = awake_seconds,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """The window of the night begins now; `say` is told why it waits and when it goes on."""
        self.machine = machine
        self._config = config
        self._spool = spool
        self._say = say
        self._clock = clock
        self._sleep = sleep
        self._others = Others(machine, clock)
        self._ends = clock() + 3600 * config.night.window_hours
        self._looked_at = -_LOOK_SECONDS
        self._worked_at, self._worked = clock(), machine.own_seconds()

    def rest(self, save: Callable[[], None] = lambda: None) -> None:
        """Called often, at moments when the work can wait: while somebody needs the machine, it does.

        What was done so far is `save`d first, so that it outlives a machine that is switched off.

        Raises:
            WindowOverError: the night ended. DeltaError: it takes too much memory.
        """
        self._breathe()
        if self._clock() - self._looked_at < _LOOK_SECONDS:
            return
        failed = self.look()
        self._check_memory()
        if failed is None and self._clock() < self._ends:
            return
        save()
        self._wait(failed.reason if failed else "the night's window is over")

    def look(self) -> Condition | None:
        """What stands against working now."""
        self._looked_at = self._clock()
        config = self._config.night
        return unmet(
            [
                on_mains(self.machine),
                user_away(self.machine, self._spool, config, time.time()),
                others_quiet(self._others.share(), config),
                little_pressure(self.machine, config, ("memory",)),
            ]
        )

    def _wait(self, reason: str) -> None:
        self._tell(f"The night waits: {reason}.")
        calm_from: float | None = None
        pause = min(_WAIT_SECONDS, self._config.night.calm_seconds)
        while (now := self._clock()) < self._ends:
            if calm_from is not None and now - calm_from >= self._config.night.calm_seconds:
                self._tell("The night goes on.")
                self._worked_at, self._worked = now, self.machine.own_seconds()
                return
            self._sleep(pause)
            failed = self.look()
            if failed is not None:
                reason, calm_from = failed.reason, None
            elif calm_from is None:
                calm_from = self._clock()
        hours = self._config.night.window_hours
        raise WindowOverError(f"The night's {hours:g} hours are over ({reason}); the next one goes on where it was.")

    def _breathe(self) -> None:
        """Keep to `schedule.cpu_percent`, which only systemd enforces: sleep for what was used beyond it."""
        now, worked = self._clock(), self.machine.own_seconds()
        owed = (worked - self._worked) * 100 / self._config.schedule.cpu_percent - (now - self._worked_at)
        if owed > 0:
            self._sleep(owed)
        self._worked_at, self._worked = self._clock(), worked

    def _check_memory(self) -> None:
        used, limit = self.machine.memory_mb(), self._config.schedule.memory_mb
        if used is not None and used > limit:
            raise DeltaError(
                f"The night takes {used:,.0f} MB of memory, {limit:,} are allowed: "
                "raise schedule.memory_mb or lower train.batch_rows."
            )

    def _tell(self, text: str) -> None:
        logger.info("%s", text)
        self._say(text)
