"""installation/schedule/crontab.py: one line among those of the person."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from delta_learn.config import ScheduleConfig
from delta_learn.errors import DeltaError
from delta_learn.installation.schedule import crontab as module
from delta_learn.installation.schedule import night
from delta_learn.installation.schedule.clock import TimeOfDay
from delta_learn.installation.schedule.crontab import Crontab, daemon_runs, entry
from delta_learn.paths import Paths

TWO = TimeOfDay(2, 0)
CONFIG = ScheduleConfig()
HOSTILE = [
    *("plain", "with space", "100%", "%%", "$HOME", "`id`", "~", "#"),
    *("it's", 'say "hi"', "back\\slash", "\\%", "\\\\%", "é漢"),
]
REAL = shutil.which("crontab")
"""The machine's own, found before any test puts another in its place; only ever asked to check a text."""


@pytest.fixture
def crontab(paths: Paths) -> Crontab:
    return Crontab(paths)


def table(scheduler: Path) -> bytes | None:
    file = scheduler / "crontab"
    return file.read_bytes() if file.exists() else None


def as_cron_reads(line: str) -> str:
    """The command of a line, as do_command.c of Vixie's cron unescapes it before sh gets it."""
    command, escaped = "", False
    for character in line.split(" ", 5)[5]:
        if escaped and character == "%":
            command = command[:-1]
        elif not escaped and character == "%":
            break
        escaped = character == "\\" and not escaped
        command += character
    return command


def test_it_is_first_and_asks_every_hour(crontab: Crontab, scheduler: Path) -> None:
    (scheduler / "crontab").write_bytes(b"SHELL=/bin/fish\n5 4 * * * mine\n")
    crontab.install(TimeOfDay(2, 7), CONFIG)
    first, *others = (table(scheduler) or b"").splitlines()
    assert first.startswith(b"7 * * * * umask 77; env DELTA_HOME=")
    assert b" --nightly --due 02:07 " in first
    assert others == [b"SHELL=/bin/fish", b"5 4 * * * mine"]
    assert crontab.installed() == TimeOfDay(2, 7)


def test_twice_is_once_and_another_time_takes_its_place(crontab: Crontab, scheduler: Path) -> None:
    crontab.install(TWO, CONFIG)
    once = table(scheduler)
    crontab.install(TWO, CONFIG)
    assert table(scheduler) == once
    assert (scheduler / "calls").read_text().count("crontab -\n") == 1
    crontab.install(TimeOfDay(3, 30), CONFIG)
    assert crontab.installed() == TimeOfDay(3, 30)
    assert (table(scheduler) or b"").count(b"\n") == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.binary(max_size=60).filter(lambda text: b"\0" not in text) | st.sampled_from([b"", b"\n", b"x", b"x\n\n"]))
@example(b"# delta_learn\n0 1 * * * x")
def test_install_and_remove_leave_any_crontab_as_it_was(crontab: Crontab, scheduler: Path, before: bytes) -> None:
    (scheduler / "crontab").write_bytes(before)
    crontab.install(TWO, CONFIG)
    assert crontab.installed() == TWO
    assert crontab.remove()
    assert (table(scheduler) or b"") == before
    assert not crontab.remove()


def test_where_there_was_none_there_is_none(crontab: Crontab, scheduler: Path) -> None:
    crontab.install(TWO, CONFIG)
    assert crontab.remove()
    assert table(scheduler) is None
    assert (scheduler / "calls").read_text().endswith("crontab -r\n")


@pytest.mark.parametrize("text", ["no crontab for ann", "crontab: can't open 'ann': No such file or directory"])
def test_who_has_none_yet_can_have_one(crontab: Crontab, scheduler: Path, text: str) -> None:
    (scheduler / "none").write_text(text)
    assert crontab.works()
    assert crontab.installed() is None
    crontab.install(TWO, CONFIG)
    assert crontab.installed() == TWO


def test_a_crontab_that_cannot_be_read_is_not_replaced(crontab: Crontab, scheduler: Path) -> None:
    (scheduler / "crontab").write_bytes(b"mine\n")
    (scheduler / "denied").touch()
    assert not crontab.works()
    assert crontab.installed() is None
    assert not crontab.remove()
    with pytest.raises(DeltaError, match="crontab -l"):
        crontab.install(TWO, CONFIG)
    assert table(scheduler) == b"mine\n"


def test_what_cron_refuses_is_said(crontab: Crontab, scheduler: Path) -> None:
    (scheduler / "crontab").write_bytes(b"mine\n")
    (scheduler / "refuses").touch()
    with pytest.raises(DeltaError, match=r"cron refuses .*errors in crontab file.* the old one stays"):
        crontab.install(TWO, CONFIG)
    assert table(scheduler) == b"mine\n"


def test_without_a_crontab_nothing_works(crontab: Crontab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not crontab.works()
    assert crontab.installed() is None
    assert not crontab.remove()


def test_a_line_of_another_data_set_is_not_ours_to_remove(crontab: Crontab, scheduler: Path, tmp_path: Path) -> None:
    other = Crontab(Paths(tmp_path / "home", tmp_path / "state"))
    other.install(TWO, CONFIG)
    assert crontab.installed() is None
    assert not crontab.remove()
    assert other.installed() == TWO
    crontab.install(TWO, CONFIG)  # a user has one schedule
    assert other.installed() is None
    other.install(TWO, CONFIG)
    assert crontab.remove(of_any=True)
    assert table(scheduler) is None


@pytest.mark.parametrize("change", [("0 *", "# 0 *"), ("02:00", "99:99")])
def test_a_line_that_somebody_disabled_does_not_count_and_goes(
    crontab: Crontab, scheduler: Path, change: tuple[str, str]
) -> None:
    crontab.install(TWO, CONFIG)
    file = scheduler / "crontab"
    file.write_text(file.read_text().replace(*change))
    assert crontab.installed() is None
    assert crontab.remove()
    assert table(scheduler) is None


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cron_starts_gets_every_word(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / name / "python"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" "$DELTA_HOME" "$DELTA_STATE_HOME" >&2\necho said\n')
    program.chmod(0o700)
    monkeypatch.setattr(night, "NIGHT", (str(program), "-m", "delta_learn"))
    paths = Paths(tmp_path / name / "home", tmp_path / name)
    paths.log.mkdir()
    os.umask(0o022)  # cron's; the fixture `home` gives the one before back
    done = subprocess.run(
        ["/bin/sh", "-c", as_cron_reads(entry(paths, TWO, CONFIG))], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")
    said = (paths.log / "cron.log").read_text().splitlines()
    assert (paths.log / "cron.log").stat().st_mode & 0o777 == 0o600
    assert said == ["-m", "delta_learn", "--due", "02:00", str(paths.home), str(paths.state)]


@given(st.text(st.sampled_from("\\%'\"$a "), max_size=8))
def test_what_is_escaped_comes_back(text: str) -> None:
    line = "0 * * * * " + module._escaped(shlex.quote(text)) + " end"
    assert shlex.split(as_cron_reads(line)) == [text, "end"]


@pytest.fixture
def check() -> list[str]:
    """The words with which the machine's own crontab checks a file without taking it."""
    if REAL is None:
        pytest.skip("no crontab here")
    usage = subprocess.run([REAL, "-h"], capture_output=True, text=True, check=False).stderr.lower()
    # Asked first, as -n is the name of a host to another crontab.
    for option, words in (("-n", "dry run"), ("-T", "test a crontab file")):
        if words in usage:
            return [REAL, option]
    pytest.skip("the crontab here cannot check a text without taking it")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_real_cron_takes_the_line(tmp_path: Path, check: list[str], name: str) -> None:
    line = entry(Paths(tmp_path / name, tmp_path / name), TWO, CONFIG)
    for text, taken in ((f"{line}\n", True), (f"x{line}\n", False), (line, False)):
        (tmp_path / "table").write_text(text)
        done = subprocess.run([*check, str(tmp_path / "table")], capture_output=True, check=False)
        assert (done.returncode == 0) is taken, done.stderr


def test_a_cron_is_seen_among_the_processes(tmp_path: Path) -> None:
    assert daemon_runs(tmp_path) is None
    for pid, name in (("1", "init"), ("20", "crond"), ("self", "cron")):
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "comm").write_text(f"{name}\n")
    assert daemon_runs(tmp_path)
    (tmp_path / "20" / "comm").write_text("crondial\n")
    assert daemon_runs(tmp_path) is False
