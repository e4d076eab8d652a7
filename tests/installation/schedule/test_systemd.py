"""installation/schedule/systemd.py and units.py: a timer of the user's systemd."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from delta_learn.config import ScheduleConfig
from delta_learn.errors import DeltaError
from delta_learn.installation.schedule import night
from delta_learn.installation.schedule.clock import TimeOfDay
from delta_learn.installation.schedule.systemd import SystemdTimer
from delta_learn.installation.schedule.units import service_text, start_line, timer_text
from delta_learn.paths import Paths

TWO = TimeOfDay(2, 0)
CONFIG = ScheduleConfig()
HOSTILE = ["plain", "with space", "100%h", "$HOME ${HOME}", "it's", 'say "hi"', "back\\slash\\x", "é漢", "; x", "@-+!:"]


@pytest.fixture
def timer(paths: Paths) -> SystemdTimer:
    return SystemdTimer(paths)


def files(units: Path) -> dict[str, str]:
    return {str(p.relative_to(units)): p.read_text() for p in units.rglob("*") if p.is_file()}


def calls(scheduler: Path) -> list[str]:
    return (scheduler / "calls").read_text().splitlines()


def test_the_timer_is_written_loaded_enabled_and_started(timer: SystemdTimer, systemd: Path, scheduler: Path) -> None:
    assert timer.works()
    timer.install(TimeOfDay(2, 7), CONFIG)
    assert timer.installed() == TimeOfDay(2, 7)
    assert sorted(files(systemd)) == [
        "delta-learn.service", "delta-learn.timer", "timers.target.wants/delta-learn.timer"
    ]  # fmt: skip
    verbs = ["daemon-reload", "enable delta-learn.timer", "restart delta-learn.timer"]
    assert calls(scheduler)[1:] == [f"systemctl {verb}" for verb in verbs]


def test_the_night_gets_what_the_settings_give(paths: Paths) -> None:
    config = ScheduleConfig(spread_minutes=2.5, nice=7, cpu_percent=50, memory_mb=900)
    service = service_text(paths, TWO, config).splitlines()
    for line in ("Type=oneshot", "Nice=7", "CPUQuota=50%", "MemoryMax=900M", "IOSchedulingClass=idle"):
        assert line in service
    timer = timer_text(TimeOfDay(2, 7), config).splitlines()
    for line in ("OnCalendar=*-*-* *:07:00", "Persistent=true", "RandomizedDelaySec=150", "WantedBy=timers.target"):
        assert line in timer


def test_another_time_takes_its_place(timer: SystemdTimer, systemd: Path) -> None:
    timer.install(TWO, CONFIG)
    timer.install(TimeOfDay(23, 59), CONFIG)
    assert timer.installed() == TimeOfDay(23, 59)
    assert "*:59:00" in (systemd / "delta-learn.timer").read_text()


def test_remove_leaves_nothing_but_what_is_not_ours(timer: SystemdTimer, systemd: Path, home: Path) -> None:
    timer.install(TWO, CONFIG)
    (systemd / "mine.service").write_text("mine")
    stamp = home / ".local" / "share" / "systemd" / "timers" / "stamp-delta-learn.timer"
    stamp.parent.mkdir(parents=True)
    stamp.touch()
    assert timer.remove()
    assert files(systemd) == {"mine.service": "mine"}
    assert not stamp.exists()
    assert timer.installed() is None
    assert not timer.remove()


def test_remove_works_where_systemd_does_not_answer(timer: SystemdTimer, systemd: Path, scheduler: Path) -> None:
    timer.install(TWO, CONFIG)
    for verb in ("disable", "daemon-reload"):
        (scheduler / verb).touch()
    assert timer.remove()
    assert files(systemd) == {}


def test_nothing_is_asked_where_nothing_is(timer: SystemdTimer, scheduler: Path) -> None:
    assert timer.installed() is None
    assert not timer.remove()
    assert not (scheduler / "calls").exists()


@pytest.mark.parametrize("verb", ["daemon-reload", "enable", "restart"])
def test_what_systemd_refuses_changes_nothing(timer: SystemdTimer, systemd: Path, scheduler: Path, verb: str) -> None:
    (scheduler / verb).touch()
    with pytest.raises(DeltaError, match=rf"{verb}.*Failed to connect to bus.*--with cron"):
        timer.install(TWO, CONFIG)
    assert files(systemd) == {}
    (scheduler / verb).unlink()
    timer.install(TWO, CONFIG)
    before = files(systemd)
    (scheduler / verb).touch()
    with pytest.raises(DeltaError, match=verb):
        timer.install(TimeOfDay(3, 0), CONFIG)
    assert files(systemd) == before
    assert calls(scheduler)[-1] == "systemctl restart delta-learn.timer"


def test_a_timer_that_is_not_enabled_does_not_count_and_goes(timer: SystemdTimer, systemd: Path) -> None:
    timer.install(TWO, CONFIG)
    (systemd / "timers.target.wants" / "delta-learn.timer").unlink()
    assert timer.installed() is None
    assert timer.remove()
    assert files(systemd) == {}


def test_a_timer_of_another_data_set_is_not_ours_to_remove(timer: SystemdTimer, systemd: Path, tmp_path: Path) -> None:
    other = SystemdTimer(Paths(tmp_path / "home", tmp_path / "state"))
    other.install(TWO, CONFIG)
    assert timer.installed() is None
    assert not timer.remove()
    assert other.installed() == TWO
    assert timer.remove(of_any=True)
    assert files(systemd) == {}


@pytest.mark.usefixtures("systemd")
@pytest.mark.parametrize("name", HOSTILE)
def test_any_path_is_known_again(tmp_path: Path, name: str) -> None:
    timer = SystemdTimer(Paths(tmp_path / name, tmp_path / name))
    timer.install(TWO, CONFIG)
    assert timer.installed() == TWO
    assert timer.remove()


def test_xdg_directories_are_obeyed(
    paths: Paths, systemd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    SystemdTimer(paths).install(TWO, CONFIG)
    assert (tmp_path / "systemd" / "user" / "delta-learn.timer").exists()
    assert not systemd.exists()


def test_quotes_variables_and_specifiers_stay_what_they_are() -> None:
    assert start_line(['a "b" \\', "$x %h"]) == r'/usr/bin/env "a \"b\" \\" "$$x %%h"'


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_real_systemd_takes_the_units(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    program = tmp_path / name / "python"
    program.parent.mkdir()
    program.write_text("")
    program.chmod(0o700)
    monkeypatch.setattr(night, "NIGHT", (str(program), "-E", "-m", "delta_learn"))
    units = [tmp_path / "delta-learn.service", tmp_path / "delta-learn.timer"]
    units[0].write_text(service_text(Paths(tmp_path / name, tmp_path / name), TWO, CONFIG))
    units[1].write_text(timer_text(TWO, CONFIG))
    verify = ["systemd-analyze", "--user", "verify", *map(str, units)]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    units[0].write_text(units[0].read_text().replace("Nice=19", "Nice=many"))
    assert subprocess.run(verify, capture_output=True, text=True, check=False).stderr
