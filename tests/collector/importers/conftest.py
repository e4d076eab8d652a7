"""Histories of every format, made for a test."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

WriteFile = Callable[..., Path]
WriteDatabase = Callable[..., Path]


@pytest.fixture
def write(home: Path) -> WriteFile:
    """write(data, name="history") -> path."""

    def write_file(data: bytes, name: str = "history") -> Path:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    return write_file


@pytest.fixture
def database(home: Path) -> WriteDatabase:
    """database(schema, {table: rows}, name="history.db") -> path; a row is a dict by column."""

    def write_database(schema: str, tables: dict[str, Iterable[dict[str, Any]]], name: str = "history.db") -> Path:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path)
        connection.executescript(schema)
        for table, rows in tables.items():
            for row in rows:
                marks = ", ".join(f":{column}" for column in row)
                connection.execute(f"insert into {table} ({', '.join(row)}) values ({marks})", row)
        connection.commit()
        connection.close()
        return path

    return write_database


def habits(count: int, seed: int, new: float = 0.3, reach: float = 15.0) -> list[str]:
    """Commands of somebody who types something new with probability `new`, else something recent again."""
    rng = random.Random(seed)
    seen = ["ls"]
    commands = []
    for number in range(count):
        if rng.random() < new:
            seen.append(f"command{number} --option")
            commands.append(seen[-1])
        else:
            commands.append(seen[max(0, len(seen) - 1 - int(rng.expovariate(1 / reach)))])
    return commands


@pytest.fixture(name="habits")
def habits_fixture() -> Callable[..., list[str]]:
    """The function `habits`: test files without a package cannot import it."""
    return habits


def expire_duplicates_first(commands: Sequence[str], size: int) -> tuple[list[str], int]:
    """What HIST_EXPIRE_DUPS_FIRST leaves of `commands`, and where its whole tail begins."""
    kept: list[int] = []
    copies: dict[str, int] = {}
    for index, command in enumerate(commands):
        kept.append(index)
        copies[command] = copies.get(command, 0) + 1
        if len(kept) > size:
            oldest = next((i for i, k in enumerate(kept) if copies[commands[k]] > 1), 0)
            copies[commands[kept.pop(oldest)]] -= 1
    tail = next((i for i in range(len(kept) - 1, 0, -1) if kept[i] != kept[i - 1] + 1), 0)
    return [commands[index] for index in kept], tail


@pytest.fixture(name="expire_duplicates_first")
def expire_fixture() -> Callable[..., tuple[list[str], int]]:
    """The function `expire_duplicates_first`."""
    return expire_duplicates_first
