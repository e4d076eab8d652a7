"""surroundings/worker.py: what hangs is left behind and avoided."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from delta_learn.surroundings.deadline import Deadline
from delta_learn.surroundings.worker import MOST_LEFT_BEHIND, SLOW_SECONDS, STUCK_SECONDS, SlowPlaceError, Worker


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Disk:
    """A file system on which a place hangs until it is let go."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.entered = threading.Event()
        self.back = threading.Event()

    def hang(self, place: str = "/dead") -> str:
        self.worker.enter(place)
        self.entered.set()
        self.back.wait()
        return "late"

    def look(self, place: str) -> str:
        self.worker.enter(place)
        return "seen"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def worker(clock: Clock) -> Worker:
    return Worker(clock)


@pytest.fixture
def disk(worker: Worker) -> Iterator[Disk]:
    disk = Disk(worker)
    yield disk
    disk.back.set()


def soon() -> Deadline:
    return Deadline(30)


def over() -> Deadline:
    return Deadline(0)


def hang(worker: Worker, disk: Disk, clock: Clock, place: str = "/dead") -> None:
    """Let a job hang at a place for so long that its thread is left behind."""
    disk.entered.clear()
    assert worker.run(lambda: disk.hang(place), "", over()) == ""
    assert disk.entered.wait(30)
    clock.now += STUCK_SECONDS
    assert worker.run(lambda: "never given", "", over()) == ""


def test_what_is_in_time_is_returned_and_what_fails_is_raised(worker: Worker, disk: Disk) -> None:
    assert worker.run(lambda: disk.look("/a"), "", soon()) == "seen"
    with pytest.raises(ZeroDivisionError):
        worker.run(lambda: 1 / 0, 0.0, soon())
    assert worker.run(lambda: disk.look("/a"), "", soon()) == "seen"


def test_a_late_job_goes_on_and_the_next_one_waits_for_it(worker: Worker, disk: Disk) -> None:
    assert worker.run(disk.hang, "otherwise", over()) == "otherwise"
    assert worker.run(lambda: disk.look("/a"), "busy", over()) == "busy"
    disk.back.set()
    assert worker.run(lambda: disk.look("/a"), "busy", soon()) == "seen"


def test_a_place_that_hangs_is_avoided_with_all_below_it(worker: Worker, disk: Disk, clock: Clock) -> None:
    hang(worker, disk, clock)
    assert worker.run(lambda: disk.look("/deadline"), "", soon()) == "seen"
    for place in ("/dead", "/dead/below"):
        with pytest.raises(SlowPlaceError):
            worker.run(lambda at=place: disk.look(at), "", soon())  # type: ignore[misc]


def test_a_place_is_looked_at_again_after_its_thread_came_back(worker: Worker, disk: Disk, clock: Clock) -> None:
    hang(worker, disk, clock)
    clock.now += SLOW_SECONDS + 1
    with pytest.raises(SlowPlaceError):
        worker.run(lambda: disk.look("/dead"), "", soon())
    disk.back.set()
    for thread in worker._left_behind:
        thread.join(30)
    assert worker.run(lambda: disk.look("/dead"), "", soon()) == "seen"


def test_threads_that_hang_are_few(worker: Worker, disk: Disk, clock: Clock) -> None:
    before = threading.active_count()
    for number in range(MOST_LEFT_BEHIND):
        hang(worker, disk, clock, f"/dead{number}")
    assert worker.run(lambda: "seen", "nothing", soon()) == "nothing"
    assert threading.active_count() - before <= MOST_LEFT_BEHIND
