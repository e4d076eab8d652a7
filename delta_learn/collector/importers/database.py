"""SQLite histories, opened so that the owner's file is never written and a writer is never disturbed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from delta_learn.collector.importers.historyfile import check_file, read_sample
from delta_learn.errors import HistoryError

MAGIC = b"SQLite format 3\0"
_READ_VERSION = 19
"""Offset of the byte that is 2 in a database with a write-ahead log (sqlite.org/fileformat.html)."""

Schema = Mapping[str, frozenset[str]]
"""Tables, and the columns of each."""


def tables(path: Path) -> Schema:
    """The tables of the database.

    Raises:
        HistoryError: the file cannot be read, or is no SQLite database.
    """
    query = "select m.name, c.name from sqlite_master m, pragma_table_info(m.name) c where m.type = 'table'"
    found: dict[str, set[str]] = {}
    with _open(path) as connection:
        for table, column in connection.execute(query):
            found.setdefault(table, set()).add(column)
    return {table: frozenset(columns) for table, columns in found.items()}


def has_schema(found: Schema, wanted: Schema) -> bool:
    """Whether `found` has all tables and columns of `wanted`."""
    return all(table in found and columns <= found[table] for table, columns in wanted.items())


def rows(path: Path, owner: str, schema: Schema, query: str) -> list[dict[str, Any]]:
    """The rows that `query` gives, as dicts by column.

    Raises:
        HistoryError: the file cannot be read, is no SQLite database, or lacks part of `schema`.
    """
    if not has_schema(tables(path), schema):
        raise HistoryError(f"{path} is not a history of {owner}: leave the format out, or name the right one.")
    with _open(path) as connection:
        cursor = connection.execute(query)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    check_file(path)
    if not read_sample(path).startswith(MAGIC):
        raise HistoryError(f"{path} is not an SQLite database: leave the format out, or name the right one.")
    try:
        with closing(sqlite3.connect(_uri(path), uri=True)) as connection:
            connection.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
            yield connection
    except sqlite3.Error as error:
        raise HistoryError(f"{path} cannot be read ({error}): close its program and try again.") from error


def _uri(path: Path) -> str:
    """Read-only; and where nobody has a write-ahead log open, without leaving a new one behind."""
    path = path.resolve()
    uses_log = read_sample(path)[_READ_VERSION : _READ_VERSION + 1] == b"\x02"
    closed = not path.with_name(path.name + "-wal").exists()
    return path.as_uri() + ("?mode=ro&immutable=1" if uses_log and closed else "?mode=ro")
