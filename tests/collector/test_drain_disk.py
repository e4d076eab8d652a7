"""collector/drain.py with little room: limits, full and read-only disks, shells that write while it drains."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from delta_learn.collector import drain as drain_module
from delta_learn.collector import spoolfiles
from delta_learn.collector.drain import Drained, drain, drain_at, open_store
from delta_learn.collector.store import Store
from delta_learn.errors import LockHeldError, StorageError
from delta_learn.paths import Paths
from delta_learn.storage.lock import exclusive
from tests.collector.drained import commands, configure


def test_over_the_limit_the_oldest_sessions_go(paths: Paths, spool: Path, fake_shell: Any) -> None:
    configure(paths, spool_mb=0.01)
    store = Store.open(paths)
    old, new = fake_shell(spool, began=1_795_000_000_000_000), fake_shell(spool)
    for shell in (old, new):
        shell.run("x" * 4000)
        shell.rotate()
        shell.run("x" * 4000)
    paths.raw.chmod(0o777)
    with pytest.raises(StorageError):
        drain(store)
    assert not list(spool.glob(f"{old.session}.*"))
    assert len(list(spool.glob(f"{new.session}.*"))) == 2
    assert json.loads(paths.drained.read_text())["dropped_sessions"] == 1
    paths.raw.chmod(0o700)
    assert drain(store) == Drained(new=2)
    assert json.loads(paths.drained.read_text())["dropped_sessions"] == 1, "the sum over all drains"


def test_what_is_drained_does_not_count_for_the_limit(paths: Paths, spool: Path, fake_shell: Any) -> None:
    configure(paths, spool_mb=0.001)
    shell, store = fake_shell(spool), Store.open(paths)
    shell.run("x" * 4000)
    assert drain(store) == Drained(new=1)
    assert shell.path.exists()


def test_a_store_that_cannot_be_opened_lets_the_spool_grow_no_further(
    paths: Paths, spool: Path, fake_shell: Any
) -> None:
    Store.open(paths)
    configure(paths, spool_mb=0.001)
    fake_shell(spool).run("x" * 4000)
    paths.key.write_bytes(b"broken")
    with pytest.raises(StorageError, match="key is damaged"):
        drain_at(paths, wait_seconds=0)
    assert list(spool.iterdir()) == []
    assert "key is damaged" in json.loads(paths.drained.read_text())["error"]


def test_readers_go_on_when_nothing_can_be_drained(
    paths: Paths, spool: Path, fake_shell: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain_module, "_READERS_WAIT", 0)
    shell = fake_shell(spool)
    shell.run("one")
    assert commands(open_store(paths)) == ["one"]
    shell.run("two")
    with exclusive(paths.lock, "delta-learn import"):
        assert commands(open_store(paths)) == ["one"]
        with pytest.raises(LockHeldError):
            drain(Store.open(paths), wait_seconds=0)
    assert "not moved yet" in caplog.text
    assert commands(open_store(paths)) == ["one", "two"]


def test_a_full_disk_loses_nothing(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, store = fake_shell(spool), Store.open(paths)
    for number in range(300):
        shell.run(f"command {number} {os.urandom(64).hex()}")
    before = shell.path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(StorageError, match="nothing was lost"):
            drain(store)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert shell.path.read_bytes() == before
    assert drain(store).new == 300
    assert len(set(commands(store))) == len(commands(store)) == 300


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """256 kB of disk; only root may mount it."""
    mount, umount, point = shutil.which("mount"), shutil.which("umount"), tmp_path / "disk"
    point.mkdir()
    if not mount or not umount or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    done = subprocess.run([mount, "-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs", point], capture_output=True)
    if done.returncode:
        pytest.skip("this machine lets nobody mount")
    yield point
    subprocess.run([umount, "-l", point], check=True)


def test_a_disk_without_any_space_loses_nothing(small_disk: Path, fake_shell: Any) -> None:
    paths = Paths(small_disk / "home", small_disk / "state")
    store = Store.open(paths)
    paths.spool.mkdir()
    shell = fake_shell(paths.spool)
    for number in range(500):
        shell.run(f"command {number} {os.urandom(40).hex()}")
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="No space"), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    with pytest.raises(StorageError, match="No space"):
        drain(store)
    with pytest.raises(OSError, match="No space"):
        shell.run("x" * 5000)
    ballast.unlink()
    shell.run("after")
    assert drain(store).new == 501
    assert len(set(commands(store))) == len(commands(store)) == 501


def test_a_read_only_disk_loses_nothing(small_disk: Path, fake_shell: Any) -> None:
    paths = Paths(small_disk / "home", small_disk / "state")
    store = Store.open(paths)
    paths.spool.mkdir()
    shell = fake_shell(paths.spool)
    shell.run("one")
    drain(store)
    shell.run("two")
    mount = shutil.which("mount")
    subprocess.run([mount, "-o", "remount,ro", small_disk], check=True)
    assert commands(open_store(paths)) == ["one"]
    subprocess.run([mount, "-o", "remount,rw", small_disk], check=True)
    assert commands(open_store(paths)) == ["one", "two"]


def test_a_file_that_cannot_be_wiped_brings_nothing_twice(
    paths: Paths, spool: Path, fake_shell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell, store = fake_shell(spool), Store.open(paths)
    shell.run("one")
    with monkeypatch.context() as patch:
        patch.setattr(spoolfiles, "wipe", lambda read: (_ for _ in ()).throw(StorageError("refused")))
        with pytest.raises(StorageError, match="refused"):
            drain(store)
    assert commands(store) == ["one"]
    assert drain(store) == Drained()
    assert b"one" not in shell.path.read_bytes()


@pytest.mark.slow
def test_four_shells_write_while_it_drains(paths: Paths, spool: Path, fake_shell: Any, forked: Any) -> None:
    store, children = Store.open(paths), []
    for number in range(4):

        def work(number: int = number) -> None:
            shell = fake_shell(spool)
            shell.session += str(number)
            write_on(shell, number, 5000)

        children.append(forked(work))
    drains = 0
    while children:
        drain(store)
        drains += 1
        pid, status = os.waitpid(children[0], os.WNOHANG)
        if pid:
            assert status == 0
            children.pop(0)
    drain(store)
    entries = store.entries()
    expected = {f"shell {n} command {i}" for n in range(4) for i in range(5000)}
    assert len(entries) == 20_000
    assert {e.command for e in entries} == expected
    assert {e.exit_code for e in entries} == {0}
    assert drains > 3


def write_on(shell: Any, number: int, count: int) -> None:
    """Write as the hooks do: one descriptor for many records, a new generation now and then."""
    fd = -1
    for index in range(count):
        if fd < 0 or not shell.path.exists() or index % 100 == 0:
            if fd >= 0:
                os.close(fd)
            shell.rotate()
            fd = os.open(shell.path, os.O_WRONLY | os.O_APPEND)
        start = str(int(time.time() * 1e6))
        os.write(fd, shell.record("S", str(index), start, "", "/srv", "", f"shell {number} command {index}"))
        os.write(fd, shell.record("E", str(index), start, start, "0"))
    os.write(fd, shell.record("X"))
