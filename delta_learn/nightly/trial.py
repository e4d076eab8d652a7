"""A history replayed from an empty store: what each method would have saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from delta_learn.base.shipped import shipped_base
from delta_learn.collector.importers.detect import read_history
from delta_learn.collector.redaction.redact import redact_entry
from delta_learn.config import Config
from delta_learn.entry import CommandEntry, split_sessions
from delta_learn.errors import ConfigError, ModelError, NotEnoughDataError
from delta_learn.evaluation.baselines.catalogue import BASELINES, baseline
from delta_learn.evaluation.replay import Method, ReplayResult, replay, replay_sessions
from delta_learn.nightly.conditions import MIN_HOLDOUT
from delta_learn.nightly.contender import Contender
from delta_learn.nightly.learning import base_for, prepare, train
from delta_learn.nightly.night import Progress
from delta_learn.predictor.neural import NeuralExpert
from delta_learn.predictor.suggest import EXPERTS
from delta_learn.registry import ModelFile
from delta_learn.serving.prediction import neural_expert

Ready = Callable[[], dict[str, Method]]
"""Makes new methods."""

PREDICTORS = ("delta", *EXPERTS)
"""Methods that are no baselines: the predictor, and each of its experts alone."""

BASE_BY_DEFAULT = False
"""Whether the shipped base model takes part where nobody says; with it every request asks a model."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What was replayed and what came out."""

    result: ReplayResult
    entries: int
    first: int
    """Index of the first scored entry."""
    isolated: int
    """Entries at the head whose order cannot be trusted."""
    broken: int

    def to_json(self) -> dict[str, Any]:
        """`methods`, `differences`, `oracle`, `xz` and what was read."""
        facts = {
            "entries": self.entries,
            "first": self.first,
            "isolated": self.isolated,
            "broken": self.broken,
        }
        return {**self.result.to_json(), **facts}


@dataclass(frozen=True, slots=True)
class _Models:
    """The neural experts that take part."""

    base: NeuralExpert | None
    """Not trained on the history: from the first command on."""
    personal: NeuralExpert | None
    """Trained on what comes before the scored part."""

    def method(self, name: str) -> Method:
        """A new method: the predictor, one of its experts alone, or a baseline."""
        if name not in PREDICTORS:
            return baseline(name)
        experts = EXPERTS if name == "delta" else (name,)
        return Contender(name, self.personal, experts=experts, base=self.base)


def run_trial(
    file: Path,
    form: str | None = None,
    *,
    start: float = 0.25,
    limit: int | None = None,
    methods: Sequence[str] | None = None,
    train_at: float | None = None,
    base: bool | None = None,
    each_session: bool = False,
    config: Config | None = None,
    on_progress: Progress = lambda *_: None,
) -> Trial:
    """Replay `file`, redacted as an import would be, in memory.

    `start` and `train_at` are fractions of the part whose order can be trusted. With `train_at`, a model is
    trained on everything before it, as the night would, and scoring begins there. With `base` the shipped base
    model takes part from the first command on; False: nor does training start from it; None: BASE_BY_DEFAULT.
    With `each_session` every session begins with nothing and is scored whole.

    Raises:
        HistoryError: the file cannot be read. ConfigError: an unknown method, or settings that exclude each other.
        NotEnoughDataError: the file is too short. ModelError: the base was asked for and there is none.
    """
    settings = config or Config()
    names = list(methods or ["delta", *BASELINES])
    shipped = _shipped(base, names)
    _check(names, train_at, shipped is not None, each_session=each_session)
    history = read_history(file, form)
    entries: list[CommandEntry] = [redact_entry(entry)[0] for entry in history.entries]
    trusted = history.learnable_from
    first = trusted if each_session else _index(len(entries), trusted, max(start, train_at or 0.0))
    models = _Models(
        base=neural_expert(shipped, settings.serve.engine) if shipped else None,
        personal=None
        if train_at is None or not _neural(names)
        else _train(entries[:first], settings, on_progress, from_base=base is not False),
    )

    def ready() -> dict[str, Method]:
        return {name: models.method(name) for name in names}

    def show(done: int, total: int) -> None:
        on_progress("replay", done, total, "")

    if each_session:
        result = replay_sessions(entries[first:], ready, limit=limit, on_progress=show)
    else:
        result = replay(entries, ready(), start=first, limit=limit, on_progress=show)
    return Trial(result, len(entries), first, trusted, len(history.broken))


def _check(names: Sequence[str], train_at: float | None, base: bool, *, each_session: bool) -> None:
    for name in names:
        if name not in PREDICTORS:
            baseline(name, also=PREDICTORS)
    if each_session and train_at is not None:
        raise ConfigError("--each-session begins every session with nothing: leave out --train-at.")
    if "neural" in names and train_at is None and not base:
        raise ConfigError("The method 'neural' needs a model: add --train-at (or --base), or leave the method out.")


def _neural(names: Sequence[str]) -> bool:
    """Whether any of the methods asks a model."""
    return not {"delta", "neural"}.isdisjoint(names)


def _shipped(wanted: bool | None, names: Sequence[str]) -> ModelFile | None:
    """The base model, where it takes part."""
    if not _neural(names) or not (BASE_BY_DEFAULT if wanted is None else wanted):
        return None
    model = shipped_base()
    if model is None and wanted:
        raise ModelError("This installation carries no base model: leave out --base.")
    return model


def _index(entries: int, trusted: int, fraction: float) -> int:
    return trusted + int(fraction * (entries - trusted))


def _train(entries: list[CommandEntry], config: Config, on_progress: Progress, *, from_base: bool) -> NeuralExpert:
    if len(entries) < MIN_HOLDOUT:
        raise NotEnoughDataError(
            f"Only {len(entries)} commands come before --train-at, {MIN_HOLDOUT} are needed: choose a later one."
        )
    base = base_for(config) if from_base else None
    lesson = prepare(split_sessions(entries), config, base)
    model = train(lesson, config, base=base, on_progress=on_progress).file
    return neural_expert(model, config.serve.engine)
