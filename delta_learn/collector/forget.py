"""Forgetting: entries leave all that holds them at once; older models are kept from suggesting them."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from delta_learn.collector.drain import drain
from delta_learn.collector.never import forget_never, never_lines
from delta_learn.collector.store import Forgotten, Store
from delta_learn.collector.teaching import texts_of
from delta_learn.entry import CommandEntry
from delta_learn.errors import ConfigError, StorageError
from delta_learn.paths import Paths
from delta_learn.storage.lock import end_holder, exclusive, holder

__all__ = ["Forgotten", "forget"]

_WILDCARDS = re.compile(r"[*?\[]")
_PURPOSE = "delta-learn forget"
_TRAINING_SECONDS = 5.0
"""A training gets so long to end by itself."""
_WAIT_SECONDS = 30.0

Condition = Callable[[CommandEntry], bool]


def forget(
    store: Store,
    *,
    pattern: str | None = None,
    since: float | None = None,
    directory: str | None = None,
    public: Container[str] = frozenset(),
) -> Forgotten:
    """Forget the entries that meet all conditions, and keep the models that know them from suggesting them (`Denied`).

    Lines that are never suggested are forgotten as entries without time and place: the list is text that was
    typed, too. Feedback about a line is forgotten with the line. A training that runs is ended, as it has read what
    is forgotten. Killed at any moment, it has to be run again, and what is gone by then is denied already.

    Args:
        store: is drained first, so that nothing comes back from the spool.
        pattern: of fnmatch(3) if it has wildcards, else a part of the command.
        since: seconds since the epoch; entries without a time were not typed since.
        directory: where the command ran, or below; `~` is the home directory.
        public: words that everybody knows: of them nothing can be learnt about the person.

    Raises:
        ConfigError: no condition, or config.json cannot be read.
        LockHeldError: another process writes to the store.
        StorageError: what is kept is forgotten as far as possible, but something could not be read or written.
    """
    if not pattern and since is None and not directory:
        raise ConfigError("Say what to forget: a pattern, --since or --directory.")
    condition = matching(pattern=pattern, since=since, directory=directory)
    with _no_training(store.paths) as ended:
        failure: StorageError | ConfigError | None = None
        try:
            drain(store)
        except (StorageError, ConfigError) as error:
            failure = error  # what is in the shards goes all the same; that the spool stays must be said
        listed = [line for line in never_lines(store) if condition(CommandEntry(line))]
        forgotten = store.forget(condition, lines=listed, public=public)
        forget_never(store, condition)
    if failure:
        raise failure
    return replace(forgotten, training=ended)


def matching(*, pattern: str | None, since: float | None, directory: str | None) -> Condition:
    """Whether an entry meets all conditions that are given, as `forget` understands them."""
    conditions: list[Condition] = []
    if pattern:
        conditions.append(_matches(pattern))
    if since is not None:
        conditions.append(lambda entry: entry.timestamp is not None and entry.timestamp >= since)
    if directory:
        conditions.append(_lies_in(str(Path(directory).expanduser())))
    return lambda entry: all(condition(entry) for condition in conditions)


@contextmanager
def _no_training(paths: Paths) -> Iterator[bool]:
    """End the training that runs, and let none begin meanwhile; says whether one ran."""
    running = holder(paths.training_lock)
    training = running is not None and running.purpose != _PURPOSE
    if training and running is not None and running.pid != os.getpid():
        end_holder(paths.training_lock, _TRAINING_SECONDS)
    with exclusive(paths.training_lock, _PURPOSE, timeout=_WAIT_SECONDS):
        yield training


def _matches(pattern: str) -> Condition:
    if not _WILDCARDS.search(pattern):
        return lambda entry: any(pattern in text for text in texts_of(entry))
    whole = re.compile(fnmatch.translate(pattern))
    return lambda entry: any(map(whole.fullmatch, texts_of(entry)))


def _lies_in(directory: str) -> Condition:
    below = directory.rstrip("/") + "/"
    return lambda entry: entry.directory is not None and f"{entry.directory}/".startswith(below)
