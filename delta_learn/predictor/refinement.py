"""Refinement: the likeliest known lines, put in order again by what only features together tell."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import numpy as np

from delta_learn.predictor.logit import Floats
from delta_learn.predictor.network import Batch, Network

MOST_LINES = 32
"""Lines that are put in order at one prompt."""

_REMEMBERED = 2000
_BATCH = 32
_FIRST_STEP = 50
"""Choices before the first step: features are standardised by then."""

_BOUND = 4.0
_FLOOR = -15.0
_SEED = 7


class Refinement:
    """P(line | context, it is one of these lines), from a network over the history ranker's own probability.

    A logit weighs each feature alone; what a context says depends on how often it was met and on how sure the
    rest is. After each command one step is taken on choices drawn from the last _REMEMBERED ones (experience
    replay, Lin 1992), since a step on the newest alone forgets: docs/log.md.
    """

    def __init__(self, n_feature: int) -> None:
        self._network = Network(n_feature)
        self._features = np.zeros((0, MOST_LINES, n_feature), np.float16)
        self._offsets = np.zeros((0, MOST_LINES), np.float16)
        self._chosen = np.zeros(0, np.intp)
        self._choices = 0
        self._sums = np.zeros((3, n_feature))
        """Of the features of all choices so far, the sums of their powers 0, 1 and 2."""

    def log_probabilities(self, features: Floats, scores: Floats) -> Floats:
        """ln P of each line, given that it is one of them: features (N, F), scores (N,) ln P of the ranker."""
        refined = self._network.scores(self._standard(features), np.maximum(scores - scores.max(), _FLOOR))
        refined -= refined.max()
        result: Floats = refined - np.log(np.exp(refined).sum())
        return result

    def learn(self, features: Floats, scores: Floats, chosen: int) -> None:
        """Remember a choice among N <= MOST_LINES lines, and take a step."""
        self._remember(features, np.maximum(scores - scores.max(), _FLOOR), chosen)
        for sums, power in zip(self._sums, range(3), strict=True):
            sums += np.power(features, power, dtype=np.float64).sum(0)
        if self._choices >= _FIRST_STEP:
            rng = Random(_SEED << 32 | self._choices)
            drawn = [rng.randrange(min(self._choices, _REMEMBERED)) for _ in range(_BATCH)]
            features = self._standard(self._features[drawn].astype(np.float32))
            offsets = self._offsets[drawn].astype(np.float32)
            self._network.learn(Batch(features, offsets, self._chosen[drawn]), rng)

    def _standard(self, features: Floats) -> Floats:
        """Mean 0, variance 1 over the choices so far, without outliers."""
        count, total, squares = self._sums
        if not self._choices:
            return np.zeros_like(features)
        mean = total / count
        deviation = np.sqrt(np.maximum(squares / count - mean * mean, 0)) + 1e-3
        standard: Floats = ((features - mean) / deviation).astype(np.float32)
        return np.clip(standard, -_BOUND, _BOUND, out=standard)

    def _remember(self, features: Floats, offsets: Floats, chosen: int) -> None:
        """The newest choice takes the place of the oldest."""
        place = self._choices % _REMEMBERED
        if place == len(self._chosen):
            self._make_room()
        size = len(features)
        self._features[place] = 0
        self._features[place, :size] = features
        self._offsets[place] = -np.inf
        self._offsets[place, :size] = offsets
        self._chosen[place] = chosen
        self._choices += 1

    def _make_room(self) -> None:
        room = min(max(64, len(self._chosen)), _REMEMBERED - len(self._chosen))
        self._features = np.concatenate([self._features, np.zeros((room, *self._features.shape[1:]), np.float16)])
        self._offsets = np.concatenate([self._offsets, np.zeros((room, MOST_LINES), np.float16)])
        self._chosen = np.concatenate([self._chosen, np.zeros(room, np.intp)])

    def to_record(self) -> dict[str, Any]:
        """Everything that was learned and what is learned from, as bytes and numbers."""
        used = min(self._choices, _REMEMBERED)
        return {
            "network": self._network.to_record(),
            "choices": self._choices,
            "features": self._features[:used].astype("<f2").tobytes(),
            "offsets": self._offsets[:used].astype("<f2").tobytes(),
            "chosen": self._chosen[:used].astype("<u1").tobytes(),
            "sums": self._sums.astype("<f8").tobytes(),
        }

    def load(self, record: Mapping[str, Any]) -> None:
        """Take what `to_record` gave.

        Raises:
            KeyError, ValueError: another version wrote it.
        """
        self._network.load(record["network"])
        self._choices = record["choices"]
        self._features = np.frombuffer(record["features"], "<f2").astype(np.float16)
        self._features = self._features.reshape(-1, MOST_LINES, self._sums.shape[1])
        self._offsets = np.frombuffer(record["offsets"], "<f2").astype(np.float16).reshape(-1, MOST_LINES)
        self._chosen = np.frombuffer(record["chosen"], "<u1").astype(np.intp)
        self._sums = np.frombuffer(record["sums"], "<f8").reshape(3, -1).copy()
