"""McFly's history.db: one row a command, with directory, exit status and session."""

from __future__ import annotations

from pathlib import Path

from delta_learn.collector.importers.database import rows
from delta_learn.collector.importers.draft import Draft
from delta_learn.collector.importers.result import ImportResult

SCHEMA = {
    "commands": frozenset({"cmd", "session_id", "when_run", "exit_code", "dir"}),
}
_QUERY = "select id as line, cmd, session_id, when_run, exit_code, dir from commands order by when_run, id"
_NO_SESSION = frozenset({"IMPORTED", "UNKNOWN"})
"""What McFly took from a shell's history at its first start: exit status 0 is made up there."""


def read(path: Path) -> ImportResult:
    """Import `path`.

    Raises:
        HistoryError: the file cannot be read, or is no history of McFly.
    """
    draft = Draft(path, "mcfly")
    for row in rows(path, "McFly", SCHEMA, _QUERY):
        imported = row["session_id"] in _NO_SESSION
        draft.add(
            row["line"],
            row["cmd"],
            timestamp=row["when_run"],
            exit_code=None if imported else row["exit_code"],
            directory=row["dir"],
            session=None if imported else row["session_id"],
        )
    return draft.result()
