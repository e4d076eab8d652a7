"""collector/drain.py: from the spool to the shards, each command once, nothing that must not be kept."""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from delta_learn.collector.drain import Drained, drain
from delta_learn.collector.store import Store
from delta_learn.errors import UnsafeFileError
from delta_learn.paths import Paths
from tests.collector.drained import commands

NOT_A_PROCESS = 2**22 + 1
"""Above the greatest pid of Linux."""
DAY = 86_400


def test_without_a_spool_nothing_is_done(paths: Paths) -> None:
    assert drain(Store.open(paths)) == Drained()
    assert not paths.spool.exists()
    assert not paths.drained.exists()


def test_a_session_goes_to_the_shards(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell = fake_shell(spool)
    shell.run("ls", environment={"NODE_ENV": "test"})
    shell.run("false", 1)
    shell.exit()
    store = Store.open(paths)
    assert drain(store) == Drained(new=2)
    first, second = store.entries()
    assert (first.command, first.exit_code, first.duration_ms, first.directory) == ("ls", 0, 500, "/srv")
    assert (first.session, first.sequence, first.shell, first.source) == (shell.session, 0, "zsh", "typed")
    assert first.environment == {"NODE_ENV": "test"}
    assert first.system_info == {"host": os.uname().nodename, "user": "ann", "system": "linux-gnu x86_64",
                                 "shell": "zsh 5.9"}  # fmt: skip
    assert (second.command, second.exit_code, dict(second.system_info)) == ("false", 1, {})
    assert list(spool.iterdir()) == []
    assert drain(store) == Drained()


def test_a_running_command_is_kept_at_once_and_completed_later(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, store = fake_shell(spool), Store.open(paths)
    shell.begin("make")
    assert drain(store) == Drained(new=1)
    assert store.entries()[0].exit_code is None
    assert b"make" not in shell.path.read_bytes()
    shell.end(2)
    shell.run("ls")
    assert drain(store) == Drained(new=1, completed=1)
    assert [(e.command, e.exit_code, e.duration_ms) for e in store.entries()] == [("make", 2, 500), ("ls", 0, 500)]
    assert [bool(e.system_info) for e in store.entries()] == [True, False]


def test_a_command_over_midnight_is_completed_in_its_own_day(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, store = fake_shell(spool), Store.open(paths)
    shell.begin("train", start=int((time.time() - 5 * DAY) * 1e6))
    drain(store)
    shell.end(0, after=5 * DAY * 1_000_000)
    assert drain(store).completed == 1
    (entry,) = store.entries()
    assert (entry.exit_code, entry.duration_ms) == (0, 5 * DAY * 1000)
    assert len(store.files()) == 1


def test_what_was_forgotten_is_not_completed(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, store = fake_shell(spool), Store.open(paths)
    shell.begin("make")
    drain(store)
    store.forget(lambda entry: True)
    shell.end(0)
    assert drain(store) == Drained()
    assert store.entries() == []


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def move(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield move
    monkeypatch.undo()
    time.tzset()


def test_the_day_is_the_local_day_of_the_start(paths: Paths, spool: Path, fake_shell: Any, zone: Any) -> None:
    zone("UTC+8")
    noon = 1_795_348_800
    fake_shell(spool, pid=NOT_A_PROCESS).run("late", start=(noon - 6 * 3600) * 1_000_000)
    store = Store.open(paths)
    drain(store)
    assert [path.name for path in store.files()] == ["commands_2026-11-21.bin"]


def test_a_journey_over_time_zones_brings_nothing_twice(
    paths: Paths, spool: Path, fake_shell: Any, zone: Any, tmp_path: Path
) -> None:
    zone("UTC+11")
    shell, store = fake_shell(spool), Store.open(paths)
    for hour in range(0, 48, 3):
        shell.begin(f"c{hour}", start=(1_795_348_800 + hour * 3600) * 1_000_000)
    shutil.copy(shell.path, tmp_path / "copy")
    assert drain(store).new == 16
    shutil.copy(tmp_path / "copy", shell.path)
    zone("UTC-14")
    shell.end(3)
    assert drain(store) == Drained(completed=1)
    assert len(store.entries()) == 16


def test_a_clock_that_jumps_loses_and_doubles_nothing(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, store = fake_shell(spool), Store.open(paths)
    now = int(time.time() * 1e6)
    for number, start in enumerate([now, 0, now + 400 * DAY * 1_000_000, 5, now]):
        shell.begin(f"c{number}", start=start)
        if number % 2:
            shell.end(0, after=-3)
        drain(store)
    assert sorted(commands(store)) == ["c0", "c1", "c2", "c3", "c4"]
    assert [e.command for e in store.entries() if e.session == shell.session] == ["c0", "c1", "c2", "c3", "c4"]
    assert {e.duration_ms for e in store.entries()} == {None}


def test_finished_generations_go_and_the_newest_is_wiped(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell = fake_shell(spool)
    shell.run("one")
    shell.rotate()
    shell.run("two")
    size = shell.path.stat().st_size
    header = shell.path.read_bytes().partition(b"\n")[0] + b"\n"
    drain(Store.open(paths))
    assert [path.name for path in spool.iterdir()] == [shell.path.name]
    assert shell.path.read_bytes() == header + bytes(size - len(header))


def test_the_file_of_a_dead_shell_goes_with_its_torn_end(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell = fake_shell(spool, pid=NOT_A_PROCESS)
    shell.run("one")
    shell.write(b"\x1e1S1\0")
    assert drain(Store.open(paths)) == Drained(new=1, torn=1)
    assert list(spool.iterdir()) == []


def test_the_torn_end_of_a_live_shell_is_read_when_it_is_whole(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, store = fake_shell(spool), Store.open(paths)
    shell.run("one")
    record = shell.record("S", "1", str(shell.clock), "", "/srv", "", "two")
    shell.write(record[:20])
    assert drain(store) == Drained(new=1)
    shell.write(record[20:])
    assert drain(store) == Drained(new=1)
    assert commands(store) == ["one", "two"]


def test_the_shell_of_another_host_counts_as_alive(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell = fake_shell(spool, pid=NOT_A_PROCESS, host="elsewhere")
    shell.run("one")
    assert drain(Store.open(paths)).new == 1
    assert shell.path.exists()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc")
def test_a_pid_that_another_process_has_now_is_no_live_shell(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell = fake_shell(spool, began=int((time.time() - 30 * DAY) * 1e6))
    shell.run("one")
    assert drain(Store.open(paths)).new == 1
    assert list(spool.iterdir()) == []


def test_a_file_that_nobody_touches_goes_after_a_week(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, store = fake_shell(spool, host="elsewhere"), Store.open(paths)
    shell.begin("one")
    shell.write(b"\x1e1E0\0")
    for days, drained in ((0, Drained(new=1)), (6, Drained()), (8, Drained(torn=1))):
        os.utime(shell.path, (time.time() - days * DAY,) * 2)
        assert drain(store) == drained
        assert shell.path.exists() is (days < 7)
    shell.end()
    assert drain(store) == Drained(completed=1), "the shell began another generation"


def test_what_is_no_spool_file_is_left_alone(paths: Paths, spool: Path) -> None:
    for name in ("notes", "zsh-1-2-3", "zsh-1-2-3.0.swp", "zsh-x-2-3.0", "ZSH-1-2-3.0"):
        (spool / name).write_text("mine")
    (spool / "zsh-1-2-3.0").mkdir()
    drain(Store.open(paths))
    assert len(list(spool.iterdir())) == 6
    assert (spool / "notes").read_text() == "mine"


def test_files_that_others_may_write_are_passed_over(
    paths: Paths, spool: Path, fake_shell: Any, caplog: pytest.LogCaptureFixture
) -> None:
    unsafe, safe = fake_shell(spool), fake_shell(spool)
    safe.run("mine")
    unsafe.run("forged")
    unsafe.path.chmod(0o622)
    store = Store.open(paths)
    assert drain(store).new == 1
    assert commands(store) == ["mine"]
    assert unsafe.path.exists()
    assert "open to other users" in caplog.text


def test_a_spool_that_others_may_write_is_refused(paths: Paths, spool: Path) -> None:
    spool.chmod(0o777)
    with pytest.raises(UnsafeFileError, match="spool is open to other users"):
        drain(Store.open(paths))


def test_nothing_of_a_command_is_logged(
    paths: Paths, spool: Path, fake_shell: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shell = fake_shell(spool, pid=NOT_A_PROCESS)
    shell.run("a-very-private-command", directory="/a-very-private-place")
    shell.write(b"\x1e1Sa-very-private-torn-record")
    drain(Store.open(paths))
    assert "private" not in caplog.text
