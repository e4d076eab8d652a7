"""detect.py: which format, which histories, and reading any of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delta_learn.collector.importers.detect import FORMATS, detect_format, find_histories, read_history
from delta_learn.errors import HistoryError

Write = Callable[..., Path]
Database = Callable[..., Path]
Habits = Callable[..., list[str]]

ATUIN = "create table history (timestamp, duration, exit, command, cwd, session)"
MCFLY = "create table commands (id integer primary key, cmd, session_id, when_run, exit_code, dir)"
HISTDB = """
create table commands (argv); create table places (host, dir);
create table history (session, command_id, place_id, exit_status, start_time, duration);
"""
ATUIN_ROW = {"command": "ls", "timestamp": 1, "duration": 1, "exit": 0, "cwd": "/", "session": "a"}


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (b": 1700000000:0;ls\n", "unknown", "zsh"),
        (b"ls\n: 1700000000:0;ls\n", ".bash_history", "zsh"),
        (b"#1700000000\nls\n", ".zsh_history", "bash"),
        (b"- cmd: ls\n  when: 1\n", "unknown", "fish"),
        (b'{"cmd": "ls"}\n', ".zsh_history", "jsonl"),
        (b'{"ts": 1, "command": "ls"}\n', "unknown", "jsonl"),
        (b'\xef\xbb\xbf{"command" : "ls"}\r\n', "unknown", "jsonl"),
        (b"echo \xe8\x80\x83\xa3\n", "unknown", "zsh"),
        (b"ls\n", ".zsh_history", "zsh"),
        (b"ls\n", ".zhistory", "zsh"),
        (b"ls\n", ".histfile", "zsh"),
        (b"ls\n", "old.bash_history.txt", "bash"),
        (b"ls\n", "cache/zsh/history", "zsh"),
        (b"", "fish_history", "fish"),
        (b"", "x.jsonl", "jsonl"),
        (b'{"cmd": "ls"}\n' + b"ls\n" * 30, ".zsh_history", "zsh"),
        (b"ls\n" * 30 + b"#1700000000\n", ".zsh_history", "zsh"),
        (b": 1:0;" + b"x" * 65_525 + "考考".encode(), "unknown", "zsh"),
    ],
)
def test_content_first_then_name(write: Write, data: bytes, name: str, expected: str) -> None:
    assert detect_format(write(data, name)) == expected


@pytest.mark.parametrize(("schema", "expected"), [(ATUIN, "atuin"), (MCFLY, "mcfly"), (HISTDB, "histdb")])
def test_databases_are_told_by_their_tables(database: Database, schema: str, expected: str) -> None:
    path = database(schema, {}, "history.db")
    assert detect_format(path) == expected
    assert read_history(path).entries == []


def test_what_has_no_format_is_said_in_one_sentence(write: Write, database: Database, home: Path) -> None:
    with pytest.raises(HistoryError, match=r"It cannot be told which format .*/notes.txt has: "):
        detect_format(write(b"some words\n", "notes.txt"))
    with pytest.raises(HistoryError, match=r"It cannot be told which format .*/zsh/notes.txt has: "):
        detect_format(write(b"some words\n", "zsh/notes.txt"))
    with pytest.raises(HistoryError, match=r"is a database, but not the history of "):
        detect_format(database("create table t (a)", {}, ".zsh_history"))
    with pytest.raises(HistoryError, match=r"is not a text file"):
        detect_format(write(bytes(100), ".bash_history"))
    with pytest.raises(HistoryError, match=r"is a directory"):
        read_history(home, "zsh")
    with pytest.raises(HistoryError, match=r"There is no history format csh: use one of zsh, bash"):
        read_history(write(b"ls\n"), "csh")


def test_a_format_that_is_named_is_not_guessed(write: Write) -> None:
    path = write(b"#1700000000\nls \\\n", ".bash_history")
    assert [entry.command for entry in read_history(path, "zsh").entries] == ["#1700000000"]
    assert [entry.command for entry in read_history(path).entries] == ["ls \\"]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FORMATS), st.binary(max_size=60))
def test_no_file_is_fatal_but_by_history_error(fmt: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "history"
        path.write_bytes(b"ls\n" + data)
        try:
            read_history(path, fmt)
        except HistoryError as error:
            assert str(path) in str(error)


@given(st.lists(st.binary(min_size=1, max_size=9).filter(lambda line: not set(line) & {10, 13}), max_size=20))
def test_every_line_is_used_blank_or_reported(lines: list[bytes]) -> None:
    lines += [b'{"cmd": "so that the file is a text"}'] * 21
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "history"
        path.write_bytes(b"\n" + b"\n".join(lines))  # a byte-order mark is one at the start of a file only
        for fmt in ("bash", "jsonl"):
            result = read_history(path, fmt)
            assert len(result.entries) + len(result.broken) == sum(1 for line in lines if line.strip())


@pytest.mark.parametrize("fmt", ["zsh", "bash", "fish"])
def test_entries_before_the_whole_tail_are_isolated(
    write: Write, habits: Habits, expire_duplicates_first: Callable[..., Any], fmt: str
) -> None:
    kept, tail = expire_duplicates_first(habits(5000, 1), 2000)
    prefix = "- cmd: " if fmt == "fish" else ""
    result = read_history(write("".join(f"{prefix}{line}\n" for line in kept).encode()), fmt)
    assert [entry.command for entry in result.entries] == kept
    assert abs(result.learnable_from - tail) <= 10
    isolated = [index for index, entry in enumerate(result.entries) if entry.isolated]
    assert isolated == list(range(result.learnable_from))


def test_whole_histories_are_learnable_from_the_start(write: Write, habits: Habits) -> None:
    result = read_history(write("\n".join(habits(1000, 1)).encode()), "zsh")
    assert result.learnable_from == 0
    assert not any(entry.isolated for entry in result.entries)


def environment(home: Path, **more: str) -> Mapping[str, str]:
    return {"HOME": str(home), **more}


def test_all_usual_places_are_looked_at(write: Write, database: Database, home: Path) -> None:
    expected = {
        ("zsh", write(b"a\n", "elsewhere/my.zsh")),
        ("zsh", write(b"a\n", "zdot/.zsh_history")),
        ("zsh", write(b"a\n", ".zsh_history")),
        ("zsh", write(b"a\n", ".zhistory")),
        ("zsh", write(b"a\n", ".histfile")),
        ("bash", write(b"a\n", ".bash_history")),
        ("fish", write(b"- cmd: a\n", "data/fish/fish_history")),
        ("atuin", database(ATUIN, {}, "data/atuin/history.db")),
        ("mcfly", database(MCFLY, {}, "data/mcfly/history.db")),
        ("mcfly", database(MCFLY, {}, ".mcfly/history.db")),
        ("histdb", database(HISTDB, {}, ".histdb/zsh-history.db")),
    }
    found = find_histories(
        environment(
            home,
            HISTFILE=str(home / "elsewhere/my.zsh"),
            ZDOTDIR=str(home / "zdot"),
            XDG_DATA_HOME=str(home / "data"),
        )
    )
    assert set(found) == expected
    assert len(found) == len(expected)


def test_the_data_directory_has_a_default(database: Database, home: Path) -> None:
    path = database(ATUIN, {}, ".local/share/atuin/history.db")
    assert find_histories(environment(home)) == [("atuin", path)]


def test_more_commands_come_first_and_context_counts_double(write: Write, database: Database, home: Path) -> None:
    atuin = database(ATUIN, {"history": [ATUIN_ROW] * 2000}, ".local/share/atuin/history.db")
    commands = atuin.stat().st_size / 500
    zsh = write(b"x" * 39 + b"\n", ".zsh_history")
    assert find_histories(environment(home)) == [("atuin", atuin), ("zsh", zsh)]
    for factor, first in ((1.9, atuin), (2.1, zsh)):
        write((b"x" * 39 + b"\n") * int(commands * factor), ".zsh_history")
        assert find_histories(environment(home))[0][1] == first


def test_empty_unusable_and_doubled_files_are_passed_over(write: Write, home: Path) -> None:
    write(b"", ".zsh_history")
    write(bytes(50), ".zhistory")
    (home / ".histfile").mkdir()
    bash = write(b"ls\n", ".bash_history")
    (home / "my_bash").symlink_to(bash)
    (home / ".mcfly").symlink_to(home / ".mcfly")
    histfile = home / "my_bash"
    assert find_histories(environment(home, HISTFILE=str(histfile))) == [("bash", histfile)]
