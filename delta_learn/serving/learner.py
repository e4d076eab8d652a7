"""Learner: a predictor and how much of the data set it has seen, shard by shard; kept sealed between processes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

from delta_learn.collector.denied import Unwanted
from delta_learn.collector.never import unwanted
from delta_learn.collector.store import Store, in_order
from delta_learn.collector.teaching import commands_only
from delta_learn.entry import CommandEntry
from delta_learn.errors import ModelError, StorageError
from delta_learn.predictor.context import Context
from delta_learn.predictor.contexts import Timeline
from delta_learn.predictor.documentation import documentation
from delta_learn.predictor.mentions import REMEMBERED
from delta_learn.predictor.suggest import Predictor
from delta_learn.serving.manners import Manners
from delta_learn.storage.blockfile import BlockReader, BlockWriter
from delta_learn.storage.lock import exclusive
from delta_learn.storage.shards import Identity, Stamp

logger = logging.getLogger(__name__)

_ANEW = 2_000
"""So many new entries at once are an import: most are older than what was seen, and weights need only the newest."""

_MOST_TAKEN = 1_000
"""Far more than shells record between two drains."""

_LABEL = "predictor"
_WAIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class SeenDay:
    """How much of a day's shard was seen."""

    stamp: Stamp
    entries: int


class Learner:
    """Follows a store: `catch_up` learns what came to the shards, `take` what is still in the spool."""

    def __init__(
        self,
        store: Store,
        predictor: Predictor,
        manners: Manners,
        seen: dict[str, SeenDay],
        latest: Iterable[CommandEntry],
    ) -> None:
        """`predictor` and `manners` know what is `seen`, of which `latest` are the newest entries, in order."""
        self.store = store
        self.predictor = predictor
        self.manners = manners
        self.timeline = Timeline()
        self.unsaved = 0
        """Entries learned since the predictor was read or saved."""
        self._seen = seen
        self._unwanted: Unwanted | None = None
        self._taken: dict[Identity, bool] = {}
        """Entries that were taken from the spool, the newest last, and whether they have been met in a shard."""
        for entry in latest:
            self.timeline.prompt_of(entry)
            self.timeline.follow(entry)

    @property
    def ahead(self) -> bool:
        """Whether something was taken from the spool that was in no shard yet."""
        return not all(self._taken.values())

    def read_unwanted(self) -> None:
        """Suggest nothing of what the person does not want, or has forgotten: the lists as they stand now.

        Raises:
            StorageError: one of them cannot be read or is damaged.
        """
        self._unwanted = unwanted(self.store)
        self.predictor.never = self._unwanted

    def catch_up(self) -> bool:
        """Learn what is new in the shards; False where they are not those any more that were seen: learn anew.

        Raises:
            StorageError: a shard cannot be read.
        """
        stamps = self.store.stamps()
        if any(day not in stamps or _was_rewritten(seen.stamp, stamps[day]) for day, seen in self._seen.items()):
            return False
        fresh: list[CommandEntry] = []
        grown = {day: stamp for day, stamp in stamps.items() if day not in self._seen or self._seen[day].stamp != stamp}
        seen = dict(self._seen)
        for day, stamp in grown.items():
            entries = self.store.day(day)
            fresh += entries[self._seen[day].entries if day in self._seen else 0 :]
            seen[day] = SeenDay(stamp, len(entries))
        if len(fresh) > _ANEW:
            return False
        self._seen = seen
        for entry in in_order(fresh):
            identity = (entry.session, entry.sequence)
            if identity in self._taken:
                self._taken[identity] = True
            else:
                self._learn(entry)
        return True

    def take(self, entries: Iterable[CommandEntry], prompt: Context | None = None) -> int:
        """Learn redacted entries before a drain has moved them, each once; says how many were new.

        `prompt` is where the first of the new ones was typed, if that is known: what was worked out for it is used.
        """
        count = 0
        for entry in entries:
            identity = (entry.session, entry.sequence)
            if identity not in self._taken:
                self._taken[identity] = False
                self._learn(entry, prompt)
                prompt = None
                count += 1
        while len(self._taken) > _MOST_TAKEN:
            del self._taken[next(iter(self._taken))]
        return count

    def is_new(self, entry: CommandEntry) -> bool:
        """Whether `take` has not seen it."""
        return (entry.session, entry.sequence) not in self._taken

    def save(self) -> bool:
        """Keep what was learned for the next process, unless the shards are not those that were seen.

        Raises:
            LockHeldError: another process writes to the store.
            StorageError: the file cannot be written.
        """
        with exclusive(self.store.paths.lock, "saving what was learned", timeout=_WAIT_SECONDS):
            # What was taken from the spool would be learned twice; what was forgotten would be kept.
            if self.ahead or {day: seen.stamp for day, seen in self._seen.items()} != self.store.stamps():
                return False
            days = {day: [*astuple(seen.stamp), seen.entries] for day, seen in self._seen.items()}
            path = self.store.paths.predictor
            with BlockWriter.create(path, kind="state", label=_LABEL, keyring=self.store.keyring) as writer:
                writer.write([{"days": days, "manners": self.manners.to_record()}])
                for record in self.predictor.to_records():
                    writer.write([record])
        self.unsaved = 0
        return True

    def _learn(self, entry: CommandEntry, prompt: Context | None = None) -> None:
        _, context = self.timeline.prompt_of(entry)
        if prompt is not None and _is_same(prompt, context):
            context = prompt
        if self._unwanted is not None:
            self._unwanted.allow(entry)
        self.predictor.observe(entry, context)
        self.manners.observe(entry)
        self.timeline.follow(entry)
        self.unsaved += 1


def open_learner(store: Store) -> Learner:
    """A learner that has seen all of `store`: the saved one and what came since, or a new one.

    Raises:
        StorageError: a shard cannot be read.
    """
    learner = saved_learner(store)
    if learner is not None:
        return learner
    logger.info("the predictor is made anew from the shards")
    seen, entries = {}, []
    for day, stamp in store.stamps().items():  # before reading: what comes in between is read again and is no harm
        found = store.day(day)
        seen[day] = SeenDay(stamp, len(found))
        entries += found
    entries = in_order(entries)
    manners = Manners()
    for entry in entries:
        manners.observe(entry)
    predictor = Predictor.from_entries(entries, documentation=documentation())
    learner = Learner(store, predictor, manners, seen, _newest(entries))
    learner.unsaved = len(entries)
    return learner


def saved_learner(store: Store) -> Learner | None:
    """The saved learner, which has seen all of `store` now; None where there is none, or it is of no use any more.

    Raises:
        StorageError: a shard cannot be read.
    """
    learner = _saved(store)
    return learner if learner is not None and learner.catch_up() else None


def _saved(store: Store) -> Learner | None:
    path = store.paths.predictor
    if not path.exists():
        return None
    try:
        with BlockReader(path, kind="state", label=_LABEL, keyring=store.keyring) as reader:
            records = reader.records()
            facts = next(records)
            seen = {day: SeenDay(Stamp(*stamp), count) for day, (*stamp, count) in facts["days"].items()}
            manners = Manners.from_record(facts["manners"])
            predictor = Predictor.from_records(records)
        return Learner(store, predictor, manners, seen, _latest(store, seen))
    except (StorageError, ModelError, KeyError, ValueError, TypeError, StopIteration) as error:
        logger.info("the saved predictor cannot be used: %s", error)
        return None


def _latest(store: Store, seen: dict[str, SeenDay]) -> Sequence[CommandEntry]:
    """The newest entries of what was seen, from as few days as hold enough."""
    entries: list[CommandEntry] = []
    days = sorted(seen.keys() & store.stamps().keys(), reverse=True)
    for day in days:
        entries = store.day(day)[: seen[day].entries] + entries
        if len(entries) >= 2 * REMEMBERED:
            break
    return _newest(in_order(entries))


def _newest(entries: Sequence[CommandEntry]) -> Sequence[CommandEntry]:
    return commands_only(entries)[-2 * REMEMBERED :]


def _was_rewritten(before: Stamp, now: Stamp) -> bool:
    return before.inode != now.inode or now.size < before.size


def _is_same(prompt: Context, context: Context) -> bool:
    """Whether both are the same prompt, at which time has passed."""
    return (
        prompt.session == context.session
        and prompt.directory == context.directory
        and tuple(prompt.previous) == tuple(context.previous)
    )
