"""A predictor that has seen the whole store: its sealed cache brought up to date, and a model."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from delta_learn.collector.never import never_lines
from delta_learn.collector.normalize import Normalizer
from delta_learn.collector.store import Store
from delta_learn.collector.teaching import typed_only
from delta_learn.entry import CommandEntry, Session, split_sessions
from delta_learn.errors import MissingDependencyError, ModelError, StorageError
from delta_learn.predictor.context import Context
from delta_learn.predictor.contexts import contexts
from delta_learn.predictor.documentation import documentation
from delta_learn.predictor.mentions import REMEMBERED, mentioned
from delta_learn.predictor.neural import NeuralExpert
from delta_learn.predictor.suggest import Predictor
from delta_learn.registry import ModelFile, Registry
from delta_learn.storage.blockfile import BlockReader, BlockWriter
from delta_learn.tokenizer.tokenizer import Tokenizer

logger = logging.getLogger(__name__)


def open_predictor(store: Store, say: Callable[[str], None] = logger.warning) -> Predictor:
    """The predictor as it stands after the last entry; `say` gets a sentence where the model cannot be used.

    Only a personal model takes part: the base has shown for nobody that it saves keystrokes, and what it was
    made of the composer has read (`documentation`).

    Raises:
        StorageError, ModelError: the deployed model is damaged or was exchanged.
    """
    predictor = _from_cache(store, store.entries())
    predictor.never = set(never_lines(store))
    model = Registry(store.paths, store.keyring).load_deployed()
    if model is not None:
        try:
            predictor.attach(neural_expert(model))
        except MissingDependencyError as error:
            say(f"{error} Until then predictions come from your history alone.")
    return predictor


def neural_expert(model: ModelFile) -> NeuralExpert:
    """The expert that runs `model`, with this machine's names.

    Raises:
        MissingDependencyError: torch is not installed.
        ModelError: the file does not fit this version of delta_learn.
    """
    try:
        from delta_learn.serving.engine import load_engine
    except ImportError as error:
        raise MissingDependencyError(
            "The model needs torch; install it with `pip install 'delta-learn[train]'`."
        ) from error
    tokenizer = Tokenizer.from_bytes(model.tokenizer, Normalizer.current())
    return NeuralExpert(load_engine(model.meta["model"], model.weights), tokenizer)


def present_context(
    entries: Sequence[CommandEntry], directory: str | None, previous: Sequence[str] | None, here: str
) -> Context:
    """The context of the prompt after the last entry, or after the commands `previous` in `directory`."""
    if previous:
        recent = tuple(CommandEntry(command, directory=directory or here) for command in previous)
        return Context(previous=recent, directory=directory or here, words=mentioned(recent))
    typed = typed_only(entries)  # what was taught a moment ago is not what was done
    session = split_sessions(typed)[-1] if typed else Session("", ())
    last = session.entries
    recorded = next((entry.directory for entry in reversed(last) if entry.directory), None)
    timestamp = last[-1].timestamp if last else None
    # An import without directories stays without: the ranker then follows `cd` from session to session.
    place = directory or recorded or (None if last else here)
    words = mentioned(typed[-REMEMBERED:])
    return Context(previous=last, directory=place, timestamp=timestamp, words=words, session=session.id)


def _cache_path(store: Store) -> Path:
    return store.paths.state / "predictor.bin"


def _from_cache(store: Store, entries: Sequence[CommandEntry]) -> Predictor:
    """The cached predictor, if what it saw is how the data set begins, else a new one; it sees the rest."""
    seen, cached = _read_cache(store, entries)
    predictor = cached or Predictor.from_entries(entries, documentation=documentation())
    if cached:
        for entry, (_, context) in zip(entries[seen:], contexts(entries, first=seen), strict=True):
            predictor.observe(entry, context)
    if len(entries) > seen:
        with BlockWriter.create(_cache_path(store), kind="state", label="predictor", keyring=store.keyring) as writer:
            writer.write([{"seen": len(entries), "digest": _digest(entries)}])
            writer.write(predictor.to_records())
    return predictor


def _read_cache(store: Store, entries: Sequence[CommandEntry]) -> tuple[int, Predictor | None]:
    """How many of `entries` the cached predictor has seen, and the predictor; (0, None) where it cannot be used."""
    try:
        with BlockReader(_cache_path(store), kind="state", label="predictor", keyring=store.keyring) as reader:
            facts, *records = reader.records()
        seen = facts["seen"]
        if facts["digest"] == _digest(entries[:seen]):
            return seen, Predictor.from_records(records)
    except (StorageError, ModelError) as error:
        logger.info("the predictor is rebuilt from the shards: %s", error)
    return 0, None


def _digest(entries: Sequence[CommandEntry]) -> bytes:
    digest = hashlib.sha256()
    for entry in entries:
        digest.update(f"{entry.session}\0{entry.sequence}\0{entry.command}\n".encode(errors="surrogateescape"))
    return digest.digest()
