"""historyfile.py: what is a readable text, and what is said of anything else."""

from __future__ import annotations

import gzip
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from delta_learn.collector.importers.historyfile import SAMPLE_BYTES, read_sample, read_text, unix_text
from delta_learn.errors import HistoryError

Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", b""),
        (b"a\nb", b"a\nb"),
        (b"\xef\xbb\xbfa\n", b"a\n"),
        (b"a\r\nb\r\n", b"a\nb\n"),
        (b"a\r\nb\r\nc\n", b"a\nb\nc\n"),
        (b"a\r\nb\nc\n", b"a\r\nb\nc\n"),
    ],
)
def test_byte_order_mark_and_line_ends(data: bytes, expected: bytes) -> None:
    assert unix_text(data) == expected


def test_a_file_with_some_damage_is_still_a_text(write: Write) -> None:
    data = b"ls\n" * 30 + bytes(4096) + b"\n" + b"echo \x01\n" * 20
    assert read_text(write(data)) == data


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(random.Random(1).randbytes(50_000), mtime=0),
        "ls\npwd\n".encode("utf-16"),
        bytes(1000),
        Path(sys.executable).read_bytes()[:200_000],
    ],
    ids=["gzip", "utf-16", "zeros", "program"],
)
def test_binary_files_are_refused(write: Write, data: bytes) -> None:
    with pytest.raises(HistoryError, match=r"/history is not a text file: "):
        read_text(write(data))


def test_missing_directory_and_pipe_are_refused(home: Path) -> None:
    with pytest.raises(HistoryError, match=r"There is no file .*/missing: "):
        read_text(home / "missing")
    with pytest.raises(HistoryError, match=r" is a directory: "):
        read_text(home)
    os.mkfifo(home / "pipe")
    with pytest.raises(HistoryError, match=r"/pipe is not a regular file: "):
        read_sample(home / "pipe")


def test_a_file_that_may_not_be_read_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(b"ls\n")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    monkeypatch.setattr(Path, "open", refuse)
    for read in (read_text, read_sample):
        with pytest.raises(HistoryError, match=r"/history cannot be read \(Permission denied\): "):
            read(path)


def test_a_loop_of_links_is_refused(home: Path) -> None:
    (home / "loop").symlink_to(home / "loop")
    with pytest.raises(HistoryError, match=r"/loop cannot be read "):
        read_text(home / "loop")


def test_a_sample_is_the_start_of_the_file(write: Write) -> None:
    assert read_sample(write(b"x" * (SAMPLE_BYTES + 1))) == b"x" * SAMPLE_BYTES
