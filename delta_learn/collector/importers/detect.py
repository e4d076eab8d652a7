"""Which histories a person has, which format a file is in, and reading it: the door to all importers."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from delta_learn.collector.importers import atuin, bash, database, fish, histdb, jsonl, mcfly, zsh
from delta_learn.collector.importers.historyfile import check_text, read_sample, unix_text
from delta_learn.collector.importers.result import ImportResult
from delta_learn.collector.importers.thinned import faithful_from
from delta_learn.errors import HistoryError

logger = logging.getLogger(__name__)

FORMATS: tuple[str, ...] = ("zsh", "bash", "fish", "atuin", "mcfly", "histdb", "jsonl")

_READERS: Mapping[str, Callable[[Path], ImportResult]] = {
    "zsh": zsh.read,
    "bash": bash.read,
    "fish": fish.read,
    "atuin": atuin.read,
    "mcfly": mcfly.read,
    "histdb": histdb.read,
    "jsonl": jsonl.read,
}
_SCHEMAS = {"atuin": atuin.SCHEMA, "mcfly": mcfly.SCHEMA, "histdb": histdb.SCHEMA}
_THINNED_BY_SHELL = frozenset({"zsh", "bash", "fish"})
_MARKS = {
    "zsh": zsh.STAMP,
    "bash": re.compile(bash.STAMP.pattern + rb"\Z"),
    "fish": re.compile(re.escape(fish.COMMAND)),
    "jsonl": re.compile(rb'\{.*"(?:command|cmd)"\s*:'),
}
"""How the lines of each text format begin that no command looks like."""
_MIN_MARKED = 0.05
"""Share of marked lines below which they are parts of commands."""
_NAMES = {
    "zsh": ("zsh", "zhist", "histfile"),
    "bash": ("bash",),
    "fish": ("fish",),
    "jsonl": (".jsonl", ".ndjson"),
}
_BYTES_PER_COMMAND = {
    "zsh": 40,
    "bash": 30,
    "fish": 60,
    "jsonl": 150,
    "atuin": 500,
    "mcfly": 300,
    "histdb": 150,
}
_WORTH_OF_CONTEXT = 2
"""A command with directory, exit status and session counts as so many without."""


def read_history(path: Path, fmt: str | None = None) -> ImportResult:
    """Import the history in `path`; entries whose neighbours the shell removed come out `isolated`.

    Raises:
        HistoryError: the file cannot be read, is no history, or `fmt` is none of `FORMATS`.
    """
    fmt = fmt or detect_format(path)
    if fmt not in _READERS:
        raise HistoryError(f"There is no history format {fmt}: use one of {', '.join(FORMATS)}.")
    result = _READERS[fmt](path)
    if fmt in _THINNED_BY_SHELL:
        _mark_thinned(result)
    logger.info("%s: %d entries, %d broken lines", fmt, len(result.entries), len(result.broken))
    return result


def detect_format(path: Path) -> str:
    """The format of `path`: by what it holds, or where that does not tell, by its name.

    Raises:
        HistoryError: the file cannot be read, or neither its content nor its name tells.
    """
    sample = read_sample(path)
    if sample.startswith(database.MAGIC):
        return _database_format(path)
    check_text(path, sample)
    fmt = _text_format(unix_text(sample)) or _named_format(path)
    if fmt is None:
        names = ", ".join(FORMATS)
        raise HistoryError(f"It cannot be told which format {path} has: say which one ({names}).")
    return fmt


def find_histories(environment: Mapping[str, str]) -> list[tuple[str, Path]]:
    """The (format, path) of this person's histories that exist, best first.

    Best is the one with most commands, estimated from its size, where commands with context count double.
    """
    found: dict[Path, tuple[float, str, Path]] = {}
    for path in _usual_places(environment):
        try:
            fmt = detect_format(path)
        except HistoryError as error:
            logger.debug("passed over: %s", error)
            continue
        worth = path.stat().st_size / _BYTES_PER_COMMAND[fmt]
        if worth:
            worth *= _WORTH_OF_CONTEXT if fmt in _SCHEMAS else 1
            found.setdefault(path.resolve(), (worth, fmt, path))
    best_first = sorted(found.values(), key=lambda item: -item[0])
    return [(fmt, path) for _, fmt, path in best_first]


def _usual_places(environment: Mapping[str, str]) -> Iterator[Path]:
    home = Path(environment.get("HOME") or Path.home())
    data = Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share")
    if environment.get("HISTFILE"):
        yield Path(environment["HISTFILE"])
    for directory in (Path(environment.get("ZDOTDIR") or home), home):
        for name in (".zsh_history", ".zhistory", ".histfile"):
            yield directory / name
    yield home / ".bash_history"
    yield data / "fish" / "fish_history"
    yield data / "atuin" / "history.db"
    yield data / "mcfly" / "history.db"
    yield home / ".mcfly" / "history.db"
    yield home / ".histdb" / "zsh-history.db"


def _database_format(path: Path) -> str:
    found = database.tables(path)
    for fmt, schema in _SCHEMAS.items():
        if database.has_schema(found, schema):
            return fmt
    raise HistoryError(f"{path} is a database, but not the history of Atuin, McFly or zsh-histdb.")


def _text_format(sample: bytes) -> str | None:
    """The format whose marks begin most lines; plain lines can be told only by zsh's way to escape bytes."""
    whole, _, cut = sample.rpartition(b"\n")
    lines = [line for line in (whole or cut).split(b"\n") if line]
    counts = {fmt: sum(1 for line in lines if mark.match(line)) for fmt, mark in _MARKS.items()}
    best = max(counts, key=lambda fmt: counts[fmt])
    if counts[best] > _MIN_MARKED * len(lines):
        return best
    return "zsh" if any(zsh.is_metafied(line) for line in lines) else None


def _named_format(path: Path) -> str | None:
    """The format that the name tells, or for a mere `history` the directory's, as in ~/.cache/zsh/history."""
    name = path.name.lower()
    if name == "history":
        name = path.parent.name.lower()
    return next((fmt for fmt, parts in _NAMES.items() if any(part in name for part in parts)), None)


def _mark_thinned(result: ImportResult) -> None:
    start = faithful_from([entry.command for entry in result.entries])
    result.learnable_from = start
    result.entries[:start] = [replace(entry, isolated=True) for entry in result.entries[:start]]
