"""CommandEntry and Session: the one data type that every part of delta_learn passes around."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, NewType, get_args

Source = Literal["typed", "imported", "taught", "feedback", "synthetic"]
SOURCES: frozenset[str] = frozenset(get_args(Source))

SESSION_GAP_SECONDS = 1800.0
"""A pause of this length starts a new session where the shell recorded none (imports)."""

IMPORT_PREFIX = "import:"
"""Session ids with this prefix name a file, not a shell: such a stream is cut into sessions at pauses."""


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """One command with its context.

    Bytes that are not UTF-8 are kept in `command` and `directory` as surrogates (PEP 383), so that
    `command.encode("utf-8", "surrogateescape")` is what the person typed.
    """

    command: str
    directory: str | None = None
    timestamp: float | None = None
    """Start of the command, seconds since the epoch; None where the history has none."""
    exit_code: int | None = None
    duration_ms: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    system_info: Mapping[str, str] = field(default_factory=dict)
    """Host, user, operating system: on the first entry of a session only."""
    session: str = ""
    sequence: int = 0
    """(session, sequence) is the identity of an entry; inside a session it is the order."""
    shell: str = ""
    source: Source = "typed"
    isolated: bool = False
    """The shell removed this entry's neighbours from its history file: learn the line, not the order."""

    def to_record(self) -> dict[str, Any]:
        """A msgpack-able dict of the fields that differ from their defaults."""
        record: dict[str, Any] = {}
        for name, default in _DEFAULTS.items():
            value = getattr(self, name)
            if value != default:
                record[name] = dict(value) if isinstance(value, Mapping) else value
        return record

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> CommandEntry:
        """The inverse of `to_record`; unknown fields, written by a newer version, are passed over."""
        return cls(**{name: record[name] for name in _DEFAULTS if name in record})


_DEFAULTS: dict[str, Any] = {f.name: {} if f.default_factory is dict else f.default for f in fields(CommandEntry)}

Redacted = NewType("Redacted", CommandEntry)
"""An entry that `collector.redaction.redact` has seen: the only kind that a shard accepts."""


@dataclass(frozen=True, slots=True)
class Session:
    """The entries of one interactive shell, in order; `id` is unique within a data set."""

    id: str
    entries: tuple[CommandEntry, ...]

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[CommandEntry]:
        return iter(self.entries)

    def prev_command(self, index: int) -> str | None:
        """The command before entry `index` of this session: derived, never stored."""
        return self.entries[index - 1].command if index > 0 else None

    def next_command(self, index: int) -> str | None:
        """The command after entry `index` of this session: derived, never stored."""
        return self.entries[index + 1].command if index + 1 < len(self.entries) else None


def split_sessions(entries: Iterable[CommandEntry], gap_seconds: float = SESSION_GAP_SECONDS) -> list[Session]:
    """Group entries by shell session; streams of imports are cut where nothing happened for `gap_seconds`.

    Sessions come in the order of their first entry. An isolated entry is a session of its own.
    """
    groups: dict[str, list[list[CommandEntry]]] = {}
    order: list[tuple[str, int]] = []
    for entry in entries:
        parts = groups.setdefault(entry.session, [])
        if not parts or starts_session(parts[-1][-1], entry, gap_seconds):
            order.append((entry.session, len(parts)))
            parts.append([])
        parts[-1].append(entry)
    return [Session(f"{name}#{part}" if part else name, tuple(groups[name][part])) for name, part in order]


def starts_session(last: CommandEntry, entry: CommandEntry, gap_seconds: float) -> bool:
    """Whether `entry`, of the same stream as `last` and right behind it, begins a new session."""
    if entry.isolated or last.isolated:
        return True
    if not entry.session.startswith(IMPORT_PREFIX) or entry.timestamp is None or last.timestamp is None:
        return False
    return entry.timestamp - last.timestamp >= gap_seconds
