"""Atuin's history.db: one row a command, with directory, exit status, duration and session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from delta_learn.collector.importers.database import rows
from delta_learn.collector.importers.draft import Draft, scaled
from delta_learn.collector.importers.result import ImportResult

SCHEMA = {
    "history": frozenset({"timestamp", "duration", "exit", "command", "cwd", "session"}),
}
_QUERY = """
select rowid as line, cast(timestamp as integer) as nanoseconds, *
from history order by nanoseconds, line
"""  # the column is declared as text: as it is, it sorts by digits
_UNKNOWN_DIRECTORY = "unknown"
_AGENT = 2
"""Value of `author_kind`, a column since 2026, for a command that a coding agent ran."""


def read(path: Path) -> ImportResult:
    """Import `path`, without the rows that the person deleted there.

    Raises:
        HistoryError: the file cannot be read, or is no history of Atuin.
    """
    draft = Draft(path, "atuin")
    for row in rows(path, "Atuin", SCHEMA, _QUERY):
        if row.get("deleted_at") is not None:
            continue
        if row.get("author_kind") == _AGENT:
            draft.reject(row["line"], "the command was run by an agent, not typed by a person")
        else:
            _add(draft, row)
    return draft.result()


def _add(draft: Draft, row: dict[str, Any]) -> None:
    # What Atuin itself imported has no directory, and a session of its own for every row.
    imported = row["cwd"] == _UNKNOWN_DIRECTORY
    draft.add(
        row["line"],
        row["command"],
        timestamp=scaled(row["nanoseconds"], 1e-9),
        duration_ms=scaled(row["duration"], 1e-6),
        exit_code=None if row["exit"] == -1 else row["exit"],
        directory=None if imported else row["cwd"],
        session=None if imported else row["session"],
        shell=str(row.get("shell") or ""),
    )
