"""surroundings/files.py: caps, caches, and what must not hold the server."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from delta_learn.surroundings.deadline import Deadline
from delta_learn.surroundings.exists import stands
from delta_learn.surroundings.files import LISTING_SECONDS, MOST_NAMES, Files
from delta_learn.surroundings.here import words_here


class Scan:
    """os.scandir that counts, and hangs in some directories."""

    def __init__(self) -> None:
        self.calls = 0
        self.read = 0
        self.hangs: str | None = None
        self.back = threading.Event()

    def __call__(self, path: str) -> Any:
        self.calls += 1
        if path == self.hangs:
            self.back.wait()
        return _Counted(os.scandir(path), self)


class _Counted:
    def __init__(self, entries: Any, scan: Scan) -> None:
        self.entries, self.scan = entries, scan

    def __enter__(self) -> _Counted:
        return self

    def __exit__(self, *_: object) -> None:
        self.entries.close()

    def __iter__(self) -> Iterator[os.DirEntry[str]]:
        for entry in self.entries:
            self.scan.read += 1
            yield entry


@pytest.fixture
def scan() -> Iterator[Scan]:
    scan = Scan()
    yield scan
    scan.back.set()


def settle(directory: Path) -> None:
    """As if nothing had been made there for a while."""
    os.utime(directory, (1_700_000_000, 1_700_000_000))


def test_a_directory_is_read_once_while_it_does_not_change(scan: Scan, tree: Path) -> None:
    files = Files(scan)
    (tree / "one").touch()
    settle(tree)
    assert [name.text for name in files.names(str(tree))] == ["one"]
    files.names(str(tree))
    assert scan.calls == 1
    (tree / "two").touch()
    assert len(files.names(str(tree))) == 2


def test_a_directory_that_changed_just_now_is_read_again(scan: Scan, tree: Path) -> None:
    files = Files(scan)
    (tree / "one").touch()
    files.names(str(tree))
    files.names(str(tree))
    assert scan.calls == 2


def test_the_order_by_age_is_renewed_after_a_while(scan: Scan, tree: Path) -> None:
    now = [0.0]
    files = Files(scan, clock=lambda: now[0])
    settle(tree)
    files.names(str(tree))
    now[0] = 31
    files.names(str(tree))
    assert scan.calls == 2


def test_of_a_huge_directory_only_so_much_is_read(scan: Scan, tree: Path) -> None:
    for number in range(MOST_NAMES + 100):
        (tree / str(number)).touch()
    assert len(Files(scan).names(str(tree))) == MOST_NAMES
    assert scan.read == MOST_NAMES


def test_a_listing_ends_when_its_time_is_over(scan: Scan, tree: Path) -> None:
    for number in range(200):
        (tree / str(number)).touch()
    ticks = iter(range(1_000))
    names = Files(scan, clock=lambda: next(ticks) * LISTING_SECONDS).names(str(tree))
    assert 0 < len(names) < 200


def test_a_directory_that_hangs_holds_nobody(scan: Scan, tree: Path, tmp_path: Path) -> None:
    now = [0.0]
    (tree / "sub").mkdir()
    (tree / "name").touch()
    scan.hangs = str(tree)
    files = Files(scan, clock=lambda: now[0])
    assert words_here("cat ", str(tree), Deadline(0.01), files) == ()
    now[0] = 2
    assert words_here("cat ", str(tree), Deadline(0.01), files) == ()
    # From now on it is avoided at once, and other places answer.
    assert words_here("cat ", str(tree), Deadline(30), files) == ()
    assert stands("cat none", str(tree), Deadline(30), files)
    assert words_here("cat ", str(tmp_path), Deadline(30), files) == ("tree/",)
    assert not stands("cat none", str(tmp_path), Deadline(30), files)


def test_without_time_everything_stands_and_nothing_is_offered(scan: Scan, tree: Path) -> None:
    scan.hangs = str(tree)
    files = Files(scan)
    assert words_here("cat ", str(tree), Deadline(0), files) == ()
    assert stands("cat none", str(tree), Deadline(0), files)


def test_a_file_is_parsed_once_while_it_does_not_change(tree: Path) -> None:
    calls = []

    def parse(text: str) -> str:
        calls.append(text)
        return text

    path = tree / "a"
    path.write_text("x")
    files = Files()
    assert files.parsed(str(path), parse) == files.parsed(str(path), parse) == "x"
    assert calls == ["x"]
    path.write_text("other")
    assert files.parsed(str(path), parse) == "other"
    assert files.parsed(str(path), parse, limit=3) is None


def test_nobody_reads_what_may_not_be_read(tree: Path) -> None:
    files = Files()
    os.mkfifo(tree / "pipe")
    for name in ("pipe", "none", "none/none", "\0"):
        assert files.parsed(str(tree / name), str) is None
        assert files.tail(str(tree / name), 10) == ""
    assert files.parsed("/dev/zero", str) is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_is_forbidden_is_not_there(tree: Path) -> None:
    (tree / "a").write_text("x")
    (tree / "a").chmod(0)
    assert Files().parsed(str(tree / "a"), str) is None
