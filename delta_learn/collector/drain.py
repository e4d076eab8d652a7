"""The drain: what the shells recorded, redacted and without what is excluded, goes from the spool to the shards."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from delta_learn.collector.exclude import Exclusions
from delta_learn.collector.outcome import Outcome
from delta_learn.collector.redaction.patterns import Patterns
from delta_learn.collector.redaction.redact import redact
from delta_learn.collector.repository import Repositories
from delta_learn.collector.spool import Completion, Recorded, recorded
from delta_learn.collector.spoolfiles import ReadFile, clear, drop_oldest, read_session, remove_scratch, sessions
from delta_learn.collector.store import Store, redacted
from delta_learn.config import CollectConfig, Config
from delta_learn.entry import CommandEntry
from delta_learn.errors import ConfigError, DeltaError, StorageError
from delta_learn.paths import Paths
from delta_learn.storage.atomic import private_directory, replace_file
from delta_learn.storage.lock import exclusive

logger = logging.getLogger(__name__)

AUTHOR = "DELTA_AUTHOR"
"""Variable of an entry that names the program that typed it."""

_PURPOSE = "delta-learn record"
_READERS_WAIT = 2.0
_MEGABYTE = 1e6


@dataclass(frozen=True, slots=True)
class Drained:
    """What a drain did."""

    new: int = 0
    completed: int = 0
    """Commands that an earlier drain took while they ran."""
    excluded: int = 0
    torn: int = 0
    """Records that were not whole: a full disk, a killed shell."""
    redacted: dict[str, int] = field(default_factory=dict)
    """Secrets replaced in the new entries, by kind."""
    dropped_sessions: int = 0
    """Sessions removed undrained, because the spool had grown over `collect.spool_mb`."""


def open_store(paths: Paths | None = None) -> Store:
    """The store with everything in it that the shells have recorded until now.

    A drain that cannot be done (full disk, held lock, broken configuration) is a warning: what is kept can be read.

    Raises:
        StorageError: the store itself cannot be opened.
    """
    store = Store.open(paths)
    try:
        drain(store, wait_seconds=_READERS_WAIT)
    except DeltaError as error:
        logger.warning("what the shells recorded is not moved yet: %s", error)
    return store


def drain(store: Store, *, wait_seconds: float = 30.0) -> Drained:
    """Move what is in the spool to the shards, each command once, whatever happens in between.

    What was moved is removed, or overwritten where a shell still appends. Then the spool is cut to its limit.

    Raises:
        ConfigError: config.json cannot be read: nothing is moved, as it says what must not be kept.
        LockHeldError: another process writes to the store for longer than `wait_seconds`.
        StorageError: a file cannot be read or written; the spool keeps what is not moved.
    """
    if not store.paths.spool.exists():
        return Drained()
    with exclusive(store.paths.lock, _PURPOSE, timeout=wait_seconds), _noted(store.paths):
        private_directory(store.paths.spool)
        config = Config.load(store.paths.config).collect
        drained, left = _move(store, config)
        drained = replace(drained, dropped_sessions=_cut_to_limit(store.paths, config, left))
        note(store.paths, drained)
    return drained


def drain_at(paths: Paths, *, wait_seconds: float) -> Drained:
    """Open the store at `paths` and drain; a store that cannot be opened must not let the spool grow for ever.

    Raises:
        DeltaError: as `drain`, or the store cannot be opened.
    """
    try:
        store = Store.open(paths)
    except StorageError:
        with exclusive(paths.lock, _PURPOSE, timeout=wait_seconds), _noted(paths):
            raise
    return drain(store, wait_seconds=wait_seconds)


@contextmanager
def _noted(paths: Paths) -> Iterator[None]:
    """When a drain fails: keep the spool within its limit all the same, and leave the reason for `doctor`."""
    try:
        yield
    except Exception as error:
        reason = str(error) if isinstance(error, DeltaError) else f"An unexpected {type(error).__name__}: see its log."
        note(paths, Drained(dropped_sessions=_cut_undrained(paths)), reason)
        raise


def _cut_undrained(paths: Paths) -> int:
    try:
        config = Config.load(paths.config).collect
    except ConfigError:
        config = CollectConfig()
    try:
        return _cut_to_limit(paths, config, {})
    except StorageError as error:
        logger.warning("the spool cannot be cut to its limit: %s", error)
        return 0


def note(paths: Paths, drained: Drained, error: str | None = None) -> None:
    """Write what `doctor` shows of the last drain; `dropped_sessions` is the sum over all drains."""
    report = {
        "time": time.time(),
        "error": error,
        "new": drained.new,
        "torn": drained.torn,
        "dropped_sessions": _dropped_before(paths.drained) + drained.dropped_sessions,
    }
    try:
        with replace_file(paths.drained) as file:
            file.write(json.dumps(report).encode())
    except StorageError as failure:
        logger.warning("cannot note what the drain did: %s", failure)


def _dropped_before(path: Path) -> int:
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))["dropped_sessions"])
    except (OSError, ValueError, TypeError, KeyError):
        return 0  # the first drain, or the note is damaged


def _move(store: Store, config: CollectConfig) -> tuple[Drained, dict[Path, int]]:
    """Drain all sessions; also returns how much of each file that stays is not drained."""
    exclusions, repositories = Exclusions.from_config(config, str(Path.home())), Repositories()
    patterns = store.patterns()
    files: list[ReadFile] = []
    entries: list[CommandEntry] = []
    completions: list[Completion] = []
    excluded = torn = 0
    for listed in sessions(store.paths.spool):
        found = read_session(listed)
        session = recorded(listed[0].session, {read.file.number: read.generation for read in found})
        kept = [repositories.described(entry) for entry in without_excluded(session, exclusions)]
        files += found
        entries += kept
        entries += outcomes_kept(session.outcomes, kept, exclusions, patterns)
        completions += session.completions
        excluded += len(session.entries) - len(kept)
        torn += session.torn
    done = store.record_locked(entries, completions)
    left = clear(store.paths.spool, files)
    remove_scratch(store.paths.spool)
    return Drained(done.new, done.completed, excluded, torn, done.redacted), left


def without_excluded(session: Recorded, exclusions: Exclusions) -> Iterator[CommandEntry]:
    """The commands of a session that may be kept, with who typed them; the first has what is known of the machine."""
    system_info = session.system_info
    for entry in session.entries:
        if exclusions.excludes(entry, session.author):
            continue
        if session.author:
            entry = replace(entry, environment={**entry.environment, AUTHOR: session.author})
        yield replace(entry, system_info=system_info) if system_info else entry
        system_info = {}


def outcomes_kept(
    outcomes: Sequence[Outcome], kept: Sequence[CommandEntry], exclusions: Exclusions, patterns: Patterns
) -> Iterator[CommandEntry]:
    """What became of suggestions at the prompts of the `kept` commands of a session.

    What belongs to no kept command may be of a place where nothing is recorded, and goes. So does the line before.
    What was shown is a learned line, without secrets: one that holds any would not be found again without them.
    """
    commands = {entry.sequence: entry for entry in kept}
    for outcome in outcomes:
        command = commands.get(outcome.sequence)
        if command is None or exclusions.names(replace(command, command=outcome.shown)):
            continue
        if not redact(outcome.shown, patterns).spans:
            yield outcome.to_entry(command, _line_before(outcome, commands, patterns))


def _line_before(outcome: Outcome, commands: Mapping[int, CommandEntry], patterns: Patterns) -> str | None:
    """The command before the prompt, as it is kept; None where an earlier drain took it."""
    if outcome.sequence == 0:
        return ""
    before = commands.get(outcome.sequence - 1)
    return None if before is None else redacted([before], patterns)[0].command


def _cut_to_limit(paths: Paths, config: CollectConfig, left: dict[Path, int]) -> int:
    return drop_oldest(paths.spool, config.spool_mb * _MEGABYTE, left)
