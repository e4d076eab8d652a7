"""cli/schedule.py: install, show, remove; and `train --due`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from delta_learn.config import Config
from delta_learn.errors import ConfigError, DeltaError
from delta_learn.installation.schedule import crontab
from delta_learn.installation.schedule.clock import TimeOfDay
from delta_learn.installation.schedule.stamp import Stamp, read_stamp, write_stamp
from delta_learn.paths import Paths
from tests.installation.schedule.conftest import fake_programs

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def scheduler(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the programs of tests/installation/schedule keep; systemd does not answer until `show-environment` goes."""
    monkeypatch.setattr(crontab, "daemon_runs", lambda: True)
    return fake_programs(home, monkeypatch)


def test_install_show_remove(run: Run, paths: Paths, scheduler: Path) -> None:
    result = run("schedule", "install", "--at", "03:30")
    assert "every day from 03:30 on: your crontab looks once an hour" in result.stdout
    assert result.stderr == ""
    assert Config.load(paths.config).schedule.at == "03:30"
    shown = run("schedule", "show").stdout
    coming = TimeOfDay(3, 30).next(time.time())
    assert time.strftime("%Y-%m-%d 03:30", time.localtime(coming)) in shown
    assert json.loads(run("schedule", "show", "--json").stdout) == {"way": "cron", "at": "03:30", "next": coming}
    assert "your crontab did" in run("schedule", "remove").stdout
    assert not (scheduler / "crontab").exists()
    assert "Nothing was scheduled" in run("schedule", "remove").stdout
    assert "schedule install" in run("schedule", "show").stdout
    assert json.loads(run("schedule", "show", "--json").stdout) == {"way": None, "at": None, "next": None}


def test_systemd_says_when_it_runs(run: Run, scheduler: Path) -> None:
    (scheduler / "show-environment").unlink()
    result = run("schedule", "install")
    assert "every day from 02:00 on: systemd (delta-learn.timer)" in result.stdout
    assert "enable-linger" in result.stdout
    assert json.loads(run("schedule", "show", "--json").stdout)["way"] == "systemd"
    assert "systemd (delta-learn.timer) did" in run("schedule", "remove").stdout


def test_the_setting_is_the_time_where_none_is_given(run: Run, scheduler: Path) -> None:
    run("config", "set", "schedule.at", "23:15")
    run("schedule", "install")
    assert (scheduler / "crontab").read_text().startswith("15 * * * * ")
    assert " --due 23:15 " in (scheduler / "crontab").read_text()


@pytest.mark.parametrize("at", ["", "2", "2:00", "24:00", "two", "02:00 "])
def test_a_time_that_is_none_installs_nothing(run: Run, paths: Paths, scheduler: Path, at: str) -> None:
    with pytest.raises(ConfigError, match="write HH:MM"):
        run("schedule", "install", "--at", at)
    assert not (scheduler / "crontab").exists()
    assert not paths.config.exists()


def test_where_nothing_works_no_setting_is_changed(run: Run, paths: Paths, scheduler: Path) -> None:
    (scheduler / "denied").touch()
    with pytest.raises(DeltaError, match="Nothing was scheduled"):
        run("schedule", "install", "--at", "03:30")
    assert not paths.config.exists()
    assert run("schedule", "install", "--with", "launchd").exit_code == 2


def test_it_is_one_sentence_where_there_is_neither(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "delta_learn", "schedule", "install"]
    done = subprocess.run(
        command, env={**os.environ, "PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert "neither `systemctl --user` nor `crontab` works" in line


def test_a_cron_that_does_not_run_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crontab, "daemon_runs", lambda: False)
    result = run("schedule", "install")
    assert result.exit_code == 0
    assert "no cron is seen running" in result.stderr


def test_status_says_when_the_next_night_can_begin(run: Run, paths: Paths) -> None:
    assert json.loads(run("status", "--json").stdout)["next_training"] is None
    run("schedule", "install")
    coming = json.loads(run("status", "--json").stdout)["next_training"]
    assert coming == TimeOfDay(2, 0).next(time.time())
    assert time.strftime("%Y-%m-%d 02:00", time.localtime(coming)) in run("status").stdout


def test_uninstall_says_that_nothing_trains_any_more(run: Run, scheduler: Path) -> None:
    run("schedule", "install")
    assert "Nothing trains by itself any more: the entry is out of cron." in run("uninstall").stdout
    assert not (scheduler / "crontab").exists()


def test_a_night_that_is_not_due_touches_nothing(run: Run, paths: Paths) -> None:
    write_stamp(paths, Stamp(time.time()))
    before = sorted(paths.state.rglob("*"))
    assert run("train", "--nightly", "--due", "02:00").output == ""
    assert sorted(paths.state.rglob("*")) == before
    assert not paths.home.exists()


def test_a_night_that_is_due_is_asked_for_once(run: Run, paths: Paths) -> None:
    write_stamp(paths, Stamp(1e9))
    assert "0 entries are kept" in run("train", "--nightly", "--due", "02:00").stdout
    stamp = read_stamp(paths)
    assert stamp is not None
    assert stamp.done > 1e9
    assert run("train", "--nightly", "--due", "02:00").output == ""
    with pytest.raises(ConfigError, match="write HH:MM"):
        run("train", "--nightly", "--due", "soon")
