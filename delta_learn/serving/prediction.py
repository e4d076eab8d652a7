"""A predictor that has seen the whole store, with the deployed model, and the prompt that comes next."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from delta_learn.collector.normalize import Normalizer
from delta_learn.collector.store import Store
from delta_learn.collector.teaching import typed_only
from delta_learn.config import Config
from delta_learn.entry import CommandEntry, Session, split_sessions
from delta_learn.errors import LockHeldError, MissingDependencyError, StorageError
from delta_learn.predictor.context import Context
from delta_learn.predictor.mentions import REMEMBERED, mentioned
from delta_learn.predictor.neural import NeuralExpert
from delta_learn.predictor.suggest import Predictor
from delta_learn.registry import ModelFile, Registry
from delta_learn.serving.abtest import AbTest, keep, running_test
from delta_learn.serving.learner import open_learner
from delta_learn.serving.loading import load_engine
from delta_learn.tokenizer.tokenizer import Tokenizer

logger = logging.getLogger(__name__)


def open_predictor(store: Store, say: Callable[[str], None] = logger.warning) -> Predictor:
    """The predictor as it stands after the last entry; `say` gets a sentence where the model cannot be used.

    Only a personal model takes part: the base has shown for nobody that it saves keystrokes, and what it was
    made of the composer has read (`documentation`).

    Raises:
        StorageError: something cannot be read; a model that cannot be used is said, not raised.
    """
    learner = open_learner(store)
    if learner.unsaved:
        try:
            learner.save()
        except (LockHeldError, StorageError) as error:
            logger.info("what was learned is not saved: %s", error)
    predictor = learner.predictor
    learner.read_unwanted()
    try:
        expert, _ = deployed_expert(store, say)
        if expert is not None:
            predictor.attach(expert)
    except MissingDependencyError as error:
        say(f"{error} Until then predictions come from your history alone.")
    return predictor


def deployed_expert(store: Store, say: Callable[[str], None] = logger.warning) -> tuple[NeuralExpert | None, str]:
    """The expert that runs the deployed model, and its version; (None, "") where none is deployed.

    Where that one cannot be used it is the next older that can; `say` gets one line about it.

    Raises:
        StorageError: the registry is damaged.
        MissingDependencyError: what runs it is not installed.
        ConfigError: config.json cannot be used.
    """
    registry = Registry(store.paths, store.keyring)
    if registry.deployed is None:
        return None, ""
    engine = Config.load(store.paths.config).serve.engine
    found = registry.in_use(lambda model: neural_expert(model, engine))
    if found.problem:
        say(found.problem)
    return found.model, found.version or ""


def challenging_expert(store: Store, version: str) -> tuple[NeuralExpert | None, AbTest | None]:
    """The expert that runs the challenger of the deployed model `version`, and their test; None, None for no test.

    Raises:
        StorageError, ModelError: the challenger, or what is kept of the test, cannot be used.
        MissingDependencyError, ConfigError: as `deployed_expert`.
    """
    config = Config.load(store.paths.config)
    if not config.ab.enabled:
        return None, None
    registry = Registry(store.paths, store.keyring)
    test = running_test(registry)
    # What takes the place of a damaged model is not what the challenger is tried against.
    if test is None or (test.deployed or "") != version or keep(store, test) != "open":
        return None, None
    return neural_expert(registry.load_model(test.challenger), config.serve.engine), test


def neural_expert(model: ModelFile, engine: str = "auto") -> NeuralExpert:
    """The expert that runs `model`, with this machine's names; `engine` as the setting serve.engine.

    Raises:
        MissingDependencyError: what runs it is not installed.
        ModelError: the file does not fit this version of delta_learn.
    """
    tokenizer = Tokenizer.from_bytes(model.tokenizer, Normalizer.current())
    return NeuralExpert(load_engine(model.meta["model"], model.weights, engine), tokenizer)


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
