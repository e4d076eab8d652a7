"""histdb.py: the schema of zsh-histdb, before and after its migration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from delta_learn.collector.importers.histdb import read
from delta_learn.collector.importers.result import BrokenLine

Database = Callable[..., Path]

FIRST = """
create table commands (argv text, unique(argv) on conflict ignore);
create table places (host text, dir text, unique(host, dir) on conflict ignore);
create table history (session int, command_id int, place_id int, exit_status int, start_time int,
                      duration int);
"""
SECOND = """
create table commands (id integer primary key autoincrement, argv text, unique(argv) on conflict ignore);
create table places (id integer primary key autoincrement, host text, dir text,
                     unique(host, dir) on conflict ignore);
create table history (id integer primary key autoincrement, session int, command_id int, place_id int,
                      exit_status int, start_time int, duration int);
"""


def row(command: int | None, start: int = 1_700_000_000, **changes: Any) -> dict[str, Any]:
    fixed = {"session": 0, "place_id": 1, "exit_status": 1, "duration": 2}
    return {"command_id": command, "start_time": start, **fixed, **changes}


def tables(*history: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {
        "commands": [{"argv": "make"}, {"argv": "ls"}, {"argv": None}],
        "places": [{"host": "h1", "dir": "/src"}, {"host": "h2", "dir": "/"}],
        "history": list(history),
    }


@pytest.mark.parametrize("schema", [FIRST, SECOND])
def test_all_fields_in_order_of_time_then_row(database: Database, schema: str) -> None:
    late, first, second = row(1, 1_700_000_009), row(2), row(1, exit_status=None, duration=None)
    entries = read(database(schema, tables(late, first, second))).entries
    assert [entry.command for entry in entries] == ["ls", "make", "make"]
    assert [entry.sequence for entry in entries] == [0, 1, 2]
    ls, unfinished, _ = entries
    assert (ls.timestamp, ls.exit_code, ls.duration_ms) == (1_700_000_000.0, 1, 2000)
    assert (ls.directory, ls.session, ls.shell) == ("/src", "histdb:h1:0", "zsh")
    assert (unfinished.exit_code, unfinished.duration_ms) == (None, None)


def test_sessions_of_two_hosts_do_not_collide(database: Database) -> None:
    here, there = read(database(SECOND, tables(row(1), row(1, place_id=2)))).entries
    assert (here.session, there.session) == ("histdb:h1:0", "histdb:h2:0")


def test_a_row_without_session_belongs_to_the_stream_of_the_file(database: Database) -> None:
    (entry,) = read(database(SECOND, tables(row(1, session=None)))).entries
    assert entry.session.startswith("import:histdb:")


def test_broken_rows(database: Database) -> None:
    rows = [row(3), row(99), row(None), row(1, duration="x"), row(2)]
    result = read(database(SECOND, tables(*rows)))
    assert [entry.command for entry in result.entries] == ["ls"]
    assert result.broken == [BrokenLine(n, "the command is empty") for n in (1, 2, 3)] + [
        BrokenLine(4, "the duration is not a number")
    ]


def test_a_place_that_is_gone_costs_only_the_directory(database: Database) -> None:
    (entry,) = read(database(SECOND, tables(row(1, place_id=99)))).entries
    assert (entry.command, entry.directory, entry.session) == ("make", None, "histdb::0")
