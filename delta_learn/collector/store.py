"""One person's data set: the only door in (everything passes redaction) and the one order out."""

from __future__ import annotations

import fcntl
import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from delta_learn.collector.denied import Denied
from delta_learn.collector.exclude import Exclusions
from delta_learn.collector.merge import new_entries
from delta_learn.collector.outcome import FEEDBACK, outcome_of
from delta_learn.collector.redaction.patterns import Patterns, compile_patterns
from delta_learn.collector.redaction.redact import redact, redact_entry
from delta_learn.collector.spool import Completion
from delta_learn.config import Config
from delta_learn.entry import SESSION_GAP_SECONDS, CommandEntry, Redacted, Session, split_sessions
from delta_learn.errors import StorageError
from delta_learn.paths import Paths
from delta_learn.storage.atomic import private_directory, storage_errors, sync_directory
from delta_learn.storage.lock import exclusive
from delta_learn.storage.seal import Keyring
from delta_learn.storage.shards import Identity, RawShards, Stamp, day_of, days_near

logger = logging.getLogger(__name__)

_WAIT_SECONDS = 30.0
_PLACE = ("directory", "environment", "system_info")
_PLACEHOLDER = re.compile(r"<secret:([a-z0-9_-]+)>")


@dataclass(frozen=True, slots=True)
class Added:
    """What became of entries that were offered to a store."""

    new: int
    known: int
    redacted: dict[str, int]
    """Secrets replaced in the new entries, by kind."""
    excluded: int = 0
    """Imported entries that the person's settings exclude."""
    forgotten: int = 0
    """Imported entries that were forgotten before."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of recorded commands that were offered to a store."""

    new: int
    """Commands; what is said about suggestions is none."""
    completed: int
    """Commands that were kept before they ended, and now have an exit status."""
    redacted: dict[str, int]
    """Secrets replaced in the new entries, by kind."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was removed from the shards."""

    entries: int
    days: int
    training: bool = False
    """A training was ended, as it had read the entries before."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What was rewritten because the rules of redaction are better now."""

    days: int
    entries: int
    redacted: dict[str, int]
    """Secrets that had been kept and are replaced now, by kind."""


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

    def add(self, entries: Iterable[CommandEntry], *, fallback_time: float | None = None, again: bool = False) -> Added:
        """Redact `entries` and keep those that are not yet known.

        `fallback_time` (seconds) is the day of entries without a time, by default today. Imported entries that were
        forgotten before are left out, unless the person wants them `again`.

        Raises:
            LockHeldError: another process writes to this store.
            ConfigError: the person's own patterns cannot be read; nothing is kept without them.
        """
        exclusions = Exclusions.from_config(Config.load(self.paths.config).collect, str(Path.home()))
        offered = list(entries)
        wanted = [entry for entry in offered if entry.source != "imported" or not exclusions.names(entry)]
        passed = redacted(wanted, self.patterns())
        with exclusive(self.paths.lock, "adding entries", timeout=_WAIT_SECONDS):
            denied = Denied.load(self.paths, self.keyring)
            # Before they are merged: the order of a history without times tells only as it is kept.
            admitted = [e for e in passed if again or e.source != "imported" or not denied.names(e)]
            fresh = new_entries(self._raw.read_all(), admitted)
            readmitted = again and denied.readmit(fresh)
            if denied.allow(fresh) or readmitted:
                denied.save()
            self._raw.append([Redacted(e) for e in fresh], time.time() if fallback_time is None else fallback_time)
        known, excluded = len(admitted) - len(fresh), len(offered) - len(wanted)
        return Added(len(fresh), known, count_redactions(fresh), excluded, len(passed) - len(admitted))

    def record(self, entries: Iterable[CommandEntry]) -> Kept:
        """Redact and keep `entries` that are new by their identity; complete those kept without exit status.

        Raises:
            LockHeldError, ConfigError: as `add`.
        """
        with exclusive(self.paths.lock, "adding entries", timeout=_WAIT_SECONDS):
            return self.record_locked(list(entries))

    def record_locked(self, entries: Sequence[CommandEntry], completions: Sequence[Completion] = ()) -> Kept:
        """As `record`, for a caller that holds the lock; `completions` are ends of commands kept before."""
        now = time.time()
        known = self._known([*entries, *completions], now)
        new: dict[Identity, CommandEntry] = {}
        for entry in entries:
            if (entry.session, entry.sequence) not in known:
                new.setdefault((entry.session, entry.sequence), entry)
        patterns = self.patterns()
        fresh = redacted(new.values(), patterns)
        days: dict[str, list[Redacted]] = {}
        for entry in fresh:
            days.setdefault(day_of(entry.timestamp, now), []).append(entry)
        whole = self._completed(known, [*entries, *completions])
        clean = redacted((entry for _, entry in whole), patterns)
        for (day, before), after in zip(whole, clean, strict=True):
            if after.command == before.command:
                days.setdefault(day, []).append(after)
            else:  # only its exit status told that it was a secret: no copy may stay
                self._replace(day, after)
        self._allow(fresh)
        self._raw.append_days(days)
        commands = sum(entry.source != FEEDBACK for entry in fresh)
        return Kept(commands, len(whole), count_redactions(fresh))

    @staticmethod
    def _completed(
        known: Mapping[Identity, tuple[str, CommandEntry]], ends: Iterable[CommandEntry | Completion]
    ) -> list[tuple[str, CommandEntry]]:
        whole: dict[Identity, tuple[str, CommandEntry]] = {}
        for end in ends:
            day, before = known.get((end.session, end.sequence), ("", None))
            if before and before.exit_code is None and end.exit_code is not None:
                entry = replace(before, exit_code=end.exit_code, duration_ms=end.duration_ms)
                whole.setdefault((end.session, end.sequence), (day, entry))
        return list(whole.values())

    def _replace(self, day: str, entry: Redacted) -> None:
        identity = (entry.session, entry.sequence)
        entries = [entry if (e.session, e.sequence) == identity else Redacted(e) for e in self._raw.read(day)]
        self._raw.replace(day, entries)

    def _known(
        self, items: Sequence[CommandEntry | Completion], now: float
    ) -> dict[Identity, tuple[str, CommandEntry]]:
        moments = {int((now if item.timestamp is None else item.timestamp) // 3600) for item in items}
        days = {day for hour in moments for day in days_near(hour * 3600, now)}
        return self._raw.find(days, {(item.session, item.sequence) for item in items})

    def _allow(self, entries: Iterable[CommandEntry]) -> None:
        """What was typed again is denied no more; a list that cannot be read or written keeps nobody from recording."""
        try:
            denied = Denied.load(self.paths, self.keyring)
            if denied.allow(entries):
                denied.save()
        except StorageError as error:
            logger.warning("what was forgotten stays denied: %s", error)

    def forget(
        self,
        matches: Callable[[CommandEntry], bool],
        *,
        lines: Sequence[str] = (),
        public: Container[str] = frozenset(),
    ) -> Forgotten:
        """Remove the entries that match from their shards, and everything that was made of any entry.

        The models of now know them: first their lines, and `lines`, are denied, with the words that nothing else holds
        and that are not `public`. Killed at any moment, what is gone is denied, and what is not is forgotten by
        running it again.

        Raises:
            LockHeldError: another process writes to this store.
            StorageError: a shard cannot be read or rewritten; run it again.
        """
        with exclusive(self.paths.lock, "delta-learn forget", timeout=_WAIT_SECONDS):
            days = {day: self._raw.read(day) for day in self._raw.days()}
            gone = with_outcomes((entry for entries in days.values() for entry in entries), matches)
            kept = {day: [entry for entry in days[day] if id(entry) not in gone] for day in days}
            if gone or lines:
                self._deny(gone.values(), [*lines], [entry for entries in kept.values() for entry in entries], public)
            self.remove_copies()
            changed = [day for day in days if len(kept[day]) < len(days[day])]
            for day in changed:
                self._raw.replace(day, [Redacted(entry) for entry in kept[day]])
        return Forgotten(len(gone), len(changed))

    def _deny(
        self,
        gone: Collection[CommandEntry],
        lines: Sequence[str],
        kept: Iterable[CommandEntry],
        public: Container[str],
    ) -> None:
        """Write down what is forgotten before anything of it is removed."""
        own = {entry.command for entry in kept if entry.source != FEEDBACK}
        denied = Denied.load(self.paths, self.keyring)
        denied.deny([*lines, *(entry.command for entry in gone if entry.source != FEEDBACK)], own, public)
        denied.remember(gone, own)
        denied.save()

    def redact_again(self) -> Rewritten:
        """Pass all that is kept through the rules of today, and rewrite the days where that changes something.

        Raises:
            LockHeldError, ConfigError: as `add`.
            StorageError: a shard cannot be read or rewritten; run it again.
        """
        patterns = self.patterns()
        changed: list[tuple[CommandEntry, CommandEntry]] = []
        days = 0
        with exclusive(self.paths.lock, "delta-learn redact", timeout=_WAIT_SECONDS):
            for day in self._raw.days():
                before = self._raw.read(day)
                after = redacted(before, patterns)
                differing = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
                if differing:
                    self._raw.replace(day, after)
                    days += 1
                changed += differing
            if changed:
                self.remove_copies()
        old, new = (Counter(count_redactions(side)) for side in zip(*changed, strict=True)) if changed else ({}, {})
        return Rewritten(days, len(changed), dict(Counter(new) - Counter(old)))

    def expire(self, days: Iterable[str]) -> int:
        """Remove whole days, and what was made of entries; returns how many entries those were.

        Raises:
            LockHeldError: another process writes to this store.
            StorageError: a shard cannot be read or removed; run it again.
        """
        with exclusive(self.paths.lock, "delta-learn train", timeout=_WAIT_SECONDS):
            self.remove_copies()
            gone = 0
            for day in days:
                gone += len(self._raw.read(day))
                self._raw.replace(day, [])
        return gone

    def remove_copies(self) -> None:
        """Remove what was made of entries and is made anew when it is missing: tokens, checkpoints, caches, report.

        Raises:
            StorageError: the disk refuses it.
        """
        paths = self.paths
        copies = [(paths.processed, "tokenized_*.bin"), (paths.checkpoints, "*.bin")]
        copies += [(paths.state, path.name) for path in self.caches()]
        begun = [(paths.raw, ".commands_*.tmp"), (paths.models, ".*.bin.tmp"), (paths.training, ".never.bin.tmp")]
        for directory, pattern in (*copies, *((d, f".{p}.tmp") for d, p in copies), *begun):
            found = list(directory.glob(pattern))
            for path in found:
                _remove(path)
            if found:
                with storage_errors(directory):
                    sync_directory(directory)

    def caches(self) -> list[Path]:
        """Where what the predictor learned lies, and the page of `delta-learn report`: both hold lines."""
        return [self.paths.predictor, self.paths.report]

    def patterns(self) -> Patterns:
        """The person's own patterns of secrets, as config.json has them now.

        Raises:
            ConfigError: it cannot be read.
        """
        return compile_patterns(Config.load(self.paths.config).collect.redact)

    def entries(self) -> list[CommandEntry]:
        """All entries: each session in its own order, the sessions merged by time."""
        return in_order(self._raw.read_all())

    def stamps(self) -> dict[str, Stamp]:
        """What tells which days have changed, by day, oldest first."""
        return self._raw.stamps()

    def day(self, day: str) -> list[CommandEntry]:
        """The entries of one day in the order in which they came; while it only grows, each keeps its place."""
        return self._raw.read(day)

    def sessions(self, gap_seconds: float = SESSION_GAP_SECONDS) -> list[Session]:
        """All sessions, oldest first; what is said about suggestions belongs to none."""
        return split_sessions((entry for entry in self.entries() if entry.source != FEEDBACK), gap_seconds)

    def redactions(self) -> dict[str, int]:
        """How many secrets were replaced in what is kept, by kind."""
        return count_redactions(self._raw.read_all())

    def files(self) -> list[Path]:
        """The raw shards, oldest first."""
        return sorted(self.paths.raw.glob("commands_*.bin"))


def with_outcomes(entries: Iterable[CommandEntry], matches: Callable[[CommandEntry], bool]) -> dict[int, CommandEntry]:
    """The entries that match and what became of suggestions at their prompts, each by its `id`."""
    known = list(entries)
    gone = {id(entry): entry for entry in known if matches(entry)}
    commands = {(entry.session, entry.sequence) for entry in gone.values() if entry.source != FEEDBACK}
    for entry in known:
        outcome = outcome_of(entry)
        if outcome is not None and (outcome.session, outcome.sequence) in commands:
            gone[id(entry)] = entry
    return gone


def _remove(path: Path) -> None:
    """Remove a file, unless it is a temporary one that another process is writing now (`replace_file`)."""
    with storage_errors(path), suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()


def redacted(entries: Iterable[CommandEntry], patterns: Patterns) -> list[Redacted]:
    """`redact_entry` for each; the place of a command is read once, as most run where the one before did."""
    passed: list[Redacted] = []
    places: dict[tuple[object, ...], dict[str, Any]] = {}
    for entry in entries:
        if entry.exit_code:  # what failed may be no command at all
            passed.append(redact_entry(entry, patterns)[0])
            continue
        key = (entry.directory, *entry.environment.items(), "", *entry.system_info.items())
        if key not in places:
            place, spans = redact_entry(replace(entry, command=""), patterns)
            places[key] = {name: getattr(place, name) for name in _PLACE} if spans else {}
        changes, command = places[key], redact(entry.command, patterns)
        if command.spans or changes:
            entry = replace(entry, command=command.redacted, **changes)
        passed.append(Redacted(entry))
    return passed


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
