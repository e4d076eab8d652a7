"""collector/record.py: drains in the background, says nothing, always exits 0."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from delta_learn.collector import record
from delta_learn.collector.store import Store
from delta_learn.paths import Paths
from delta_learn.storage.lock import exclusive

COMMAND = [sys.executable, "-E", "-P", "-m", "delta_learn.collector.record"]
NEEDLESS = {"typer", "rich", "numpy", "torch", "sentencepiece", "sqlite3", "hypothesis"}


def start(**how: Any) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(COMMAND, text=True, capture_output=True, **how)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return done


def log_of(paths: Paths) -> str:
    return (paths.log / "drain.log").read_text()


def test_it_drains_and_says_nothing(paths: Paths, spool: Path, fake_shell: Any) -> None:
    paths.paused.write_text("")
    fake_shell(spool).run("ls")
    start()
    assert [entry.command for entry in Store.open(paths).entries()] == ["ls"]
    report = json.loads(paths.drained.read_text())
    assert report.pop("time") > 1.7e9
    assert report == {"error": None, "new": 1, "torn": 0, "dropped_sessions": 0}
    assert log_of(paths).endswith("INFO 1 new, 0 completed, 0 torn\n")
    assert all(path.stat().st_mode & 0o077 == 0 for path in (*paths.home.rglob("*"), *paths.state.rglob("*")))


def test_after_uninstalling_it_makes_nothing(paths: Paths) -> None:
    start()
    assert not paths.state.exists()
    assert not paths.home.exists()


def test_what_goes_wrong_is_logged_and_no_command_with_it(paths: Paths, spool: Path, fake_shell: Any) -> None:
    fake_shell(spool).run("a-very-private-command")
    paths.training.mkdir(parents=True)
    paths.config.write_text('{"colour": 1}')
    start()
    assert "no setting 'colour'" in log_of(paths)
    assert "no setting 'colour'" in json.loads(paths.drained.read_text())["error"]
    paths.config.unlink()
    paths.key.write_bytes(b"")
    start()
    assert "key is damaged" in json.loads(paths.drained.read_text())["error"]
    assert "private" not in log_of(paths)


def test_another_drain_is_left_alone(
    paths: Paths, spool: Path, fake_shell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_shell(spool).run("ls")
    monkeypatch.setattr(record, "_WAIT_SECONDS", 0)
    with exclusive(paths.lock, "delta-learn train"):
        record._drain(paths)
    assert "left to another" in log_of(paths)
    assert not paths.drained.exists()


def test_a_mistake_of_ours_is_named_without_its_text(
    paths: Paths, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("a-very-private-command")

    monkeypatch.setattr("delta_learn.collector.drain._move", broken)
    record._drain(paths)
    assert "unexpected ValueError at " in log_of(paths)
    assert json.loads(paths.drained.read_text())["error"].startswith("An unexpected ValueError")
    assert "private" not in log_of(paths)


def test_the_log_is_bounded(paths: Paths, spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "_LOG_BYTES", 1000)
    paths.log.mkdir(mode=0o700)
    (paths.log / "drain.log").write_text("x" * 5000)
    for _ in range(3):
        record._drain(paths)
    assert log_of(paths).count("\n") == 3
    assert sorted(path.name for path in paths.log.iterdir()) == ["drain.log", "drain.log.1"]


def test_it_leaves_the_terminal(paths: Paths, spool: Path) -> None:
    code = (
        "import os, sys; from delta_learn.collector.record import leave_terminal; leave_terminal();"
        "import signal; print(os.getsid(0) == os.getpid(), os.isatty(0), os.umask(0), os.nice(0) > 0,"
        "signal.getsignal(signal.SIGHUP) == signal.SIG_IGN)"
    )
    master, slave = pty.openpty()
    done = subprocess.run([sys.executable, "-c", code], stdin=slave, capture_output=True, text=True)
    os.close(master)
    os.close(slave)
    assert done.stdout.split() == ["True", "False", str(0o077), "True", "True"]


def test_only_what_it_needs_is_imported(paths: Paths, spool: Path) -> None:
    code = "import sys; from delta_learn.collector import record; record._drain({}); print(*sys.modules)"
    code = code.format("__import__('delta_learn.paths', fromlist=['Paths']).Paths.from_environment()")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not NEEDLESS & set(done.stdout.split())
