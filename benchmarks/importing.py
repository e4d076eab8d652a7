"""Import of 100,000 commands in every format, against merely reading and splitting the same file.

Run: .venv/bin/python benchmarks/importing.py
"""

from __future__ import annotations

import json
import logging
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from delta_learn.collector.importers.detect import read_history

COMMANDS = 100_000
RUNS = 5
BUDGET = 20_000
"""Commands a second."""
START = 1_600_000_000


def commands() -> list[str]:
    """Lines of the lengths people type; one in fifty has several lines, one in fifty is not ASCII."""
    rng = random.Random(1)
    words = ["git", "commit", "-m", "cd", "~/src/project", "docker", "run", "--rm", "ls", "-la", "make"]
    lines = []
    for number in range(COMMANDS):
        line = " ".join(rng.choices(words, k=rng.randint(1, 8)))
        if number % 50 == 0:
            line += f"\necho {number} \\\n  done"
        elif number % 50 == 1:
            line += f" 'größe à {number}'"
        lines.append(line)
    return lines


def zsh_line(number: int, command: str) -> bytes:
    """An extended line, metafied."""
    text = bytearray()
    for byte in command.encode():
        text += bytes([0x83, byte ^ 0x20]) if 0x83 <= byte <= 0xA2 else bytes([byte])
    return b": %d:0;%s\n" % (START + number, bytes(text).replace(b"\n", b"\\\n"))


def bash_line(number: int, command: str) -> bytes:
    """A time and the command."""
    return b"#%d\n%s\n" % (START + number, command.encode())


def fish_line(number: int, command: str) -> bytes:
    """An item."""
    escaped = command.encode().replace(b"\\", b"\\\\").replace(b"\n", b"\\n")
    return b"- cmd: %s\n  when: %d\n" % (escaped, START + number)


def jsonl_line(number: int, command: str) -> bytes:
    """An object with all fields."""
    record = {
        "command": command,
        "timestamp": START + number,
        "directory": f"/home/someone/project{number % 40}",
        "exit_code": number % 3,
        "duration_ms": number,
        "session": f"s{number // 40}",
    }
    return json.dumps(record).encode() + b"\n"


def write_database(path: Path, schema: str, tables: dict[str, Iterable[tuple[Any, ...]]]) -> None:
    """Create tables and fill them."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(schema)
        for table, rows in tables.items():
            filled = list(rows)
            marks = ",".join("?" * len(filled[0]))
            connection.executemany(f"insert into {table} values ({marks})", filled)
        connection.commit()


def write_atuin(path: Path, lines: list[str]) -> None:
    """Atuin's table."""
    schema = "create table history (timestamp text, duration, exit, command, cwd, session)"
    rows = ((str((START + n) * 10**9), n, n % 3, c, f"/p{n % 40}", f"s{n // 40}") for n, c in enumerate(lines))
    write_database(path, schema, {"history": rows})


def write_mcfly(path: Path, lines: list[str]) -> None:
    """McFly's table."""
    schema = "create table commands (id integer primary key, cmd, session_id, when_run, exit_code, dir)"
    rows = ((n, c, f"s{n // 40}", START + n, n % 3, f"/p{n % 40}") for n, c in enumerate(lines))
    write_database(path, schema, {"commands": rows})


def write_histdb(path: Path, lines: list[str]) -> None:
    """zsh-histdb's tables."""
    schema = """
    create table commands (argv); create table places (host, dir);
    create table history (session, command_id, place_id, exit_status, start_time, duration);
    """
    tables: dict[str, Iterable[tuple[Any, ...]]] = {
        "commands": ((c,) for c in lines),
        "places": (("host", f"/p{n}") for n in range(40)),
        "history": ((n // 40, n + 1, n % 40 + 1, n % 3, START + n, 1) for n in range(len(lines))),
    }
    write_database(path, schema, tables)


def write_histories(directory: Path) -> dict[str, Path]:
    """One file of each format."""
    lines = commands()
    texts: dict[str, Callable[[int, str], bytes]] = {
        "zsh": zsh_line,
        "bash": bash_line,
        "fish": fish_line,
        "jsonl": jsonl_line,
    }
    databases = {"atuin": write_atuin, "mcfly": write_mcfly, "histdb": write_histdb}
    for fmt, line in texts.items():
        (directory / fmt).write_bytes(b"".join(line(n, c) for n, c in enumerate(lines)))
    for fmt, write in databases.items():
        write(directory / fmt, lines)
    return {fmt: directory / fmt for fmt in (*texts, *databases)}


def split(path: Path) -> int:
    """Number of pieces of the file: what any reader must at least do."""
    return len(path.read_bytes().split(b"\n"))


def seconds(work: Callable[[Path], object], path: Path) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work(path)
    return time.perf_counter() - start


def measure(path: Path) -> dict[str, float]:
    """Commands a second, and how much longer the import takes than `split`: medians over runs."""
    result = read_history(path)
    if len(result.entries) != COMMANDS or result.broken:
        raise SystemExit(f"{path.name}: {len(result.entries)} entries, {len(result.broken)} broken lines")
    pairs = [(seconds(read_history, path), seconds(split, path)) for _ in range(RUNS)]
    return {
        "commands_per_s": COMMANDS / statistics.median(imported for imported, _ in pairs),
        "slowest_s": max(imported for imported, _ in pairs),
        "import_to_split": statistics.median(imported / floor for imported, floor in pairs),
        "megabytes": path.stat().st_size / 1e6,
    }


def main() -> None:
    """Measure, print a table, write JSON."""
    logging.disable()
    with tempfile.TemporaryDirectory() as directory:
        figures = {fmt: measure(path) for fmt, path in write_histories(Path(directory)).items()}
    print(f"{'':8}{'commands/s':>12}{'of budget':>11}{'slowest s':>11}{'x split':>9}{'MB':>7}")
    for fmt, row in figures.items():
        speed = row["commands_per_s"]
        print(
            f"{fmt:8}{speed:12,.0f}{speed / BUDGET:11.1f}{row['slowest_s']:11.2f}"
            f"{row['import_to_split']:9.0f}{row['megabytes']:7.1f}"
        )
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / "importing.json").write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
