"""Worker: system calls that may never return, made in a thread that can be left behind."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from delta_learn.surroundings.deadline import Deadline

logger = logging.getLogger(__name__)

T = TypeVar("T")

STUCK_SECONDS = 1.0
"""A job that takes longer hangs: its thread is left behind and the place where it hangs is avoided."""
SLOW_SECONDS = 60.0
"""For so long after it was left behind, and for as long as its thread hangs, a place is avoided."""
MOST_LEFT_BEHIND = 8
"""Threads that hang; when there are so many nothing is looked up until one comes back."""


class SlowPlaceError(OSError):
    """A place is avoided: the last look at it did not come back."""


@dataclass(slots=True, eq=False)
class _Job:
    work: Callable[[], Any]
    began: float
    done: threading.Event = field(default_factory=threading.Event)
    result: Any = None
    error: Exception | None = None


class _Thread(threading.Thread):
    """Does one job after another until it gets None."""

    def __init__(self) -> None:
        super().__init__(name="surroundings", daemon=True)  # one that hangs must not keep the process alive
        self.jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self.place = ""
        self.avoided = ""
        """Where it was when it was left behind: what else it touches when it comes back does not hang."""
        self.left_at = 0.0
        self.start()

    def run(self) -> None:
        while (job := self.jobs.get()) is not None:
            try:
                job.result = job.work()
            except Exception as error:  # noqa: BLE001  # it is raised where the job was given
                job.error = error
            job.done.set()


class Worker:
    """One thread at a time; used from one thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._thread: _Thread | None = None
        self._job: _Job | None = None
        self._left_behind: list[_Thread] = []

    def run(self, work: Callable[[], T], otherwise: T, deadline: Deadline) -> T:
        """What `work` returns, or `otherwise` when the deadline is over first: it then goes on alone.

        Raises:
            Exception: whatever `work` raises.
        """
        if not self._ready(deadline):
            return otherwise
        if self._thread is None:
            self._thread = _Thread()
        job = self._job = _Job(work, self._clock())
        self._thread.jobs.put(job)
        if not job.done.wait(deadline.left):
            return otherwise
        if job.error is not None:
            raise job.error
        result: T = job.result
        return result

    def enter(self, place: str) -> None:
        """Called by a job before it touches `place`, an absolute path.

        Raises:
            SlowPlaceError: `place` or a directory above it is avoided.
        """
        for thread in self._left_behind:
            if place == thread.avoided or place.startswith(thread.avoided.rstrip("/") + "/"):
                raise SlowPlaceError("The last look at this place did not come back; it is avoided for a minute.")
        thread_here = threading.current_thread()
        if isinstance(thread_here, _Thread):
            thread_here.place = place

    def _ready(self, deadline: Deadline) -> bool:
        """Whether a job can be given to the thread."""
        self._forget()
        if self._job is not None and not self._job.done.wait(deadline.left):
            if self._clock() - self._job.began >= STUCK_SECONDS:
                self._leave_behind()
            return False
        return len(self._left_behind) < MOST_LEFT_BEHIND

    def _leave_behind(self) -> None:
        if self._thread is not None:
            self._thread.avoided, self._thread.left_at = self._thread.place, self._clock()
            self._thread.jobs.put(None)
            self._left_behind.append(self._thread)
            logger.info("a look at the file system hangs; its place is avoided")
        self._thread = self._job = None

    def _forget(self) -> None:
        """Places are looked at again some time after their threads came back."""
        if self._left_behind:
            now = self._clock()
            self._left_behind = [
                thread for thread in self._left_behind if thread.is_alive() or now - thread.left_at < SLOW_SECONDS
            ]
