"""An import in the making: checked entries, numbered inside their sessions, and the broken lines."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from pathlib import Path

from delta_learn.collector.importers.result import BrokenLine, ImportResult
from delta_learn.entry import IMPORT_PREFIX, CommandEntry

_LATEST_SECONDS = 32_503_680_000.0
"""The year 3000: a later time is in milliseconds, or damage."""
_LARGEST_INTEGER = 2**53


class _UnusableError(ValueError):
    """Says why a value cannot be part of an entry."""


class Draft:
    """Takes what an importer reads, in order; every value may be of any type, as files hold anything."""

    def __init__(self, path: Path, fmt: str, shell: str = "") -> None:
        self._path = path
        self._format = fmt
        self._shell = shell
        self._stream = file_session(path, fmt)
        self._entries: list[CommandEntry] = []
        self._broken: list[BrokenLine] = []
        self._lengths: Counter[str] = Counter()

    def add(
        self,
        line: int,
        command: object,
        *,
        timestamp: object = None,
        duration_ms: object = None,
        exit_code: object = None,
        directory: object = None,
        session: object = None,
        shell: str | None = None,
    ) -> None:
        """Append one entry, or count `line` as broken if a value cannot be what it stands for.

        `timestamp` is in seconds since the epoch, 0 meaning unknown; a negative duration is unknown too.
        `session` is the tool's own id; None: this file's stream.
        """
        try:
            stream = self._session(session)
            entry = CommandEntry(
                command=_command(command),
                directory=_text(directory, "the directory") or None,
                timestamp=_timestamp(timestamp),
                exit_code=_integer(exit_code, "the exit status"),
                duration_ms=_duration(duration_ms),
                session=stream,
                sequence=self._lengths[stream],
                shell=self._shell if shell is None else shell,
                source="imported",
            )
        except _UnusableError as error:
            self.reject(line, str(error))
            return
        self._lengths[stream] += 1
        self._entries.append(entry)

    def reject(self, line: int, reason: str) -> None:
        """Count `line` as broken."""
        self._broken.append(BrokenLine(line, reason))

    def result(self) -> ImportResult:
        """Everything added so far."""
        return ImportResult(self._entries, self._broken, self._shell, self._path)

    def _session(self, session: object) -> str:
        if isinstance(session, int) and not isinstance(session, bool):
            return f"{self._format}:{session}"
        name = _text(session, "the session")
        return f"{self._format}:{name}" if name else self._stream


def file_session(path: Path, fmt: str) -> str:
    """The session id of a history that records no sessions: one stream for each file."""
    digest = hashlib.sha256(os.fsencode(os.path.realpath(path))).hexdigest()
    return f"{IMPORT_PREFIX}{fmt}:{digest[:12]}"


def scaled(value: object, factor: float) -> object:
    """`value` times `factor` if it is a number; anything else as it is, for `Draft.add` to judge."""
    return value * factor if isinstance(value, int | float) and not isinstance(value, bool) else value


def _command(value: object) -> str:
    command = _text(value, "the command")
    if not command or command.isspace():
        raise _UnusableError("the command is empty")
    return command


def _text(value: object, what: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _UnusableError(f"{what} is not text")
    if value.isascii():
        return value
    try:
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise _UnusableError(f"{what} holds half of a surrogate pair") from None


def _number(value: object, what: str, limit: float) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _UnusableError(f"{what} is not a number")
    if not -limit < value < limit:  # also true of NaN
        raise _UnusableError(f"{what} is out of range")
    return value


def _timestamp(value: object) -> float | None:
    seconds = _number(value, "the time", _LATEST_SECONDS)
    if seconds is not None and seconds < 0:
        raise _UnusableError("the time is out of range")
    return float(seconds) if seconds else None


def _duration(value: object) -> int | None:
    milliseconds = _number(value, "the duration", _LARGEST_INTEGER)
    return None if milliseconds is None or milliseconds < 0 else round(milliseconds)


def _integer(value: object, what: str) -> int | None:
    number = _number(value, what, _LARGEST_INTEGER)
    if number is not None and number != int(number):
        raise _UnusableError(f"{what} is not a whole number")
    return None if number is None else int(number)
