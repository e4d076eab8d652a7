"""Trees of files to look at, and a git that reads no configuration of the machine."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from delta_learn.surroundings.deadline import Deadline
from delta_learn.surroundings.files import Files
from delta_learn.surroundings.here import words_here

Here = Callable[[str], tuple[str, ...]]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    return root


@pytest.fixture
def here(tree: Path) -> Here:
    """Words for a line that is typed in `tree`."""
    files = Files()
    return lambda line: words_here(line, str(tree), Deadline(30), files)


@pytest.fixture
def make(tree: Path) -> Callable[..., None]:
    """Makes files in `tree`, and directories where a name ends with a slash; the last one is the newest."""
    made = [1_700_000_000.0]

    def create(*names: str, text: str = "") -> None:
        for name in names:
            path = tree / name
            if name.endswith("/"):
                path.mkdir(parents=True, exist_ok=True)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            made[0] += 1
            os.utime(path, (made[0], made[0]))

    return create


@pytest.fixture
def git(tree: Path) -> Callable[..., str]:
    environment = {
        **os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_AUTHOR_NAME": "Ann",
        "GIT_AUTHOR_EMAIL": "ann@example.org", "GIT_COMMITTER_NAME": "Ann", "GIT_COMMITTER_EMAIL": "ann@example.org",
    }  # fmt: skip

    def run(*arguments: str, directory: Path | None = None) -> str:
        command: Sequence[str] = ["git", *arguments]
        done = subprocess.run(
            command, cwd=directory or tree, env=environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    return run
