"""Forgetting: entries leave the shards at once, and with them everything that was made of entries but the model."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from pathlib import Path

from delta_learn.collector.drain import drain
from delta_learn.collector.never import forget_never
from delta_learn.collector.store import Forgotten, Store
from delta_learn.collector.teaching import texts_of
from delta_learn.entry import CommandEntry
from delta_learn.errors import ConfigError, StorageError

__all__ = ["Forgotten", "forget"]

_WILDCARDS = re.compile(r"[*?\[]")

Condition = Callable[[CommandEntry], bool]


def forget(
    store: Store, *, pattern: str | None = None, since: float | None = None, directory: str | None = None
) -> Forgotten:
    """Forget the entries that meet all conditions; the deployed model keeps what it learnt until the next training.

    Lines that are never suggested are forgotten as entries without time and place: the list is text that was
    typed, too. Feedback about a line is forgotten with the line.

    Args:
        store: is drained first, so that nothing comes back from the spool.
        pattern: of fnmatch(3) if it has wildcards, else a part of the command.
        since: seconds since the epoch; entries without a time were not typed since.
        directory: where the command ran, or below; `~` is the home directory.

    Raises:
        ConfigError: no condition, or config.json cannot be read.
        LockHeldError: another process writes to the store.
        StorageError: what is kept is forgotten as far as possible, but something could not be read or written.
    """
    if not pattern and since is None and not directory:
        raise ConfigError("Say what to forget: a pattern, --since or --directory.")
    failure: StorageError | ConfigError | None = None
    try:
        drain(store)
    except (StorageError, ConfigError) as error:
        failure = error  # what is in the shards goes all the same; that the spool stays must be said
    condition = matching(pattern=pattern, since=since, directory=directory)
    forgotten = store.forget(condition)
    forget_never(store, condition)
    if failure:
        raise failure
    return forgotten


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


def _matches(pattern: str) -> Condition:
    if not _WILDCARDS.search(pattern):
        return lambda entry: any(pattern in text for text in texts_of(entry))
    whole = re.compile(fnmatch.translate(pattern))
    return lambda entry: any(map(whole.fullmatch, texts_of(entry)))


def _lies_in(directory: str) -> Condition:
    below = directory.rstrip("/") + "/"
    return lambda entry: entry.directory is not None and f"{entry.directory}/".startswith(below)
