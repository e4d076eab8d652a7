"""One person's data set: the only door in (everything passes redaction) and the one order out."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from delta_learn.collector.merge import new_entries
from delta_learn.collector.redact import redact_entry
from delta_learn.entry import SESSION_GAP_SECONDS, CommandEntry, Redacted, Session, split_sessions
from delta_learn.paths import Paths
from delta_learn.storage.atomic import private_directory
from delta_learn.storage.lock import exclusive
from delta_learn.storage.seal import Keyring
from delta_learn.storage.shards import RawShards

_WAIT_SECONDS = 30.0
_PLACEHOLDER = re.compile(r"<secret:([a-z0-9_-]+)>")


@dataclass(frozen=True, slots=True)
class Added:
    """What became of entries that were offered to a store."""

    new: int
    known: int
    redacted: dict[str, int]
    """Secrets replaced in the new entries, by kind."""


class Store:
    """The entries of one person, in daily sealed shards.

    Raises:
        StorageError: a shard or the key cannot be read, is damaged, or belongs to somebody else.
    """

    def __init__(self, paths: Paths, keyring: Keyring) -> None:
        self.paths = paths
        self.keyring = keyring
        self._raw = RawShards(paths.raw, keyring)

    @classmethod
    def open(cls, paths: Paths | None = None) -> Store:
        """Open the store at `paths` (default: this user's), with its directories and key made if missing."""
        paths = paths or Paths.from_environment()
        for directory in (paths.home, paths.training, paths.raw, paths.processed, paths.models, paths.state):
            private_directory(directory)
        return cls(paths, Keyring.load_or_create(paths.key))

    def add(self, entries: Iterable[CommandEntry], *, fallback_time: float | None = None) -> Added:
        """Redact `entries` and keep those that are not yet known.

        `fallback_time` (seconds) is the day of entries without a time, by default today.

        Raises:
            LockHeldError: another process writes to this store.
        """
        passed = [redact_entry(entry)[0] for entry in entries]
        with exclusive(self.paths.lock, "adding entries", timeout=_WAIT_SECONDS):
            fresh = new_entries(self._raw.read_all(), passed)
            self._raw.append([Redacted(e) for e in fresh], time.time() if fallback_time is None else fallback_time)
        return Added(len(fresh), len(passed) - len(fresh), count_redactions(fresh))

    def entries(self) -> list[CommandEntry]:
        """All entries: each session in its own order, the sessions merged by time."""
        return in_order(self._raw.read_all())

    def sessions(self, gap_seconds: float = SESSION_GAP_SECONDS) -> list[Session]:
        """All sessions, oldest first."""
        return split_sessions(self.entries(), gap_seconds)

    def redactions(self) -> dict[str, int]:
        """How many secrets were replaced in what is kept, by kind."""
        return count_redactions(self._raw.read_all())

    def files(self) -> list[Path]:
        """The raw shards, oldest first."""
        return sorted(self.paths.raw.glob("commands_*.bin"))


def count_redactions(entries: Iterable[CommandEntry]) -> dict[str, int]:
    """Placeholders in the commands of `entries`, by kind of secret."""
    return dict(Counter(kind for entry in entries for kind in _PLACEHOLDER.findall(entry.command)))


def in_order(entries: Iterable[CommandEntry]) -> list[CommandEntry]:
    """Merge sessions by time without ever changing the order inside one.

    A clock that jumps back inside a session must not reorder it, so an entry counts as no earlier than the
    ones before it; entries without a time stay behind their predecessor, and first of all where none has one.
    """
    streams: dict[str, list[CommandEntry]] = {}
    for entry in entries:
        streams.setdefault(entry.session, []).append(entry)
    keyed: list[tuple[float, int, int, CommandEntry]] = []
    for number, stream in enumerate(streams.values()):
        keyed += _keyed(stream, number)
    keyed.sort(key=lambda item: item[:3])
    return [item[3] for item in keyed]


def _keyed(stream: Sequence[CommandEntry], number: int) -> list[tuple[float, int, int, CommandEntry]]:
    now = float("-inf")
    keyed = []
    for entry in sorted(stream, key=lambda e: e.sequence):
        now = max(now, entry.timestamp if entry.timestamp is not None else now)
        keyed.append((now, number, entry.sequence, entry))
    return keyed
