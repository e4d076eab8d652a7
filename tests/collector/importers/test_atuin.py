"""atuin.py: the schema of Atuin, old and new."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from delta_learn.collector.importers.atuin import read
from delta_learn.collector.importers.result import BrokenLine

Database = Callable[..., Path]

OLD = """
create table history (
  id text primary key, timestamp text not null, duration integer not null, exit integer not null,
  command text not null, cwd text not null, session text not null, hostname text not null,
  unique(timestamp, cwd, command)
);
"""
NEW = OLD + "".join(
    f"alter table history add column {column};"
    for column in ("deleted_at integer", "author text", "intent text", "shell text", "author_kind integer")
)


def row(number: int, command: Any, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"{number:032x}",
        "timestamp": 1_700_000_000_000_000_000 + number * 1_000_000_000,
        "duration": 2_500_000_000,
        "exit": 1,
        "command": command,
        "cwd": "/src",
        "session": "aaaa",
        "hostname": "host:user",
    } | changes


def test_all_fields(database: Database) -> None:
    path = database(NEW, {"history": [row(0, "make"), row(1, "ls", exit=0, shell="zsh", author_kind=1)]})
    make, ls = read(path).entries
    assert (make.command, make.timestamp, make.directory) == ("make", 1_700_000_000.0, "/src")
    assert (make.exit_code, make.duration_ms, make.session) == (1, 2500, "atuin:aaaa")
    assert (make.shell, make.source) == ("", "imported")
    assert (ls.exit_code, ls.shell, ls.sequence) == (0, "zsh", 1)


def test_the_first_schema_is_read_too(database: Database) -> None:
    assert [e.command for e in read(database(OLD, {"history": [row(0, "ls")]})).entries] == ["ls"]


def test_order_is_by_time_as_a_number_then_by_row(database: Database) -> None:
    commands = [
        row(5, "late"),
        row(1, "b", cwd="/b"),
        row(1, "a", id="x", cwd="/a"),
        row(0, "first", timestamp="999000000000"),
    ]
    assert [e.command for e in read(database(OLD, {"history": commands})).entries] == [
        "first",
        "b",
        "a",
        "late",
    ]


def test_minus_one_is_unknown(database: Database) -> None:
    (entry,) = read(database(OLD, {"history": [row(0, "vim", exit=-1, duration=-1)]})).entries
    assert (entry.exit_code, entry.duration_ms, entry.session) == (None, None, "atuin:aaaa")


def test_what_atuin_imported_is_one_stream(database: Database) -> None:
    rows = [row(n, f"c{n}", cwd="unknown", exit=-1, duration=-1, session=f"s{n}") for n in range(3)]
    entries = read(database(NEW, {"history": rows})).entries
    assert len({entry.session for entry in entries}) == 1
    assert entries[0].session.startswith("import:atuin:")
    assert [(entry.sequence, entry.directory) for entry in entries] == [(0, None), (1, None), (2, None)]


def test_deleted_rows_and_those_of_agents_stay_out(database: Database) -> None:
    rows = [row(0, "x8f3", deleted_at=1), row(1, "agent", author_kind=2), row(2, "mine")]
    result = read(database(NEW, {"history": rows}))
    assert [entry.command for entry in result.entries] == ["mine"]
    assert result.broken == [BrokenLine(2, "the command was run by an agent, not typed by a person")]


def test_broken_rows(database: Database) -> None:
    loose = NEW.replace(" not null", "")
    rows = [
        row(0, None),
        row(1, b"\x00\x01"),
        row(2, "x", duration="long"),
        row(3, "x", timestamp=-(10**9)),
        row(4, "good"),
    ]
    result = read(database(loose, {"history": rows}))
    assert [entry.command for entry in result.entries] == ["good"]
    assert {(line.line, line.reason) for line in result.broken} == {
        (1, "the command is empty"),
        (2, "the command is not text"),
        (3, "the duration is not a number"),
        (4, "the time is out of range"),
    }
