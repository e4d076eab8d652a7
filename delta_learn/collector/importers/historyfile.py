"""History files as bytes: found, readable and text, without byte order mark and Windows line ends."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from delta_learn.errors import HistoryError

SAMPLE_BYTES = 65536
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_CONTROL = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]")
"""Bytes that hardly any command holds: all control characters but \\a \\b \\t \\n \\v \\f \\r and escape."""


def check_file(path: Path) -> None:
    """Make sure that `path` is a file that can be read from its start to its end.

    Raises:
        HistoryError: there is no such file, or it is a directory, a device or a pipe.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise HistoryError(f"There is no file {path}: give the path of a shell history.") from None
    except OSError as error:
        raise _unreadable(path, error) from error
    if stat.S_ISDIR(mode):
        raise HistoryError(f"{path} is a directory: give the path of a history file.")
    if not stat.S_ISREG(mode):
        raise HistoryError(f"{path} is not a regular file: copy its contents to a file and import that.")


def read_sample(path: Path) -> bytes:
    """The first `SAMPLE_BYTES` of the file, as they are.

    Raises:
        HistoryError: see `check_file`, or the file may not be read.
    """
    check_file(path)
    try:
        with path.open("rb") as file:
            return file.read(SAMPLE_BYTES)
    except OSError as error:
        raise _unreadable(path, error) from error


def read_text(path: Path) -> bytes:
    """The whole file, checked to be text, with Unix line ends and no byte order mark.

    Raises:
        HistoryError: see `read_sample` and `check_text`.
    """
    check_file(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error
    check_text(path, data[:SAMPLE_BYTES])
    return unix_text(data)


def unix_text(data: bytes) -> bytes:
    """`data` without its byte order mark and, if most lines end in CR LF, with LF line ends.

    Fewer such lines than half are no Windows file but commands that end in a carriage return.
    """
    data = data.removeprefix(_BYTE_ORDER_MARK)
    pairs = data.count(b"\r\n")
    return data.replace(b"\r\n", b"\n") if pairs * 2 > data.count(b"\n") else data


def check_text(path: Path, sample: bytes) -> None:
    """Tell a history with a few damaged lines from a file that is no text at all.

    Raises:
        HistoryError: `sample` holds NUL bytes, and most of its lines control characters.
    """
    lines = [line for line in sample.split(b"\n") if line]
    if b"\0" in sample and 2 * sum(1 for line in lines if _CONTROL.search(line)) > len(lines):
        raise HistoryError(f"{path} is not a text file: give the path of a shell history.")


def _unreadable(path: Path, error: OSError) -> HistoryError:
    return HistoryError(f"{path} cannot be read ({error.strerror}): check who may read it.")
