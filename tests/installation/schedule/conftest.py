"""A crontab and a systemctl that are not those of whoever runs the tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def scheduler(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """See `fake_programs`."""
    return fake_programs(home, monkeypatch)


def fake_programs(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What `programs/` keep: `crontab`, `calls`; and files that make them fail (see there). systemd does not answer."""
    directory = home / "scheduler"
    directory.mkdir()
    (directory / "none").write_text("no crontab for ann\n")
    (directory / "show-environment").touch()
    monkeypatch.setenv("SCHEDULER", str(directory))
    monkeypatch.setenv("PATH", f"{Path(__file__).parent / 'programs'}{os.pathsep}{os.environ['PATH']}")
    return directory


@pytest.fixture
def systemd(scheduler: Path) -> Path:
    """systemd answers; the directory of the user's units."""
    (scheduler / "show-environment").unlink()
    return scheduler.parent / ".config" / "systemd" / "user"
