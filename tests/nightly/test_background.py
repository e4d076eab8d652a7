"""nightly/background.py: a training that outlives its terminal, and only one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from delta_learn.errors import MissingDependencyError
from delta_learn.nightly import background
from delta_learn.nightly.background import start_training
from delta_learn.paths import Paths
from delta_learn.storage.atomic import private_directory
from delta_learn.storage.lock import exclusive


def test_the_run_is_detached_and_logs(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    private_directory(paths.state)
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def popen(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(real(*arguments, **options))
        return SimpleNamespace(pid=started[-1].pid, returncode=None)  # type: ignore[return-value]

    monkeypatch.setattr(subprocess, "Popen", popen)
    run = start_training(paths)
    (process,) = started
    assert os.getsid(process.pid) == process.pid == run.pid
    assert process.wait(60) == 0
    assert run.busy is None
    assert "Nothing was trained" in run.log.read_text()
    assert run.log.stat().st_mode & 0o777 == 0o600


def test_a_run_that_is_there_is_named(paths: Paths) -> None:
    with exclusive(paths.training_lock, "delta-learn train"):
        run = start_training(paths)
    assert run.busy is not None
    assert run.pid == os.getpid()
    assert not run.log.exists()


def test_without_torch_it_is_said_at_once(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match="torch"):
        start_training(paths)


def test_python_m_is_the_same_program() -> None:
    command = [sys.executable, "-P", "-m", "delta_learn", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path("/"))
    assert done.stdout.startswith("delta-learn ")
    assert done.stderr == ""
