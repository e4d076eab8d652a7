"""Every test lives in a home of its own: no user path is ever read or written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from delta_learn.paths import Paths

# No test may depend on how busy the machine is; in CI a property fails for the change, not for the day's draw.
settings.register_profile("house", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty HOME, with every variable that names a user path pointing into it."""
    root = tmp_path_factory.mktemp("home")
    for name in [n for n in os.environ if n.startswith(("DELTA_", "XDG_", "ATUIN_", "MCFLY_", "HIST"))]:
        monkeypatch.delenv(name)
    for name in ("HOME", "DELTA_HOME", "DELTA_STATE_HOME", "TMPDIR", "ZDOTDIR"):
        path = root if name in ("HOME", "ZDOTDIR") else root / name.lower()
        monkeypatch.setenv(name, str(path))
    (root / "tmpdir").mkdir()
    previous = os.umask(0o077)
    yield root
    os.umask(previous)


@pytest.fixture
def paths(home: Path) -> Paths:
    """The paths of this test's home."""
    return Paths.from_environment()
