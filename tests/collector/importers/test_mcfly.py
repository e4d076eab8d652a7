"""mcfly.py: the schema of McFly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from delta_learn.collector.importers.mcfly import read
from delta_learn.collector.importers.result import BrokenLine

Database = Callable[..., Path]

SCHEMA = """
create table commands (
  id integer primary key autoincrement, cmd text, cmd_tpl text, session_id text, when_run integer,
  exit_code integer, selected integer, dir text, old_dir text
);
create table schema_versions (id integer primary key, version integer, when_run integer);
"""


def row(cmd: str | None, when: int | str = 1_700_000_000, **changes: Any) -> dict[str, Any]:
    fixed = {"session_id": "abc", "exit_code": 1, "dir": "/src", "selected": 0}
    return {"cmd": cmd, "when_run": when, **fixed, **changes}


def test_all_fields_in_order_of_time_then_row(database: Database) -> None:
    path = database(SCHEMA, {"commands": [row("late", 1_700_000_009), row("b"), row("a", session_id="x")]})
    b, a, late = read(path).entries
    assert [entry.command for entry in (b, a, late)] == ["b", "a", "late"]
    assert (b.timestamp, b.exit_code, b.directory) == (1_700_000_000.0, 1, "/src")
    assert (b.session, b.sequence, a.session, a.sequence) == ("mcfly:abc", 0, "mcfly:x", 0)
    assert (late.session, late.sequence, late.duration_ms, late.shell) == ("mcfly:abc", 1, None, "")


def test_what_mcfly_imported_is_one_stream_without_exit_status(database: Database) -> None:
    rows = [row("a", session_id="IMPORTED", exit_code=0, dir=None), row("b", session_id="UNKNOWN")]
    entries = read(database(SCHEMA, {"commands": rows})).entries
    assert [entry.exit_code for entry in entries] == [None, None]
    assert {entry.session for entry in entries} == {entries[0].session}
    assert entries[0].session.startswith("import:mcfly:")


def test_broken_rows(database: Database) -> None:
    result = read(database(SCHEMA, {"commands": [row(None), row("x", "soon"), row("good"), row("")]}))
    assert [entry.command for entry in result.entries] == ["good"]
    assert {(line.line, line.reason) for line in result.broken} == {
        (1, "the command is empty"),
        (2, "the time is not a number"),
        (4, "the command is empty"),
    }
    assert all(isinstance(line, BrokenLine) for line in result.broken)
