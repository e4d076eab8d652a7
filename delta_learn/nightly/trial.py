"""A history replayed from an empty store: what each method would have saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from delta_learn.collector.importers.detect import read_history
from delta_learn.collector.redaction.redact import redact_entry
from delta_learn.config import Config
from delta_learn.entry import CommandEntry, split_sessions
from delta_learn.errors import NotEnoughDataError
from delta_learn.evaluation.baselines.catalogue import BASELINES, baseline
from delta_learn.evaluation.replay import Method, ReplayResult, replay
from delta_learn.nightly.conditions import MIN_HOLDOUT
from delta_learn.nightly.contender import Contender
from delta_learn.nightly.learning import prepare, train
from delta_learn.nightly.night import Progress
from delta_learn.nightly.prediction import neural_expert
from delta_learn.predictor.neural import NeuralExpert


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
        """`methods`, `differences`, `oracle` and what was read."""
        facts = {
            "entries": self.entries,
            "first": self.first,
            "isolated": self.isolated,
            "broken": self.broken,
        }
        return {**self.result.to_json(), **facts}


def run_trial(
    file: Path,
    form: str | None = None,
    *,
    start: float = 0.25,
    limit: int | None = None,
    methods: Sequence[str] | None = None,
    train_at: float | None = None,
    config: Config | None = None,
    on_progress: Progress = lambda *_: None,
) -> Trial:
    """Replay `file`, redacted as an import would be, in memory.

    `start` and `train_at` are fractions of the part whose order can be trusted. With `train_at`, a model is
    trained on everything before it, and scoring begins there.

    Raises:
        HistoryError: the file cannot be read. ConfigError: an unknown method.
        NotEnoughDataError: the file is too short.
    """
    names = list(methods or ["delta", *BASELINES])
    chosen: dict[str, Method] = {name: baseline(name) for name in names if name != "delta"}
    history = read_history(file, form)
    entries: list[CommandEntry] = [redact_entry(entry)[0] for entry in history.entries]
    first = _index(len(entries), history.learnable_from, max(start, train_at or 0.0))
    neural = (
        _train(entries[:first], config or Config(), on_progress) if train_at is not None and "delta" in names else None
    )
    if "delta" in names:
        chosen = {"delta": Contender("delta", neural), **chosen}
    result = replay(
        entries,
        chosen,
        start=first,
        limit=limit,
        on_progress=lambda done, total: on_progress("replay", done, total, ""),
    )
    return Trial(result, len(entries), first, history.learnable_from, len(history.broken))


def _index(entries: int, learnable_from: int, fraction: float) -> int:
    return learnable_from + int(fraction * (entries - learnable_from))


def _train(entries: list[CommandEntry], config: Config, on_progress: Progress) -> NeuralExpert:
    if len(entries) < MIN_HOLDOUT:
        raise NotEnoughDataError(
            f"Only {len(entries)} commands come before --train-at, {MIN_HOLDOUT} are needed: choose a later one."
        )
    return neural_expert(train(prepare(split_sessions(entries), config), config, on_progress=on_progress).file)
