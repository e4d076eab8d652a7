"""Places: where what is to be forgotten lies, counted; nothing is changed by that."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from delta_learn.collector.denied import models_here
from delta_learn.collector.drain import outcomes_kept, without_excluded
from delta_learn.collector.exclude import Exclusions
from delta_learn.collector.never import never_lines
from delta_learn.collector.spool import recorded
from delta_learn.collector.spoolfiles import read_session, sessions
from delta_learn.collector.store import Store, redacted, with_outcomes
from delta_learn.config import Config
from delta_learn.entry import CommandEntry
from delta_learn.errors import ConfigError, StorageError
from delta_learn.storage.blockfile import BlockReader
from delta_learn.storage.lock import holder

logger = logging.getLogger(__name__)

Condition = Callable[[CommandEntry], bool]


@dataclass(frozen=True, slots=True)
class Places:
    """What a forgetting would remove, and what stays and must not tell."""

    entries: int
    """In the shards, with what became of suggestions at their prompts."""
    days: int
    spooled: int
    """Recorded, and not moved to the shards yet."""
    never: int
    """Lines on the list of what is never suggested."""
    token_runs: int
    checkpoints: int
    caches: int
    """Made of all entries: they are removed whole, if anything is forgotten."""
    models: int
    """They stay, and must not suggest any of it."""
    training: bool
    """A training runs, which is ended."""

    @property
    def any(self) -> bool:
        """Whether there is anything to forget."""
        return bool(self.entries or self.spooled or self.never)


def count_places(store: Store, matches: Condition) -> Places:
    """Count what matches in every place; a spool or a token shard that cannot be read counts as empty.

    Raises:
        StorageError: a shard, or the list of what is never suggested, cannot be read.
    """
    paths = store.paths
    days = {day: store.day(day) for day in store.stamps()}
    gone = with_outcomes((entry for entries in days.values() for entry in entries), matches)
    return Places(
        entries=len(gone),
        days=sum(any(id(entry) in gone for entry in entries) for entries in days.values()),
        spooled=_count_spooled(store, matches),
        never=sum(matches(CommandEntry(line)) for line in never_lines(store)),
        token_runs=sum(_count_runs(path, store) for path in paths.processed.glob("tokenized_*.bin")),
        checkpoints=len(list(paths.checkpoints.glob("*.bin"))),
        caches=sum(path.exists() for path in store.caches()),
        models=len(models_here(paths)),
        training=holder(paths.training_lock) is not None,
    )


def _count_runs(path: Path, store: Store) -> int:
    """How many token runs a shard holds, behind the record that says what made them."""
    try:
        with BlockReader(path, kind="tokens", keyring=store.keyring, label=path.stem) as reader:
            return sum(len(block) for block in reader.blocks()) - 1
    except StorageError as error:
        logger.warning("not counted: %s", error)
        return 0


def _count_spooled(store: Store, matches: Condition) -> int:
    try:
        return len(with_outcomes(_spooled(store), matches))
    except (ConfigError, StorageError) as error:
        logger.warning("what the shells recorded is not counted: %s", error)
        return 0


def _spooled(store: Store) -> Iterator[CommandEntry]:
    """What a drain would keep of the spool."""
    spool, config = store.paths.spool, Config.load(store.paths.config).collect
    if not spool.exists():
        return
    exclusions, patterns = Exclusions.from_config(config, str(Path.home())), store.patterns()
    for files in sessions(spool):
        found = read_session(files)
        session = recorded(files[0].session, {read.file.number: read.generation for read in found})
        kept = list(without_excluded(session, exclusions))
        yield from redacted(kept, patterns)
        yield from outcomes_kept(session.outcomes, kept, exclusions, patterns)
