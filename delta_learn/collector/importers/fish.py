"""fish's history file since 2.0: it looks like YAML, but is written and read by rules of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from delta_learn.collector.importers.draft import Draft
from delta_learn.collector.importers.historyfile import read_text
from delta_learn.collector.importers.result import ImportResult

COMMAND = b"- cmd:"
_WHEN = re.compile(rb" +when: *(.*)")
_DIGITS = re.compile(rb"\d{1,12}")
_OTHER_FIELD = re.compile(rb" +(?:[\w-]+:|- )")
"""`paths:` and its list (arguments that were files, no directories), and whatever newer versions add."""
_ESCAPE = re.compile(rb"\\([\\n])")


@dataclass(slots=True)
class _Item:
    line: int
    command: bytes
    when: int | None = None


def read(path: Path) -> ImportResult:
    """Import `path`.

    Raises:
        HistoryError: the file cannot be read, or is no text.
    """
    draft = Draft(path, "fish", "fish")
    item: _Item | None = None
    for number, line in enumerate(read_text(path).split(b"\n"), 1):
        if line.startswith(COMMAND):
            _add(draft, item)
            item = _Item(number, line.removeprefix(COMMAND).removeprefix(b" "))
        elif item and (when := _WHEN.fullmatch(line)):
            _set_time(draft, number, item, when[1])
        elif line.strip() and not (item and _OTHER_FIELD.match(line)):
            draft.reject(number, "the line is no part of an entry")
    _add(draft, item)
    return draft.result()


def _set_time(draft: Draft, number: int, item: _Item, text: bytes) -> None:
    if _DIGITS.fullmatch(text):
        item.when = int(text)
    else:
        draft.reject(number, "the time is not a number")


def _add(draft: Draft, item: _Item | None) -> None:
    if item is None:
        return
    if b"\0" in item.command:
        draft.reject(item.line, "the line holds NUL bytes")
        return
    command = _ESCAPE.sub(lambda escape: b"\n" if escape[1] == b"n" else b"\\", item.command)
    draft.add(item.line, command.decode("utf-8", "surrogateescape"), timestamp=item.when)
