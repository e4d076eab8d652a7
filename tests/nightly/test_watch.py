"""nightly/watch.py: what makes a night wait, how long, and what it may use."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from delta_learn.config import Config, NightConfig, ScheduleConfig
from delta_learn.errors import DeltaError
from delta_learn.nightly.machine import Machine
from delta_learn.nightly.watch import Others, Watch, WindowOverError, awake_seconds
from tests.nightly.conftest import Tree


class Clock:
    """Stands still unless somebody sleeps; `plan` says what happens in the world meanwhile, each at its second."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.plan: list[tuple[float, Callable[[], object]]] = []
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept.append(seconds)
        self.now += seconds
        for item in [item for item in self.plan if item[0] <= self.now]:
            self.plan.remove(item)
            item[1]()


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Own:
    """Processor seconds of this process."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def own() -> Own:
    return Own()


Look = Callable[..., Watch]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def watch(tree: Tree, tmp_path: Path, clock: Clock, own: Own, said: list[str]) -> Look:
    def make(config: Config = Config()) -> Watch:  # noqa: B008
        machine = Machine(tree.root, own)
        return Watch(machine, config, tmp_path / "spool", say=said.append, clock=clock, sleep=clock.sleep)

    return make


def test_a_calm_night_never_waits(watch: Look, clock: Clock) -> None:
    looking = watch()
    for _ in range(10):
        looking.rest(lambda: pytest.fail("nothing is to be saved"))
        clock.now += 1
    assert clock.slept == []


@pytest.mark.parametrize("event", ["power", "idle", "pressure"])
def test_it_waits_with_the_work_saved_until_all_was_calm_for_a_minute(
    event: str, watch: Look, clock: Clock, tree: Tree, said: list[str]
) -> None:
    events: dict[str, tuple[Callable[[], object], Callable[[], object], str]] = {
        "power": (lambda: tree.battery("Discharging"), lambda: tree.battery("Charging", 1), "battery"),
        "idle": (lambda: tree.type(0), lambda: tree.type(11), "typed"),
        "pressure": (lambda: tree.press("memory", 50), lambda: tree.press("memory", 0), "memory 50 %"),
    }
    begin, end, reason = events[event]
    looking, saved = watch(), list[float]()
    begin()
    # It ends, comes back while the minute runs, and ends again.
    clock.plan = [(1300.0, end), (1330.0, begin), (1500.0, end)]
    looking.rest(lambda: saved.append(clock.now))
    assert saved == [1000.0]
    assert 1560 <= clock.now <= 1570
    assert reason in said[0]
    assert said[1:] == ["The night goes on."]
    looking.rest(lambda: pytest.fail("it is calm again"))


def test_it_looks_three_times_a_second_and_not_more_often(watch: Look, clock: Clock, tree: Tree) -> None:
    looking, saved = watch(), list[float]()
    looking.rest()
    tree.battery("Discharging")
    clock.plan = [(1100.0, lambda: tree.battery("Charging", 1))]
    clock.now += 0.2
    looking.rest(lambda: saved.append(clock.now))
    assert saved == []
    clock.now += 0.125
    looking.rest(lambda: saved.append(clock.now))
    assert saved == [1000.325]


def test_at_the_end_of_the_window_it_gives_up(watch: Look, clock: Clock, tree: Tree) -> None:
    looking, saved = watch(Config(night=NightConfig(window_hours=2))), list[float]()
    tree.battery("Discharging")
    with pytest.raises(WindowOverError, match=r"2 hours are over \(the battery is used\); the next one goes on"):
        looking.rest(lambda: saved.append(clock.now))
    assert saved == [1000.0]
    assert 1000 + 7200 <= clock.now < 1000 + 7210


def test_the_window_ends_a_calm_night_too(watch: Look, clock: Clock) -> None:
    looking, saved = watch(), list[float]()
    clock.now += 6 * 3600 - 1
    looking.rest()
    clock.now += 1
    with pytest.raises(WindowOverError):
        looking.rest(lambda: saved.append(clock.now))
    assert len(saved) == 1


def test_load_is_what_others_use(watch: Look, clock: Clock, tree: Tree, own: Own, said: list[str]) -> None:
    """Two processors, both busy: with this process's own work nothing waits, with another's it does."""
    looking, busy = watch(), 0.0

    def second(ours: float, others: float) -> None:
        nonlocal busy
        clock.now, own.seconds, busy = clock.now + 1, own.seconds + ours, busy + ours + others
        tree.work(busy)

    looking.rest()
    for ours, others in ((2.0, 0.0), (1.5, 0.5), (0.0, 0.5)):
        second(ours, others)
        looking.rest(lambda: pytest.fail("a quarter is allowed"))
    second(1.4, 0.6)
    clock.plan = [(clock.now + 1, lambda: None)]
    looking.rest()
    assert said[0] == "The night waits: others use 30% of the processors, 25% is the limit."
    assert said[1:] == ["The night goes on."]


def test_load_is_a_mean_over_a_second(clock: Clock, tree: Tree, own: Own) -> None:
    others = Others(Machine(tree.root, own), clock)
    shares = []
    for busy in (0.0, 0.0, 1.0, 1.0, 1.0, 1.0):  # a burst of half a second on both processors
        tree.work(busy)
        shares.append(others.share())
        clock.now += 0.5
    assert shares == [None, None, 0.5, 0.5, 0.0, 0.0]


def test_a_machine_that_tells_no_load_never_waits_for_it(tmp_path: Path, clock: Clock) -> None:
    others = Others(Machine(tmp_path), clock)
    assert others.share() is None
    clock.now += 10
    assert others.share() is None


def test_it_sleeps_for_what_it_used_beyond_its_share(watch: Look, clock: Clock, own: Own) -> None:
    looking = watch(Config(schedule=ScheduleConfig(cpu_percent=50)))
    clock.now, own.seconds = clock.now + 1, own.seconds + 2
    looking.rest()
    assert clock.slept == [3.0]
    clock.now, own.seconds = clock.now + 10, own.seconds + 2
    looking.rest()
    assert clock.slept == [3.0]
    clock.now, own.seconds = clock.now + 1, own.seconds + 1  # what was not used before does not count
    looking.rest()
    assert clock.slept == [3.0, 1.0]


def test_too_much_memory_ends_the_night_with_a_word(watch: Look, tree: Tree) -> None:
    looking = watch(Config(schedule=ScheduleConfig(memory_mb=200)))
    with pytest.raises(DeltaError, match=r"takes 210 MB of memory, 200 are allowed.*memory_mb"):
        looking.rest()
    tree.write("proc/self/status", "VmRSS:\t  102400 kB\n")
    watch(Config(schedule=ScheduleConfig(memory_mb=200))).rest()


def test_the_settings_allow_no_wait_without_an_end() -> None:
    for name in ("calm_seconds", "window_hours"):
        with pytest.raises(DeltaError, match=f"night.{name}"):
            dataclasses.replace(NightConfig(), **{name: 0.0})


def test_the_clock_runs() -> None:
    before = awake_seconds()
    assert awake_seconds() >= before > 0


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="no /proc here")
def test_real_work_of_ours_and_of_others_is_told_apart() -> None:
    """However busy the machine is with other things: at least what a real process worked is others' work."""
    machine = Machine()
    code = "import time\nwhile time.process_time() < 1.0: pass"
    busy, own = machine.busy_seconds(), machine.own_seconds()
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        until = time.process_time() + 0.5
        while time.process_time() < until:
            pass
        process.wait()
    after = machine.busy_seconds()
    assert busy is not None
    assert after is not None
    ours = machine.own_seconds() - own
    assert ours >= 0.5
    # The kernel counts this in ticks, so it is a little off.
    assert after - busy - ours >= 0.9
