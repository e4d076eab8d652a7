"""The server as a process: one for each user, whatever becomes of the one before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from delta_learn.cli.app import app
from delta_learn.collector.store import Store
from delta_learn.installation.install import uninstall
from delta_learn.paths import Paths
from delta_learn.serving import client as client_module
from delta_learn.serving import daemon
from delta_learn.serving.address import published
from delta_learn.serving.client import ask_why, is_alive
from delta_learn.storage.lock import holder

DEADLINE = 30.0

Start = Callable[[], subprocess.Popen[bytes]]


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)  # between two looks at another process


@pytest.fixture
def spool(paths: Paths) -> Path:
    """As `install` leaves it."""
    Store.open(paths)
    paths.spool.mkdir(parents=True, mode=0o700)
    return paths.spool


@pytest.fixture
def start(spool: Path) -> Iterator[Start]:
    """Start the entrypoint as the shells do, with stderr for whoever looks."""
    started: list[subprocess.Popen[bytes]] = []

    def begin() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-E", "-P", "-m", "delta_learn.serving.daemon"]
        started.append(
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        )
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def test_it_serves_until_it_is_told_to_stop_and_leaves_nothing(paths: Paths, start: Start) -> None:
    server = start()
    until(lambda: is_alive(paths))
    place = published(paths)
    assert place is not None
    assert place.parent.stat().st_mode & 0o777 == 0o700
    assert holder(paths.server_lock).pid == server.pid  # type: ignore[union-attr]
    assert ask_why(paths) == {}
    server.terminate()
    assert server.communicate(timeout=DEADLINE)[0] == b""
    assert server.returncode == 0
    assert not place.parent.exists()
    assert published(paths) is None
    assert not is_alive(paths)


def test_a_second_one_leaves_at_once(paths: Paths, start: Start) -> None:
    first = start()
    until(lambda: is_alive(paths))
    second = start()
    assert second.communicate(timeout=DEADLINE)[0] == b""
    assert second.returncode == 0
    assert first.poll() is None
    assert is_alive(paths)


def test_after_a_killed_one_the_next_takes_its_place(paths: Paths, start: Start) -> None:
    first = start()
    until(lambda: is_alive(paths))
    place = published(paths)
    first.kill()
    first.wait()
    assert published(paths) == place, "the address is stale"
    assert not is_alive(paths)
    start()
    until(lambda: is_alive(paths))
    assert published(paths) != place


def test_one_that_does_not_answer_is_replaced(paths: Paths, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    first = start()
    until(lambda: is_alive(paths))
    first.send_signal(signal.SIGSTOP)
    monkeypatch.setattr(client_module, "DEADLINE_SECONDS", 0.2)
    monkeypatch.setattr(daemon, "_GRACE_SECONDS", 0.0)
    monkeypatch.setattr(daemon, "ENDING_SECONDS", 0.1)
    monkeypatch.setattr(daemon, "_serve_alone", record := Recorder(daemon._serve_alone))
    daemon.serve_here(paths)
    assert first.wait() == -signal.SIGKILL
    assert record.calls == 2, "the lock was free then"


class Recorder:
    """Serves for a moment only: what it is given stops at once, when it has the lock."""

    def __init__(self, serve: Callable[..., None]) -> None:
        self.calls = 0
        self._serve = serve

    def __call__(self, paths: Paths, patience: float = 0.0) -> None:
        self.calls += 1
        if self.calls == 1:
            self._serve(paths, patience)  # raises: the lock is held
        with daemon.exclusive(paths.server_lock, "test", timeout=patience):
            pass


def test_one_that_began_a_moment_ago_is_left_alone(paths: Paths, start: Start) -> None:
    first = start()
    until(lambda: holder(paths.server_lock))
    first.send_signal(signal.SIGSTOP)
    second = start()
    second.communicate(timeout=DEADLINE)
    assert first.poll() is None


def test_without_an_installation_it_does_nothing(paths: Paths, start: Start) -> None:
    paths.spool.rmdir()
    server = start()
    assert server.communicate(timeout=DEADLINE)[0] == b""
    assert not paths.address.exists()


def test_what_went_wrong_stands_in_the_log_only(paths: Paths, start: Start) -> None:
    paths.training.mkdir(parents=True, exist_ok=True)
    paths.config.write_text("{")
    server = start()
    assert server.communicate(timeout=DEADLINE)[0] == b""
    assert server.returncode == 0
    assert "is not JSON" in (paths.log / "serve.log").read_text()


def test_it_outlives_the_terminal(paths: Paths, start: Start) -> None:
    server = start()
    until(lambda: is_alive(paths))
    assert os.getsid(server.pid) == server.pid
    server.send_signal(signal.SIGHUP)
    assert is_alive(paths)


def test_uninstall_ends_it(paths: Paths, start: Start) -> None:
    server = start()
    until(lambda: is_alive(paths))
    uninstall(paths)
    assert server.wait(timeout=DEADLINE) == 0
    assert not paths.address.parent.exists()


def test_it_can_be_told_to_stop_from_the_command_line(paths: Paths, start: Start) -> None:
    server = start()
    until(lambda: is_alive(paths))
    runner = CliRunner()
    assert f"(pid {server.pid}) has ended" in runner.invoke(app, ["serve", "--stop"]).output
    assert server.wait(timeout=DEADLINE) == 0
    assert runner.invoke(app, ["serve", "--stop"]).output == "No server is running.\n"
