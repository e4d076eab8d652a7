"""zsh's history file, plain or extended, line by line either: as zsh 5.9 writes and reads it (Src/hist.c)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from delta_learn.collector.importers.draft import Draft
from delta_learn.collector.importers.historyfile import read_text
from delta_learn.collector.importers.result import ImportResult

STAMP = re.compile(rb": *(\d{1,12}):(\d{1,12});")
"""Start of an extended line: start of the command and its duration, both in seconds."""
_META = b"\x83"
_META_PAIR = re.compile(rb"\x83([^\n])")
_LONE_META = re.compile(rb"\x83(?:\n|\Z)")


def read(path: Path) -> ImportResult:
    """Import `path`.

    The duration is 0 where zsh wrote the line before the command ended (SHARE_HISTORY, INC_APPEND_HISTORY).

    Raises:
        HistoryError: the file cannot be read, or is no text.
    """
    draft = Draft(path, "zsh", "zsh")
    for number, line in _commands(read_text(path)):
        if line is None:
            draft.reject(number, "the file ends inside a command")
        elif b"\0" in line:
            draft.reject(number, "the line holds NUL bytes")
        elif _META in line and _LONE_META.search(line) and not _is_utf8(line):
            draft.reject(number, "the line ends inside an encoded byte")
        elif line and not line.isspace():
            _add(draft, number, unmetafy(line))
    return draft.result()


def unmetafy(text: bytes) -> bytes:
    """The bytes behind zsh's escapes: it writes a byte b that it uses itself as 0x83, b ^ 0x20.

    A text with such an escape is not UTF-8, so one that is UTF-8 was written by another program.
    """
    if _META not in text or _is_utf8(text):
        return text
    return _META_PAIR.sub(lambda pair: bytes([pair[1][0] ^ 0x20]), text)


def is_metafied(line: bytes) -> bool:
    """Whether only zsh can have written `line`: it is not UTF-8, but has escapes that make it so."""
    text = unmetafy(line)
    return text != line and _is_utf8(text)


def _commands(data: bytes) -> Iterator[tuple[int, bytes | None]]:
    """Yield the commands, with the number of their first line; None for one that the file ends inside of.

    A backslash at the end of a line stands for a newline in the command. zsh puts a space behind a command
    that really ends in a backslash (and spaces), and takes it off again.
    """
    lines = data.split(b"\n")
    unterminated = lines.pop()
    first = 1
    parts: list[bytes] = []
    for number, line in enumerate(lines, 1):
        if not parts:
            first = number
        if line.endswith(b"\\"):
            parts.append(line[:-1])
            continue
        if line.endswith(b" ") and line.rstrip(b" ").endswith(b"\\"):
            line = line[:-1]
        yield first, b"\n".join([*parts, line])
        parts = []
    first = first if parts else len(lines) + 1
    if unterminated:
        yield first, b"\n".join([*parts, unterminated])
    elif parts:
        yield first, None


def _add(draft: Draft, number: int, line: bytes) -> None:
    stamp = STAMP.match(line)
    if not stamp:
        plain = line[1:] if line.startswith(b"\\:") else line  # so that it is not taken for an extended line
        draft.add(number, plain.decode("utf-8", "surrogateescape"))
        return
    start, duration = int(stamp[1]), int(stamp[2])
    if duration >= start:  # then zsh takes it for the time of the end
        duration -= start
    command = line[stamp.end() :].decode("utf-8", "surrogateescape")
    draft.add(number, command, timestamp=start, duration_ms=1000 * duration if start else None)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
