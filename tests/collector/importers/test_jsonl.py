"""jsonl.py: the fields, their aliases, and values of the wrong kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from delta_learn.collector.importers.jsonl import read
from delta_learn.collector.importers.result import BrokenLine

Write = Callable[..., Path]


def test_all_fields(write: Write) -> None:
    path = write(
        b'{"command": "make", "timestamp": 1700000000.5, "directory": "/src", "exit_code": 2,'
        b' "duration_ms": 1500, "session": "s1", "color": "blue"}\n'
        b'{"cmd": "ls", "ts": 1700000001, "cwd": "/", "exit": 0, "session": 7}\n'
    )
    make, ls = read(path).entries
    assert (make.command, make.timestamp, make.directory) == ("make", 1700000000.5, "/src")
    assert (make.exit_code, make.duration_ms, make.session) == (2, 1500, "jsonl:s1")
    assert (ls.command, ls.timestamp, ls.directory, ls.exit_code) == ("ls", 1700000001.0, "/", 0)
    assert (ls.duration_ms, ls.session, ls.source) == (None, "jsonl:7", "imported")


def test_only_the_command_is_required_and_null_is_absent(write: Write) -> None:
    (entry,) = read(
        write(b'{"command": null, "cmd": "ls", "ts": null, "cwd": null, "exit": null, "session": null}')
    ).entries
    assert (entry.command, entry.timestamp, entry.directory, entry.exit_code) == ("ls", None, None, None)
    assert entry.session.startswith("import:jsonl:")


def test_sequence_counts_inside_each_session(write: Write) -> None:
    lines = [b'{"cmd": "x", "session": "%s"}' % name for name in (b"a", b"b", b"a", b"", b"a")]
    entries = read(write(b"\n".join(lines))).entries
    assert [entry.sequence for entry in entries] == [0, 0, 1, 0, 2]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"ls -l", "the line is not valid JSON"),
        (b'{"cmd": "ls"', "the line is not valid JSON"),
        (b'{"cmd": "a\0b"}', "the line is not valid JSON"),
        (b"[" * 100_000, "the line is not valid JSON"),
        (b'{"cmd": "ls", "ts": ' + b"1" * 5000 + b"}", "the line is not valid JSON"),
        (b'["ls"]', "the line is not a JSON object"),
        (b"{}", "the command is empty"),
        (b'{"cmd": " "}', "the command is empty"),
        (b'{"cmd": 12}', "the command is not text"),
        (b'{"cmd": "\\ud800"}', "the command holds half of a surrogate pair"),
        (b'{"cmd": "ls", "ts": "yesterday"}', "the time is not a number"),
        (b'{"cmd": "ls", "ts": true}', "the time is not a number"),
        (b'{"cmd": "ls", "ts": NaN}', "the time is out of range"),
        (b'{"cmd": "ls", "ts": -1}', "the time is out of range"),
        (b'{"cmd": "ls", "ts": 1700000000000}', "the time is out of range"),
        (b'{"cmd": "ls", "exit": "0"}', "the exit status is not a number"),
        (b'{"cmd": "ls", "exit": 0.5}', "the exit status is not a whole number"),
        (b'{"cmd": "ls", "exit": 1e30}', "the exit status is out of range"),
        (b'{"cmd": "ls", "duration_ms": []}', "the duration is not a number"),
        (b'{"cmd": "ls", "duration_ms": Infinity}', "the duration is out of range"),
        (b'{"cmd": "ls", "cwd": 3}', "the directory is not text"),
        (b'{"cmd": "ls", "session": true}', "the session is not text"),
    ],
)
def test_broken_lines(write: Write, line: bytes, reason: str) -> None:
    result = read(write(b'{"cmd": "before"}\n\n' + line + b'\n{"cmd": "after"}\n'))
    assert [entry.command for entry in result.entries] == ["before", "after"]
    assert [entry.sequence for entry in result.entries] == [0, 1]
    assert result.broken == [BrokenLine(3, reason)]


def test_bytes_that_are_not_utf8_are_the_same_escaped_or_not(write: Write) -> None:
    raw, escaped, whole = read(
        write(b'{"cmd": "ls \xff"}\r\n{"cmd": "ls \\udcff"}\r\n{"cmd": "\\udcc3\\udca9"}\r\n')
    ).entries
    assert raw.command == escaped.command == "ls \udcff"
    assert whole.command == "é"
