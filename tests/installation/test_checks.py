"""installation/checks.py: each check says ok, and each fault is found and how to mend it."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from delta_learn.collector.pause import pause
from delta_learn.config import ScheduleConfig
from delta_learn.installation import checks
from delta_learn.installation.checks import Check
from delta_learn.installation.install import install
from delta_learn.installation.schedule.schedule import install_schedule
from delta_learn.installation.schedule.stamp import Stamp, write_stamp
from delta_learn.paths import Paths
from delta_learn.registry import ModelFile, ModelRecord, Registry
from delta_learn.storage.lock import exclusive
from delta_learn.storage.seal import Keyring
from tests.installation.schedule.conftest import fake_programs


@pytest.fixture
def installed(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setattr(checks, "installed_shells", lambda: ["zsh", "bash"])
    install(paths, ("zsh", "bash"))
    return paths


def one(check: Check, state: str, *words: str) -> None:
    assert check.state == state, check
    assert bool(check.mend) is (state != "ok"), check
    for word in words:
        assert word in f"{check.what} {check.mend}", check


def test_a_fresh_installation_is_well(installed: Paths) -> None:
    found = checks.run_checks(installed)
    assert [check for check in found if check.state != "ok"] == []
    assert len({check.name for check in found}) == 13


def test_looking_changes_nothing(paths: Paths, home: Path) -> None:
    before = sorted(home.rglob("*"))
    assert any(check.state == "problem" for check in checks.run_checks(paths))
    assert sorted(home.rglob("*")) == before


@pytest.mark.parametrize("check", [checks.check_directories, checks.check_key, checks.check_spool])
def test_without_an_installation_install_is_named(paths: Paths, check: Callable[[Paths], Check]) -> None:
    one(check(paths), "problem", "`delta-learn install`")


def test_a_package_that_is_missing_is_named(installed: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "PACKAGES", ("lz4", "no_such_package"))
    one(checks.check_packages(installed), "problem", "no_such_package", "pip")


def test_open_directories_are_found(installed: Paths) -> None:
    installed.raw.chmod(0o755)
    one(checks.check_directories(installed), "warning", str(installed.raw), "chmod 700")
    installed.spool.chmod(0o770)
    one(checks.check_directories(installed), "problem", str(installed.spool))


def test_a_bad_key_is_found(installed: Paths) -> None:
    installed.key.write_bytes(b"short")
    one(checks.check_key(installed), "problem", "damaged", "backup")
    installed.key.write_bytes(bytes(32))
    installed.key.chmod(0o644)
    one(checks.check_key(installed), "problem", "chmod")


@pytest.mark.parametrize("text", ["{", '{"colour": 1}', '{"collect": {"redact": {"x": "("}}}'])
def test_wrong_settings_are_found(installed: Paths, text: str) -> None:
    installed.config.write_text(text)
    one(checks.check_config(installed), "problem", str(installed.config))


def test_start_files(installed: Paths, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rc = home / ".zshrc"
    one(checks.check_start_file("zsh"), "ok", "sources")
    rc.write_text(rc.read_text().replace("/shell/", "/old/"))
    one(checks.check_start_file("zsh"), "problem", "/old/", "install")
    rc.write_text("autoload -U compinit\n")
    one(checks.check_start_file("zsh"), "warning", "no line", "install")
    rc.write_text('eval "$(delta-learn init zsh)"\n')
    one(checks.check_start_file("zsh"), "ok", "way of its own")
    rc.unlink()
    rc.mkdir()
    one(checks.check_start_file("zsh"), "problem", "not a plain file")
    monkeypatch.setattr(checks, "installed_shells", lambda: ["bash"])
    one(checks.check_start_file("zsh"), "ok", "not installed")


@pytest.mark.parametrize("what", [None, "/no/such/python", "/bin/false", "/etc/passwd"])
def test_an_interpreter_that_does_not_work_is_found(installed: Paths, what: str | None) -> None:
    installed.python.unlink()
    if what:
        installed.python.write_text(f"{what}\n")
    one(checks.check_interpreter(installed), "problem", "install")


def test_a_drain_that_failed_is_found(installed: Paths) -> None:
    def drained(**facts: object) -> None:
        whole = {"time": time.time(), "error": None, "new": 0, "torn": 0, "dropped_sessions": 0, **facts}
        installed.drained.write_text(json.dumps(whole))

    drained()
    one(checks.check_spool(installed), "ok")
    drained(error="the disk is full")
    one(checks.check_spool(installed), "problem", "the disk is full")
    drained(dropped_sessions=2)
    one(checks.check_spool(installed), "warning", "2 old sessions", "spool_mb")


def test_a_spool_that_nobody_drains_is_found(installed: Paths) -> None:
    path = installed.spool / "zsh-1-1-1.0"
    path.write_bytes(b"\x1e1X\n")
    one(checks.check_spool(installed), "ok", "1 file")
    os.utime(path, (time.time() - 7300, time.time() - 7300))
    one(checks.check_spool(installed), "warning", "2 h old")


def test_a_pause_is_no_secret(installed: Paths) -> None:
    pause(installed, 3600)
    one(checks.check_pause(installed), "warning", "until", "resume")
    pause(installed)
    one(checks.check_pause(installed), "warning", "paused:", "resume")


def test_a_full_disk_is_found(installed: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=49_000_000))
    one(checks.check_disk(installed), "problem", "49 MB")


def test_a_damaged_model_is_found(installed: Paths) -> None:
    registry = Registry(installed, Keyring.load(installed.key))
    registry.save_model(ModelRecord("m", 0.0), ModelFile({"x": 1}, b"t", b"w"))
    registry.deploy("m")
    one(checks.check_model(installed), "ok", "m is whole")
    path = registry.path("m")
    path.write_bytes(path.read_bytes()[:-1])
    one(checks.check_model(installed), "problem", "rollback", "predictions come from your history alone")
    registry.save_model(ModelRecord("n", 0.0), ModelFile({"x": 1}, b"t", b"w"))
    registry.save_model(ModelRecord("o", 0.0), ModelFile({"x": 1}, b"t", b"w"))
    registry.deploy("n")
    registry.deploy("o")
    registry.path("o").unlink()
    one(checks.check_model(installed), "problem", "o.bin", "Until then n predicts", "models rollback")


def test_a_training_is_named(installed: Paths) -> None:
    one(checks.check_training(installed), "ok", "none")
    with exclusive(installed.training_lock, "delta-learn train"):
        one(checks.check_training(installed), "ok", "delta-learn train", str(os.getpid()))


def test_a_schedule_that_never_comes_is_found(installed: Paths, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_programs(home, monkeypatch)
    one(checks.check_schedule(installed), "ok", "none", "schedule install")
    install_schedule(installed, ScheduleConfig(at="01:30"))
    one(checks.check_schedule(installed), "ok", "cron", "01:30")
    write_stamp(installed, Stamp(time.time() - 5 * 86_400))
    one(checks.check_schedule(installed), "warning", "none was done for 5 days", "crontab -l", "schedule install")
    write_stamp(installed, Stamp())
    one(checks.check_schedule(installed), "warning", "none was done yet")
