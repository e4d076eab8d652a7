"""bash's history file, with and without the `#seconds` lines that HISTTIMEFORMAT brings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from delta_learn.collector.importers.draft import Draft
from delta_learn.collector.importers.historyfile import read_text
from delta_learn.collector.importers.result import ImportResult

STAMP = re.compile(rb"#(\d{9,12})\s*")
"""bash takes any `#1` for a time; so early a time is a comment that somebody typed."""
_MOST_LINES = 100
"""Longer than any command typed: such lines were added by a shell that writes no times."""

Line = tuple[int, bytes]


def read(path: Path) -> ImportResult:
    """Import `path`: the lines after a time are one command, lines before the first time are one each.

    Raises:
        HistoryError: the file cannot be read, or is no text.
    """
    draft = Draft(path, "bash", "bash")
    stamp: tuple[int, int] | None = None  # line number, seconds
    lines: list[Line] = []
    for number, line in enumerate(read_text(path).split(b"\n"), 1):
        if line.startswith(b"#") and (match := STAMP.fullmatch(line)):
            _add(draft, stamp, lines)
            stamp, lines = (number, int(match[1])), []
        else:
            lines.append((number, line))
    _add(draft, stamp, lines)
    return draft.result()


def _add(draft: Draft, stamp: tuple[int, int] | None, lines: Sequence[Line]) -> None:
    """Add the commands between two times, the first of which is `stamp`."""
    lines = _without_blank_ends(lines) if stamp else [line for line in lines if line[1].strip()]
    if stamp is None:
        commands = [[line] for line in lines]
    elif not lines:
        draft.reject(stamp[0], "a time without a command")
        return
    elif len(lines) > _MOST_LINES:
        commands = [[line] for line in lines if line[1].strip()]
    else:
        commands = [list(lines)]
    for index, command in enumerate(commands):
        _add_command(draft, stamp[1] if stamp and index == 0 else None, command)


def _add_command(draft: Draft, timestamp: int | None, lines: Sequence[Line]) -> None:
    number = lines[0][0]
    command = b"\n".join(line for _, line in lines)
    if b"\0" in command:
        draft.reject(number, "the line holds NUL bytes")
    else:
        draft.add(number, command.decode("utf-8", "surrogateescape"), timestamp=timestamp)


def _without_blank_ends(lines: Sequence[Line]) -> Sequence[Line]:
    used = [index for index, (_, line) in enumerate(lines) if line.strip()]
    return lines[used[0] : used[-1] + 1] if used else []
