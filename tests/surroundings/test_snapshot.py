"""surroundings/snapshot.py: the answers of the files, each looked up once and by another thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from delta_learn.surroundings.deadline import Deadline
from delta_learn.surroundings.exists import stands
from delta_learn.surroundings.files import Files
from delta_learn.surroundings.here import words_here
from delta_learn.surroundings.snapshot import Snapshot


class Watched(Files):
    """Says in which threads it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: list[int] = []

    def names(self, directory: str) -> Any:
        self.threads.append(threading.get_ident())
        return super().names(directory)

    def status(self, path: str, *, follow: bool = True) -> Any:
        self.threads.append(threading.get_ident())
        return super().status(path, follow=follow)


@pytest.mark.parametrize("line", ["vim ", "vim s", "cd ", "git add ", "python -m ", "make ", "ls /", "ssh ", ""])
def test_words_are_those_of_the_files(tree: Path, make: Callable[..., None], line: str) -> None:
    make("setup.py", "src/main.py", "notes.txt", "Makefile", text="all:\n")
    snapshot = Snapshot(Files())
    plain = words_here(line, str(tree), Deadline(30), Files())
    for _ in range(2):
        assert words_here(line, str(tree), Deadline(30), snapshot) == plain


@pytest.mark.parametrize("command", ["cat a.txt", "cat b.txt", "cd here", "cd nowhere", "rm a.txt b.txt", "./run"])
def test_what_stands_is_what_stands_by_the_files(tree: Path, make: Callable[..., None], command: str) -> None:
    make("a.txt", "here/")
    snapshot = Snapshot(Files())
    for _ in range(2):
        assert stands(command, str(tree), Deadline(30), snapshot) == stands(command, str(tree), Deadline(30), Files())


def test_each_thing_is_looked_up_once_and_never_by_who_waits(tree: Path, make: Callable[..., None]) -> None:
    make("a.txt", "b.txt")
    watched = Watched()
    snapshot = Snapshot(watched)
    for line in ("vim ", "vim a", "cat ", "less b"):
        assert words_here(line, str(tree), Deadline(30), snapshot)
    assert not stands("cat c.txt", str(tree), Deadline(30), snapshot)
    looked = len(watched.threads)
    assert not stands("less c.txt", str(tree), Deadline(30), snapshot)
    assert len(watched.threads) == looked == 2
    assert threading.get_ident() not in watched.threads


def test_what_changes_later_is_not_seen(tree: Path, make: Callable[..., None]) -> None:
    make("a.txt")
    snapshot = Snapshot(Files())
    before = words_here("vim ", str(tree), Deadline(30), snapshot)
    make("b.txt")
    assert words_here("vim ", str(tree), Deadline(30), snapshot) == before
    assert "b.txt" in words_here("vim ", str(tree), Deadline(30), Snapshot(Files()))


def test_nothing_is_known_in_no_time(tree: Path, make: Callable[..., None]) -> None:
    make("a.txt")
    assert words_here("vim ", str(tree), Deadline(0), Snapshot(Files())) == ()
