"""The list of lines that are never suggested: what the person has forbidden, sealed like the commands."""

from __future__ import annotations

from collections.abc import Callable, Set
from pathlib import Path

from delta_learn.collector.denied import Denied, Unwanted
from delta_learn.collector.redaction.redact import redact
from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.errors import DeltaError
from delta_learn.paths import Paths
from delta_learn.storage.atomic import remove_file
from delta_learn.storage.blockfile import BlockReader, BlockWriter
from delta_learn.storage.lock import exclusive

_LABEL = "never"
_WAIT_SECONDS = 30.0


def never_file(paths: Paths) -> Path:
    """Where the list lies; there is no file while it is empty."""
    return paths.training / "never.bin"


def never_lines(store: Store) -> frozenset[str]:
    """The lines that must not be suggested.

    Raises:
        StorageError: the list cannot be read or is damaged.
    """
    path = never_file(store.paths)
    if not path.exists():
        return frozenset()
    with BlockReader(path, kind="state", label=_LABEL, keyring=store.keyring) as reader:
        return frozenset(reader.records())


def unwanted(store: Store) -> Unwanted:
    """What must not be suggested now: these lines, and what was forgotten and an older model may still know.

    Raises:
        StorageError: one of the lists cannot be read or is damaged.
    """
    return Unwanted(never_lines(store), Denied.load(store.paths, store.keyring))


def add_never(store: Store, line: str) -> bool:
    """Put `line` on the list, its secrets replaced as they are in suggestions; says whether it was not there.

    Raises:
        DeltaError: `line` is empty.
        LockHeldError: another process writes to this store.
        ConfigError, StorageError: the settings or the list cannot be read, or the list cannot be written.
    """
    if not line.strip():
        raise DeltaError("There is no line to forbid in an empty text; give the command in quotes.")
    kept = _as_suggested(store, line)
    return _change(store, lambda lines: lines | {kept}) > 0


def remove_never(store: Store, line: str) -> bool:
    """Take `line` off the list; says whether it was there.

    Raises:
        LockHeldError, ConfigError, StorageError: as `add_never`.
    """
    kept = _as_suggested(store, line)
    return _change(store, lambda lines: lines - {line, kept}) < 0


def forget_never(store: Store, matches: Callable[[CommandEntry], bool]) -> int:
    """Take off the list what matches as an entry without time and place; returns how many lines that were.

    Raises:
        LockHeldError, StorageError: as `add_never`.
    """
    return -_change(store, lambda lines: {line for line in lines if not matches(CommandEntry(line))})


def _as_suggested(store: Store, line: str) -> str:
    return redact(line, store.patterns()).redacted


def _change(store: Store, change: Callable[[Set[str]], Set[str]]) -> int:
    """Replace the list by what `change` makes of it; returns by how many lines it grew."""
    with exclusive(store.paths.lock, "delta-learn never", timeout=_WAIT_SECONDS):
        before = never_lines(store)
        after = change(before)
        if after != before:
            _write(store, after)
    return len(after) - len(before)


def _write(store: Store, lines: Set[str]) -> None:
    path = never_file(store.paths)
    if not lines:
        remove_file(path)
        return
    with BlockWriter.create(path, kind="state", label=_LABEL, keyring=store.keyring) as writer:
        writer.write(sorted(lines))
