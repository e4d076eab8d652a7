"""database.py: reading beside a program that writes, and leaving no trace."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from delta_learn.collector.importers.database import has_schema, rows, tables
from delta_learn.errors import HistoryError

Write = Callable[..., Path]
WANTED = {"t": frozenset({"a"})}
QUERY = "select a from t order by a"


def values(path: Path) -> list[object]:
    return [row["a"] for row in rows(path, "Test", WANTED, QUERY)]


def contents(directory: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.iterdir()}


@pytest.fixture
def folder(home: Path) -> Path:
    path = home / "a folder? with #marks%20"
    path.mkdir()
    return path


def create(path: Path, journal: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.execute(f"pragma journal_mode={journal}")
    connection.execute("create table t (a)")
    connection.execute("insert into t values (1)")
    connection.commit()
    return connection


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_a_closed_database_is_read_without_a_trace(folder: Path, journal: str) -> None:
    create(folder / "db", journal).close()
    before = contents(folder)
    assert values(folder / "db") == [1]
    assert contents(folder) == before


def test_rows_that_are_only_in_the_write_ahead_log_are_read(folder: Path) -> None:
    writer = create(folder / "db", "wal")
    writer.execute("pragma wal_checkpoint(truncate)")
    writer.execute("insert into t values (2)")
    writer.commit()
    before = contents(folder)
    assert before["db-wal"] != hashlib.sha256(b"").hexdigest()
    assert values(folder / "db") == [1, 2]
    after = contents(folder)
    assert (after["db"], after["db-wal"]) == (before["db"], before["db-wal"])
    writer.execute("insert into t values (3)")
    writer.commit()
    writer.close()
    assert values(folder / "db") == [1, 2, 3]


def test_a_link_is_followed_to_the_database_and_its_log(folder: Path, home: Path) -> None:
    writer = create(folder / "db", "wal")
    (home / "link.db").symlink_to(folder / "db")
    assert values(home / "link.db") == [1]
    writer.close()


def test_text_that_is_not_utf8_survives(folder: Path) -> None:
    connection = create(folder / "db", "delete")
    connection.execute("update t set a = cast(x'6c73ff' as text)")
    connection.commit()
    connection.close()
    assert values(folder / "db") == ["ls\udcff"]


def test_tables_and_columns(folder: Path) -> None:
    create(folder / "db", "delete").close()
    assert tables(folder / "db") == {"t": frozenset({"a"})}
    assert not has_schema(tables(folder / "db"), {"t": frozenset({"a", "b"})})
    assert not has_schema(tables(folder / "db"), {"u": frozenset()})


def test_what_is_no_such_database_is_said_in_one_sentence(folder: Path, write: Write) -> None:
    create(folder / "db", "delete").close()
    with pytest.raises(HistoryError, match=r"db is not a history of Other: "):
        rows(folder / "db", "Other", {"other": frozenset()}, QUERY)
    with pytest.raises(HistoryError, match=r"text is not an SQLite database: "):
        tables(write(b"ls\n", "text"))
    with pytest.raises(HistoryError, match=r"missing: "):
        tables(folder / "missing")
    damaged = write(b"SQLite format 3\0" + bytes(range(256)) * 8, "damaged")
    with pytest.raises(HistoryError, match=r"damaged cannot be read \(.*\): close"):
        tables(damaged)
