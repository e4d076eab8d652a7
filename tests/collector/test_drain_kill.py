"""The drain is killed at every call that touches a file; then one drain more, and everything is there exactly once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from delta_learn.collector import spoolfiles
from delta_learn.collector.drain import drain
from delta_learn.collector.store import Store
from delta_learn.paths import Paths
from delta_learn.storage.blockfile import BlockReader

SECRET = "hunter2" + "trustno1"
MISTYPED = "letme" + "in99"
CALLS = ("open", "write", "pwrite", "fsync", "fdatasync", "ftruncate", "replace", "rename", "unlink", "mkdir", "close")
SYSTEM_CALLS = "%file,write,pwrite64,fsync,fdatasync,ftruncate,flock,close"

Child = Callable[[], None]


@pytest.fixture
def before(paths: Paths, spool: Path, fake_shell: Any, tmp_path: Path) -> Path:
    """A state directory before a drain that has everything to do: returns a copy to start from."""
    alive = fake_shell(spool)
    alive.run("ls")
    alive.begin(f"mysql --password={SECRET} shop")
    mistyped = fake_shell(spool)
    mistyped.begin(MISTYPED)
    drain(Store.open(paths))
    mistyped.end(127)
    mistyped.exit()
    alive.end(7)
    alive.run("git push")
    alive.begin("make all", flags="m")
    left = fake_shell(spool)
    for generation in range(3):
        left.rotate()
        left.run(f"curl -u ann:{SECRET} http://{generation}")
    left.exit()
    dead = fake_shell(spool, pid=2**22 + 1)
    dead.run("true", 1)
    dead.write(b"\x1e1S1\0torn")
    base = tmp_path / "base"
    for root in (paths.home, paths.state):
        shutil.copytree(root, base / root.name)
    return base


EXPECTED = sorted(
    [
        ("ls", 0),
        ("mysql --password=<secret:password> shop", 7),
        ("git push", 0),
        *((f"curl -u ann:<secret:password> http://{n}", 0) for n in range(3)),
        ("true", 1),
        ("<secret:password>", 127),
    ]
)


def start_over(paths: Paths, base: Path) -> None:
    for root in (paths.home, paths.state):
        shutil.rmtree(root)
        shutil.copytree(base / root.name, root)


@pytest.fixture
def in_child(forked: Callable[[Child], int]) -> Callable[..., bool]:
    """Run `work` in a child, once `ready` was called with its pid; was it killed?"""

    def run(work: Child, ready: Callable[[int], None] = lambda pid: None) -> bool:
        listen, tell = os.pipe()

        def wait_and_work() -> None:
            os.close(tell)
            os.read(listen, 1)
            work()

        pid = forked(wait_and_work)
        os.close(listen)
        ready(pid)
        os.close(tell)
        status = os.waitpid(pid, 0)[1]
        assert status in (0, signal.SIGKILL), status
        return status != 0

    return run


def assert_exactly_once(paths: Paths) -> None:
    store = Store.open(paths)
    drain(store)
    assert sorted((e.command, e.exit_code) for e in store.entries()) == EXPECTED
    assert len(raw_records(store)) == len(EXPECTED) + 1, "one was completed, nothing else is there twice"
    assert MISTYPED not in repr(raw_records(store))
    (left,) = paths.spool.iterdir()
    assert b"ls" not in left.read_bytes()
    for path in (*paths.home.rglob("*"), *paths.state.rglob("*")):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path.name


def raw_records(store: Store) -> list[Any]:
    records = []
    for path in store.files():
        with BlockReader(path, kind="raw", keyring=store.keyring) as reader:
            records += reader.records()
    return records


def deadly(call: int, *, half: bool) -> None:
    """Kill this process at its n-th call of `CALLS`: before it, or after half of what it writes."""
    remaining = iter(range(call - 1, -1, -1))

    def wrap(real: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            if next(remaining, 1):
                return real(*args, **kwargs)
            if half and len(args) > 1 and isinstance(args[1], bytes | memoryview):
                real(args[0], args[1][: len(args[1]) // 2], *args[2:])
            os.kill(os.getpid(), signal.SIGKILL)
            raise AssertionError

        return wrapped

    for name in CALLS:
        if hasattr(os, name):
            setattr(os, name, wrap(getattr(os, name)))
    spoolfiles._sync_data = getattr(os, "fdatasync", os.fsync)


@pytest.mark.parametrize("half", [False, True])
def test_killed_at_any_call(paths: Paths, before: Path, in_child: Any, half: bool) -> None:
    start_over(paths, before)
    assert_exactly_once(paths)
    for call in range(1, 1000):
        start_over(paths, before)

        def work(call: int = call) -> None:
            deadly(call, half=half)
            drain(Store.open(paths))

        killed = in_child(work)
        assert_exactly_once(paths)
        if not killed:
            break
    assert call > 30


@pytest.fixture
def strace() -> Iterator[Callable[[int, int], None]]:
    """Attach strace to a process so that it is killed at its n-th system call that touches a file."""
    tool = shutil.which("strace")
    if tool is None:
        pytest.skip("strace is not installed")
    tracers: list[subprocess.Popen[str]] = []

    def attach(pid: int, call: int) -> None:
        inject = f"inject={SYSTEM_CALLS}:signal=KILL:when={call}"
        command = [tool, "-f", "-o", os.devnull, "-e", inject, "-p", str(pid)]
        tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        tracers.append(tracer)
        assert tracer.stderr is not None
        line = tracer.stderr.readline()
        if "attached" not in line:
            pytest.skip(f"strace may not attach here: {line.strip()}")

    yield attach
    for tracer in tracers:
        tracer.terminate()
        tracer.communicate()


@pytest.mark.slow
def test_killed_at_any_system_call(paths: Paths, before: Path, in_child: Any, strace: Any) -> None:
    for call in range(1, 2000):
        start_over(paths, before)

        def ready(pid: int, call: int = call) -> None:
            strace(pid, call)

        killed = in_child(lambda: drain(Store.open(paths)), ready)
        assert_exactly_once(paths)
        if not killed:
            break
    assert call > 100, call


def test_two_drains_at_once(paths: Paths, before: Path, in_child: Any) -> None:
    for _ in range(5):
        start_over(paths, before)
        assert not in_child(lambda: drain(Store.open(paths)), lambda _: [drain(Store.open(paths)) for _ in range(2)])
        assert_exactly_once(paths)
