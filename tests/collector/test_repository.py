"""collector/repository.py: what git itself says, from its files alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from delta_learn.collector.repository import Repositories
from delta_learn.entry import CommandEntry

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(directory: Path, *arguments: str, at: int = 1_700_000_000) -> str:
    moment = f"{at} +0100"
    environment = {
        **os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_COMMITTER_DATE": moment,
        "GIT_AUTHOR_DATE": moment, "GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@example.org",
        "GIT_COMMITTER_NAME": "Ann", "GIT_COMMITTER_EMAIL": "ann@example.org",
    }  # fmt: skip
    done = subprocess.run(
        ["git", *arguments], cwd=directory, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "-b", "trunk")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "-m", "first")
    return tmp_path


def place(directory: Path, at: float | None = None) -> dict[str, str]:
    return dict(Repositories().described(CommandEntry("make", str(directory), at)).environment)


def test_root_and_branch_are_those_of_git(tree: Path) -> None:
    below = tree / "src" / "deep"
    below.mkdir(parents=True)
    git(tree, "switch", "--quiet", "-c", "fix/one")
    assert place(below) == {
        "GIT_ROOT": git(below, "rev-parse", "--show-toplevel"),
        "GIT_BRANCH": git(below, "branch", "--show-current"),
    }


def test_the_branch_is_that_of_the_moment(tree: Path) -> None:
    git(tree, "switch", "--quiet", "-c", "one", at=1_700_000_100)
    git(tree, "switch", "--quiet", "--detach", at=1_700_000_200)
    git(tree, "switch", "--quiet", "trunk", at=1_700_000_300)
    moments = {1_700_000_050.5: "trunk", 1_700_000_150.0: "one", 1_700_000_250.0: None, 1_700_000_350.0: "trunk"}
    assert {at: place(tree, at).get("GIT_BRANCH") for at in moments} == moments


def test_a_worktree_has_a_branch_of_its_own(tree: Path) -> None:
    git(tree, "worktree", "add", "--quiet", "-b", "two", "elsewhere")
    assert place(tree / "elsewhere") == {"GIT_ROOT": str(tree / "elsewhere"), "GIT_BRANCH": "two"}


def test_without_a_branch_there_is_the_root(tree: Path) -> None:
    git(tree, "switch", "--quiet", "--detach")
    assert place(tree) == {"GIT_ROOT": str(tree)}


def test_a_directory_that_is_gone_may_have_been_in_a_repository(tree: Path) -> None:
    assert place(tree / "removed" / "since")["GIT_ROOT"] == str(tree)


@pytest.mark.parametrize("content", [b"", b"gitdir: /no/such/place\n", b"\xff\0", b"gitdir: x\0y"])
def test_a_broken_repository_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".git").write_bytes(content)
    assert place(tmp_path) == {}


@pytest.mark.parametrize("directory", ["", "relative/place", "/", "/a\0b"])
def test_places_without_a_repository_stay_as_they_are(directory: str) -> None:
    entry = CommandEntry("make", directory)
    assert Repositories().described(entry) is entry
