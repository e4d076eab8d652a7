"""fish.py: its own rules, and fish itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delta_learn.collector.importers.fish import read
from delta_learn.collector.importers.result import BrokenLine

Write = Callable[..., Path]


def written(command: bytes, when: int) -> bytes:
    """One item as fish 3 writes it."""
    escaped = command.replace(b"\\", b"\\\\").replace(b"\n", b"\\n")
    return b"- cmd: %s\n  when: %d\n" % (escaped, when)


def timed(path: Path) -> list[tuple[str, float | None]]:
    return [(entry.command, entry.timestamp) for entry in read(path).entries]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"- cmd: ls\n  when: 1700000000\n", [("ls", 17e8)]),
        (b"- cmd: ls\n  when: 1700000000\n- cmd: pwd", [("ls", 17e8), ("pwd", None)]),
        (b"- cmd: cat a\n  when: 17\n  paths:\n    - a\n- cmd: ls\n", [("cat a", 17.0), ("ls", None)]),
        (b"- cmd: a\\nb\n", [("a\nb", None)]),
        (b"- cmd: a\\\\nb\n", [("a\\nb", None)]),
        (b"- cmd: a\\\\\\nb\\t\\\n", [("a\\\nb\\t\\", None)]),
        (b"- cmd:   two spaces: kept\n", [("  two spaces: kept", None)]),
        (b"- cmd: ls\n  when: 17\n  mood: sunny\n", [("ls", 17.0)]),
        (b"\xef\xbb\xbf- cmd: ls\r\n  when: 17\r\n", [("ls", 17.0)]),
        (b"- cmd: ls \xff\n", [("ls \udcff", None)]),
    ],
)
def test_items_become_entries(write: Write, data: bytes, expected: list[tuple[str, float | None]]) -> None:
    result = read(write(data))
    assert [(entry.command, entry.timestamp) for entry in result.entries] == expected
    assert result.broken == []


def test_broken_lines(write: Write) -> None:
    result = read(
        write(
            b"  when: 12\n- cmd: \n  when: 13\n- cmd: ls\n  when: soon\ngarbage\n  garbage\n\n- cmd: a\0b\n- cmd: pwd\n"
        )
    )
    assert [(entry.command, entry.timestamp) for entry in result.entries] == [("ls", None), ("pwd", None)]
    assert result.broken == [
        BrokenLine(1, "the line is no part of an entry"),
        BrokenLine(2, "the command is empty"),
        BrokenLine(5, "the time is not a number"),
        BrokenLine(6, "the line is no part of an entry"),
        BrokenLine(7, "the line is no part of an entry"),
        BrokenLine(9, "the line holds NUL bytes"),
    ]


def test_entries_are_one_numbered_stream(write: Write) -> None:
    first, second = read(write(b"- cmd: a\n- cmd: b\n")).entries
    assert (first.shell, first.source, first.sequence, second.sequence) == ("fish", "imported", 0, 1)
    assert first.session == second.session
    assert first.session.startswith("import:fish:")


hard_command = st.text(st.sampled_from("ab\\n\n :-'\"#été考"), max_size=12).map(lambda text: "x" + text)
hard_commands = st.lists(hard_command, min_size=1, max_size=40, unique=True)


@given(hard_commands)
def test_what_fish_writes_comes_back(typed: list[str]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "fish_history"
        path.write_bytes(b"".join(written(text.encode(), when) for when, text in enumerate(typed, 1)))
        assert timed(path) == [(text, float(when)) for when, text in enumerate(typed, 1)]


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
@settings(max_examples=8, deadline=None)
@given(hard_commands)
def test_the_real_fish_agrees(typed: list[str]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "fish" / "fish_history"
        path.parent.mkdir()
        path.write_bytes(b"".join(written(text.encode(), when) for when, text in enumerate(typed, 1)))
        done = subprocess.run(
            ["fish", "-c", "history search --null --reverse"],
            capture_output=True,
            check=True,
            timeout=30,
            env={**os.environ, "HOME": directory, "XDG_DATA_HOME": directory, "LC_ALL": "C.UTF-8"},
        )
        assert done.stdout.decode().split("\0")[:-1] == [command for command, _ in timed(path)]
