"""installation/schedule/schedule.py: who starts the night."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from delta_learn.config import ScheduleConfig
from delta_learn.errors import ConfigError, DeltaError
from delta_learn.installation.install import uninstall
from delta_learn.installation.schedule import night
from delta_learn.installation.schedule.clock import TimeOfDay
from delta_learn.installation.schedule.schedule import (
    Schedule,
    install_schedule,
    installed_schedule,
    next_training,
    remove_schedule,
)
from delta_learn.installation.schedule.stamp import Stamp, read_stamp, stamp_file, write_stamp
from delta_learn.paths import Paths
from delta_learn.storage.lock import exclusive

CONFIG = ScheduleConfig()
TWO = TimeOfDay(2, 0)


@pytest.mark.usefixtures("systemd")
def test_systemd_is_taken_where_it_works(paths: Paths, scheduler: Path) -> None:
    assert install_schedule(paths, CONFIG) == installed_schedule(paths) == Schedule("systemd", TWO)
    assert not (scheduler / "crontab").exists()


def test_else_cron_is(paths: Paths, scheduler: Path) -> None:
    assert install_schedule(paths, CONFIG) == installed_schedule(paths) == Schedule("cron", TWO)
    assert (scheduler / "crontab").exists()


def test_one_takes_the_place_of_the_other(paths: Paths, scheduler: Path, systemd: Path, tmp_path: Path) -> None:
    other = Paths(tmp_path / "home", tmp_path / "state")
    for first in (other, paths):
        install_schedule(first, CONFIG, "cron")
        install_schedule(paths, CONFIG)
        assert installed_schedule(paths) == Schedule("systemd", TWO)
        assert not (scheduler / "crontab").exists()
        install_schedule(first, CONFIG)
        install_schedule(paths, CONFIG, "cron")
        assert installed_schedule(paths) == Schedule("cron", TWO)
        assert not list(systemd.glob("delta-learn*"))


@pytest.mark.parametrize("way", ["systemd", "cron", None])
def test_where_nothing_works_it_is_said_how(paths: Paths, scheduler: Path, way: str | None) -> None:
    (scheduler / "denied").touch()
    with pytest.raises(DeltaError, match=r"--due 02:00` started every hour.*launchd") as error:
        install_schedule(paths, CONFIG, way)  # type: ignore[arg-type]
    assert sys.executable in str(error.value)
    assert ("systemctl" in str(error.value), "crontab" in str(error.value)) == (way != "cron", way != "systemd")
    assert read_stamp(paths) is None
    assert installed_schedule(paths) is None


@pytest.mark.parametrize("name", ["new\nline", "bell\a", "\udcff"])
def test_a_path_that_cannot_be_written_is_refused(tmp_path: Path, scheduler: Path, name: str) -> None:
    for paths in (Paths(tmp_path / name, tmp_path), Paths(tmp_path, tmp_path / name)):
        with pytest.raises(DeltaError, match="move it"):
            install_schedule(paths, CONFIG)
        assert installed_schedule(paths) is None
        assert remove_schedule(paths) == []
    assert not (scheduler / "crontab").exists()


def test_an_interpreter_that_cannot_be_written_is_refused(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(night, "NIGHT", ("/a\nb/python", "-m", "delta_learn"))
    with pytest.raises(DeltaError, match="move it"):
        install_schedule(paths, CONFIG)


def test_the_first_night_is_the_coming_one(paths: Paths) -> None:
    now = time.time()
    schedule = install_schedule(paths, CONFIG)
    assert next_training(paths, schedule, now + 1) == TWO.next(now + 1)


def test_a_missed_night_is_not_forgotten_when_it_is_installed_again(paths: Paths) -> None:
    write_stamp(paths, Stamp(1e9))
    schedule = install_schedule(paths, CONFIG)
    assert read_stamp(paths) == Stamp(1e9)
    assert 0 < next_training(paths, schedule, time.time()) - time.time() <= 3600


@pytest.mark.usefixtures("systemd")
def test_remove_takes_everything_out(paths: Paths) -> None:
    install_schedule(paths, CONFIG)
    assert remove_schedule(paths) == ["systemd"]
    install_schedule(paths, CONFIG, "cron")
    assert remove_schedule(paths) == ["cron"]
    assert not stamp_file(paths).exists()
    assert installed_schedule(paths) is None
    assert remove_schedule(paths) == []


@pytest.mark.parametrize("way", ["systemd", "cron"])
@pytest.mark.parametrize("purge", [False, True])
def test_uninstall_takes_it_out(paths: Paths, systemd: Path, scheduler: Path, way: str, purge: bool) -> None:
    install_schedule(paths, CONFIG, way)  # type: ignore[arg-type]
    assert uninstall(paths, purge=purge).scheduled == [way]
    assert not (scheduler / "crontab").exists()
    assert not list(systemd.glob("delta-learn*"))
    assert not stamp_file(paths).exists()
    assert paths.state.exists() is not purge


def test_uninstall_ends_a_training(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[Path] = []
    monkeypatch.setattr("delta_learn.installation.install.end_holder", lambda path, seconds: ended.append(path))
    with exclusive(paths.training_lock, "delta-learn train"):
        uninstall(paths)
    assert paths.training_lock in ended


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("at", ["00:00", "23:59"], ["24:00", "2:00", "02:00\n"]),
        ("nice", [0, 19], [-1, 20]),
        ("spread_minutes", [0.0, 60.0], [-1.0, 61.0]),
        ("cpu_percent", [1], [0]),
        ("memory_mb", [1], [0]),
    ],
)
def test_settings_have_bounds(name: str, good: list[object], bad: list[object]) -> None:
    for value in good:
        assert getattr(ScheduleConfig(**{name: value}), name) == value  # type: ignore[arg-type]
    for value in bad:
        with pytest.raises(ConfigError, match=rf"schedule\.{name} must be"):
            ScheduleConfig(**{name: value})  # type: ignore[arg-type]
