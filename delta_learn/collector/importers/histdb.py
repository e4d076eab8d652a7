"""zsh-histdb's zsh-history.db: commands and places are stored once, the history refers to them by row."""

from __future__ import annotations

from pathlib import Path

from delta_learn.collector.importers.database import rows
from delta_learn.collector.importers.draft import Draft, scaled
from delta_learn.collector.importers.result import ImportResult

SCHEMA = {
    "commands": frozenset({"argv"}),
    "places": frozenset({"host", "dir"}),
    "history": frozenset({"session", "command_id", "place_id", "exit_status", "start_time", "duration"}),
}
_QUERY = """
select h.rowid as line, c.argv, p.host, p.dir, h.session, h.start_time, h.duration, h.exit_status
from history h
left join commands c on c.rowid = h.command_id
left join places p on p.rowid = h.place_id
order by h.start_time, line
"""


def read(path: Path) -> ImportResult:
    """Import `path`.

    Raises:
        HistoryError: the file cannot be read, or is no history of zsh-histdb.
    """
    draft = Draft(path, "histdb", "zsh")
    for row in rows(path, "zsh-histdb", SCHEMA, _QUERY):
        # Sessions are counted on each host, and databases of several hosts can be merged.
        session = None if row["session"] is None else f"{row['host'] or ''}:{row['session']}"
        draft.add(
            row["line"],
            row["argv"],
            timestamp=row["start_time"],
            duration_ms=scaled(row["duration"], 1000),
            exit_code=row["exit_status"],
            directory=row["dir"],
            session=session,
        )
    return draft.result()
