"""surroundings/git.py and gitwords.py: what git itself would say, from its files alone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from delta_learn.surroundings.deadline import Deadline
from delta_learn.surroundings.files import Files
from delta_learn.surroundings.here import words_here

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

Here = Callable[[str], tuple[str, ...]]
Git = Callable[..., str]


@pytest.fixture
def repository(git: Git, tree: Path) -> Path:
    """On `main`, with `fix/one`, `old` and `feature/login`, the last one left a moment ago; two remotes and a tag."""
    git("init", "-q", "-b", "main")
    git("commit", "-q", "--allow-empty", "-m", "x")
    for name in ("fix/one", "old", "feature/login"):
        git("switch", "-q", "-c", name)
    git("switch", "-q", "main")
    git("tag", "v1")
    git("remote", "add", "origin", "https://example.org/x.git")
    git("remote", "add", "fork", "https://example.org/y.git")
    git("update-ref", "refs/remotes/origin/release", "HEAD")
    return tree


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("git checkout fea", ("feature/login",)),
        ("git switch ", ("feature/login", "old", "fix/one", "origin/release", "v1", "release")),
        ("git merge f", ("feature/login", "fix/one")),
        ("git rebase -i o", ("old", "origin/release")),
        ("git branch -d o", ("old", "origin/release")),
        ("git push ", ("origin", "fork")),
        ("git push -u origin ", ("main", "feature/login", "old", "fix/one", "v1")),
        ("git push origin f", ("feature/login", "fix/one")),
        ("git pull origin m", ("main",)),
        ("git remote remove f", ("fork",)),
        ("git log m", ("main",)),
        ("git tag -d ", ("v1",)),
        ("git add n", ("new.txt",)),
        ("git restore --staged n", ("new.txt",)),
        ("git diff n", ("new.txt",)),
        ("git checkout -- n", ("new.txt",)),
        ("git --no-pager diff ma", ("main",)),
        ("git checkout -b ", ()),
        ("git switch -c f", ()),
        ("git commit ", ()),
        ("git clone ", ()),
        ("git ", ()),
        ("git ch", ()),
    ],
)
def test_words_by_command(line: str, words: tuple[str, ...], repository: Path, here: Here) -> None:
    (repository / "new.txt").touch()
    assert here(line) == words


def test_packed_references_are_known(repository: Path, git: Git, here: Here) -> None:
    before = set(here("git switch "))
    git("pack-refs", "--all")
    assert not (repository / ".git" / "refs" / "heads" / "old").exists()
    assert set(here("git switch ")) == before


def test_branches_are_those_of_git(repository: Path, git: Git, here: Here) -> None:
    branches = set(git("for-each-ref", "--format=%(refname:short)", "refs/heads").split())
    found = here("git push origin ")
    assert branches <= set(found)
    assert found[0] == git("branch", "--show-current")


def test_a_worktree_shares_branches_but_has_a_reflog_of_its_own(repository: Path, git: Git, tmp_path: Path) -> None:
    other = tmp_path / "other"
    git("worktree", "add", "-q", str(other), "old")
    words = words_here("git switch ", str(other), Deadline(30), Files())
    assert "old" not in words
    assert {"main", "fix/one", "feature/login"} <= set(words)


def test_a_submodule_has_its_own_branches(repository: Path, git: Git, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    git("init", "-q", "-b", "trunk", directory=inner)
    git("commit", "-q", "--allow-empty", "-m", "x", directory=inner)
    git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "sub")
    assert (repository / "sub" / ".git").is_file()
    assert words_here("git log t", str(repository / "sub"), Deadline(30), Files()) == ("trunk",)


def test_a_bare_repository_and_a_detached_head(repository: Path, git: Git, here: Here, tmp_path: Path) -> None:
    git("checkout", "-q", "--detach")
    assert "main" in here("git switch ")
    bare = tmp_path / "bare.git"
    git("clone", "-q", "--bare", str(repository), str(bare))
    assert words_here("git log mai", str(bare), Deadline(30), Files()) == ("main",)


def test_below_the_root_and_by_an_option(repository: Path, here: Here, tmp_path: Path) -> None:
    deep = repository / "a" / "b"
    deep.mkdir(parents=True)
    assert words_here("git switch fe", str(deep), Deadline(30), Files()) == ("feature/login",)
    assert words_here(f"git -C {repository} switch fe", str(tmp_path), Deadline(30), Files()) == ("feature/login",)
    assert words_here("git switch fe", str(tmp_path), Deadline(30), Files()) == ()


def test_reftable_and_broken_repositories_say_nothing(tree: Path, here: Here) -> None:
    git = tree / ".git"
    (git / "refs").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/.invalid\n")
    (git / "refs" / "heads").write_text("this repository uses the reftable format\n")
    assert here("git switch ") == ()
    shutil.rmtree(git)
    for text in ("gitdir: .", "gitdir: /no/such", "gitdir: .git", "", "\0"):
        git.write_text(text)
        assert here("git switch ") == ()


def test_a_branch_with_a_forged_name_is_no_command(repository: Path, git: Git, here: Here) -> None:
    git("update-ref", "refs/heads/x;rm$IFS-rf", "HEAD")
    assert here("git switch x") == (r"x\;rm\$IFS-rf",)
    (repository / ".git" / "refs" / "heads" / "bad\x1bname").write_text("0" * 40)
    assert all(word.isprintable() for word in here("git switch "))


def test_nothing_is_executed(repository: Path, here: Here, tmp_path: Path) -> None:
    hook = tmp_path / "owned"
    with (repository / ".git" / "config").open("a") as config:
        config.write(f'[core]\n\tfsmonitor = "touch {hook}"\n\tpager = "touch {hook}"\n[include]\n\tpath = /dev/zero\n')
    for line in ("git switch ", "git push ", "git log ", "git diff "):
        here(line)
    assert not hook.exists()
    assert os.path.lexists(repository / ".git")
