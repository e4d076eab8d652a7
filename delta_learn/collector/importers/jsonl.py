"""JSON Lines: one object a line; only `command` (or `cmd`) is required."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from delta_learn.collector.importers.draft import Draft
from delta_learn.collector.importers.historyfile import read_text
from delta_learn.collector.importers.result import ImportResult


def read(path: Path) -> ImportResult:
    """Import `path`: `command` (or `cmd`) and, if present, `timestamp` (`ts`, seconds), `directory` (`cwd`),
    `exit_code` (`exit`), `duration_ms` and `session`; null is the same as absent.

    Raises:
        HistoryError: the file cannot be read, or is no text.
    """
    draft = Draft(path, "jsonl")
    for number, line in enumerate(read_text(path).split(b"\n"), 1):
        if not line or line.isspace():
            continue
        try:
            record = json.loads(line.decode("utf-8", "surrogateescape"))
        except (ValueError, RecursionError):
            draft.reject(number, "the line is not valid JSON")
            continue
        if isinstance(record, dict):
            _add(draft, number, record)
        else:
            draft.reject(number, "the line is not a JSON object")
    return draft.result()


def _add(draft: Draft, number: int, record: Mapping[str, Any]) -> None:
    draft.add(
        number,
        _first(record, "command", "cmd"),
        timestamp=_first(record, "timestamp", "ts"),
        directory=_first(record, "directory", "cwd"),
        exit_code=_first(record, "exit_code", "exit"),
        duration_ms=record.get("duration_ms"),
        session=record.get("session"),
    )


def _first(record: Mapping[str, Any], name: str, alias: str) -> Any:
    value = record.get(name)
    return record.get(alias) if value is None else value
