"""nightly/conditions.py: when a night is worth it, and in nobody's way."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from delta_learn.collector.denied import Denied
from delta_learn.config import Config, NightConfig
from delta_learn.nightly.conditions import (
    Condition,
    conditions,
    enough_disk,
    gpu_free,
    holdout_size,
    little_load,
    little_pressure,
    on_mains,
    others_quiet,
    rested,
    unmet,
    user_away,
)
from delta_learn.nightly.machine import Machine
from delta_learn.paths import Paths
from delta_learn.registry import ModelFile, ModelRecord, Registry
from delta_learn.storage.atomic import private_directory
from delta_learn.storage.seal import Keyring
from tests.nightly.conftest import Tree


@pytest.fixture
def registry(paths: Paths) -> Registry:
    for directory in (paths.home, paths.models, paths.state):
        private_directory(directory)
    return Registry(paths, Keyring.load_or_create(paths.key))


@pytest.fixture
def machine(tree: Tree) -> Machine:
    return Machine(tree.root)


def test_too_few_entries_stop_any_training(registry: Registry, machine: Machine) -> None:
    for place in (None, machine):
        failed = unmet(conditions(599, registry, Config(), place))
        assert failed is not None
        assert failed.name == "entries"
        assert "599" in failed.reason
        assert unmet(conditions(600, registry, Config(), place)) is None


def test_a_night_needs_200_new_entries_since_the_last_training(registry: Registry, machine: Machine) -> None:
    registry.models.append(ModelRecord("m", 0.0, lineage={"entries_total": 900}))
    failed = unmet(conditions(1099, registry, Config(), machine))
    assert failed is not None
    assert failed.name == "new entries"
    assert "199 entries are new" in failed.reason
    assert unmet(conditions(1100, registry, Config(), machine)) is None
    assert unmet(conditions(1099, registry, Config())) is None


def test_what_was_forgotten_is_worth_a_night_until_a_model_is_without_it(registry: Registry, machine: Machine) -> None:
    registry.save_model(ModelRecord("m1", 0.0, lineage={"entries_total": 900}), ModelFile({}, b"", b""))
    denied = Denied(registry.paths, registry.keyring)
    denied.deny(["make secret"], kept=[])
    denied.save()
    assert unmet(conditions(900, registry, Config(), machine)) is None
    registry.save_model(ModelRecord("m2", 1.0, lineage={"entries_total": 899}), ModelFile({}, b"", b""))
    failed = unmet(conditions(900, registry, Config(), machine))
    assert failed is not None
    assert failed.name == "new entries"


def test_a_full_disk_is_a_reason_not_to_train(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=499_999_999))
    assert not enough_disk(registry.paths.home).met
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=500_000_000))
    assert enough_disk(registry.paths.home).met


def test_not_twice_a_night(registry: Registry) -> None:
    """A training from the future happened before the clock was set back: it stops nothing."""
    now, config = 2e9, NightConfig()
    assert rested(registry, config, now) == Condition("last training", True, "there was none")
    for hours, met in ((40.0, True), (16.0, True), (15.9, False), (-5.0, False)):
        registry.models.append(ModelRecord(f"m{hours}", now - 3600 * hours))
        assert rested(registry, config, now).met is met
    registry.models.pop(-2)
    assert rested(registry, config, now).met


def test_each_change_of_the_machine_stops_a_night(registry: Registry, tree: Tree, machine: Machine) -> None:
    def failed() -> str | None:
        condition = unmet(conditions(600, registry, Config(), machine))
        return condition and condition.name

    def spool(minutes_ago: float) -> None:
        private_directory(registry.paths.spool)
        (registry.paths.spool / "zsh-1").touch()
        tree.age(registry.paths.spool / "zsh-1", minutes_ago)

    changes: list[tuple[str, Callable[[], object], Callable[[], object]]] = [
        ("last training", lambda: registry.models.append(ModelRecord("m", time.time())), registry.models.clear),
        ("power", lambda: tree.battery("Discharging"), lambda: tree.battery("Charging", online=1)),
        ("idle", lambda: tree.type(1), lambda: tree.type(11)),
        ("idle", lambda: spool(1), lambda: spool(11)),
        ("pressure", lambda: tree.press("io", 30), lambda: tree.press("io", 3)),
        ("load", lambda: tree.write("proc/loadavg", "0.6 0 0\n"), lambda: tree.write("proc/loadavg", "0.4 0 0\n")),
        ("gpu", lambda: tree.gpu(90), lambda: tree.gpu(2)),
    ]
    assert failed() is None
    for name, begin, end in changes:
        begin()
        assert failed() == name
        end()
        assert failed() is None


def test_without_the_word_nightly_the_machine_is_not_asked(registry: Registry) -> None:
    assert [condition.name for condition in conditions(600, registry, Config())] == ["entries"]


def test_what_is_not_known_does_not_stop(registry: Registry, paths: Paths) -> None:
    found = conditions(600, registry, Config(), Machine(paths.home / "nowhere"))
    assert unmet(found) is None
    assert [fact.name for fact in found if fact.reason == "not known here"] == ["power", "idle", "pressure", "load"]


@pytest.mark.parametrize(
    ("online", "status", "met"),
    [
        (1, "Charging", True),
        (1, "Discharging", True),  # a charger too weak for the moment: still plugged in
        (0, "Discharging", False),
        (0, "Unknown", False),
        (0, "Full", False),  # pulled a second ago
    ],
)
def test_mains_power(tree: Tree, machine: Machine, online: int, status: str, met: bool) -> None:
    tree.battery(status, online)
    assert on_mains(machine).met is met


def test_a_battery_alone_and_no_battery_at_all(tree: Tree, machine: Machine) -> None:
    shutil.rmtree(tree.root / "sys/class/power_supply/AC")
    assert on_mains(machine).met
    tree.write("sys/class/power_supply/BAT0/status", "Discharging\n")
    assert not on_mains(machine).met
    shutil.rmtree(tree.root / "sys/class/power_supply/BAT0")
    assert on_mains(machine) == Condition("power", True, "there is no battery")


def test_the_limits_are_the_settings(tree: Tree, machine: Machine, paths: Paths) -> None:
    now = time.time()
    tree.type(5)
    assert not user_away(machine, paths.spool, NightConfig(), now).met
    assert user_away(machine, paths.spool, NightConfig(idle_minutes=4), now).met
    tree.press("cpu", 40)
    assert not little_pressure(machine, NightConfig()).met
    assert little_pressure(machine, NightConfig(), ("memory",)).met
    assert little_pressure(machine, NightConfig(max_pressure=50), ("cpu",)).met
    tree.write("proc/loadavg", "0.6 0 0\n")
    assert not little_load(machine, NightConfig()).met
    assert little_load(machine, NightConfig(max_load=0.3)).met
    assert not others_quiet(0.3, NightConfig()).met
    assert others_quiet(0.3, NightConfig(max_load=0.4)).met
    tree.gpu(30)
    assert not gpu_free(machine, NightConfig()).met
    assert gpu_free(machine, NightConfig(max_gpu_percent=30)).met


@pytest.mark.parametrize(("entries", "held_out"), [(600, 300), (3_000, 300), (4_000, 400), (90_000, 500)])
def test_a_tenth_is_held_out_within_bounds(entries: int, held_out: int) -> None:
    assert holdout_size(entries, Config()) == held_out
