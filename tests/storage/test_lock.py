"""lock.py: one holder at a time, and a truthful note of who it is."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

from delta_learn.errors import LockHeldError, StorageError
from delta_learn.storage import lock
from delta_learn.storage.lock import exclusive, holder

HOLD = """
import sys
from pathlib import Path
from delta_learn.storage.lock import exclusive
with exclusive(Path(sys.argv[1]), "delta-learn train"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_elsewhere(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its standard input is closed."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        yield child


def test_a_second_process_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held_elsewhere(path) as child:
        message = rf"lock is held by `delta-learn train` \(pid {child.pid}\) since \d\d:\d\d; wait"
        with pytest.raises(LockHeldError, match=message), exclusive(path, "test"):
            pass
        found = holder(path)
        assert found is not None
        assert (found.purpose, found.pid) == ("delta-learn train", child.pid)
    with exclusive(path, "test"):
        pass


def test_the_same_process_cannot_hold_it_twice(tmp_path: Path) -> None:
    with exclusive(tmp_path / "lock", "outer"):
        with (
            pytest.raises(LockHeldError, match=f"`outer` .pid {os.getpid()}"),
            exclusive(tmp_path / "lock", "in"),
        ):
            pass
        assert holder(tmp_path / "lock") is not None


def test_an_exception_frees_the_lock_and_removes_the_note(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with pytest.raises(ValueError), exclusive(path, "test"):
        raise ValueError
    assert holder(path) is None
    assert not (tmp_path / "lock.holder").exists()
    with exclusive(path, "test"):
        pass


def test_freeing_is_not_left_to_the_garbage_collector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locks = []

    def kept(path: Path, timeout: float, mode: int) -> FileLock:
        locks.append(FileLock(path, timeout=timeout, mode=mode))
        return locks[-1]

    monkeypatch.setattr(lock, "FileLock", kept)
    for _ in range(2):
        with exclusive(tmp_path / "lock", "test"):
            assert locks[-1].is_locked
    assert len(locks) == 2


def test_timeout_waits_for_the_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held_elsewhere(path) as child:
        assert child.stdin is not None
        release = threading.Timer(0.2, child.stdin.close)
        release.start()
        with exclusive(path, "test", timeout=30):
            pass
        release.join()


def test_a_killed_holder_is_none_even_before_it_is_reaped(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held_elsewhere(path) as child:
        child.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert holder(path) is None
        child.wait()
        assert holder(path) is None
        with (
            FileLock(path),
            pytest.raises(LockHeldError, match="held by another process"),
            exclusive(path, "x"),
        ):
            pass
        with exclusive(path, "test"):
            found = holder(path)
            assert found is not None and found.pid == os.getpid()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="start times are read from /proc")
def test_a_reused_pid_is_not_taken_for_the_holder(tmp_path: Path) -> None:
    with exclusive(tmp_path / "lock", "test"):
        note = tmp_path / "lock.holder"
        facts = json.loads(note.read_text())
        note.write_text(json.dumps(facts | {"started": "1"}))
        assert holder(tmp_path / "lock") is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}'])
def test_half_a_note_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "lock.holder").write_text(text)
    assert holder(tmp_path / "lock") is None


def test_a_full_disk_does_not_prevent_locking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*args: object) -> int:
        raise StorageError("No space left")

    monkeypatch.setattr(lock, "open_private", full)
    with caplog.at_level(logging.WARNING), exclusive(tmp_path / "lock", "test"):
        assert holder(tmp_path / "lock") is None
    assert "No space left" in caplog.text


def test_what_cannot_be_locked_is_named(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    with pytest.raises(StorageError, match="lock"), exclusive(tmp_path / "lock", "test"):
        pass
