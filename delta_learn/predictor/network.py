"""Network: scores alternatives by a small multilayer perceptron that learns online."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delta_learn.predictor.logit import Floats

_HIDDEN = 16
_DROPPED = 77
"""Of 256 hidden units, at each step. With less dropout (Srivastava et al. 2014) it learns a person's past by heart:
docs/log.md."""

_RATE = 1e-3
_DECAY = 0.1
_DECAYED = ("first", "second")
_MOMENTS = (0.9, 0.999)
_EPSILON = 1e-8
_SEED = 6


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Choices to learn from, of up to N alternatives each."""

    features: Floats  # (B, N, n_feature)
    offset: Floats  # (B, N), -inf where there is no alternative
    chosen: NDArray[np.intp]  # (B,)


class Network:
    """score = scale * offset + W2 relu(W1 x + b1); P(alternative) = softmax of the scores.

    In numpy, since the prompt cannot wait for torch to be imported, and without numpy.random, which takes 7 MB of its
    memory. The second layer begins at zero: nothing is changed by what has learned nothing.
    """

    def __init__(self, n_feature: int) -> None:
        bound, rng = n_feature**-0.5, Random(_SEED)
        first = np.array([[rng.uniform(-bound, bound) for _ in range(_HIDDEN)] for _ in range(n_feature)])
        self._parameters: dict[str, Floats] = {
            "first": first.astype(np.float32),
            "bias": np.zeros(_HIDDEN, np.float32),
            "second": np.zeros(_HIDDEN, np.float32),
            "scale": np.ones(1, np.float32),
        }
        self._means = {name: np.zeros_like(value) for name, value in self._parameters.items()}
        self._squares = {name: np.zeros_like(value) for name, value in self._parameters.items()}
        self.steps = 0

    def scores(self, features: Floats, offset: Floats) -> Floats:
        """Features (..., N, n_feature), offset (..., N): (..., N)."""
        own = self._parameters
        hidden = np.maximum(features @ own["first"] + own["bias"], 0)
        scores: Floats = own["scale"] * offset + hidden @ own["second"]
        return scores

    def learn(self, batch: Batch, rng: Random) -> None:
        """One step of AdamW (Loshchilov & Hutter 2019) on the mean cross-entropy of a batch."""
        self.steps += 1
        for name, gradient in self._gradients(batch, rng).items():
            self._descend(name, gradient)

    def _gradients(self, batch: Batch, rng: Random) -> dict[str, Floats]:
        own, rows = self._parameters, np.arange(len(batch.chosen))
        shape = (*batch.offset.shape, _HIDDEN)
        drawn = np.frombuffer(rng.randbytes(math.prod(shape)), np.uint8).reshape(shape)
        kept = (drawn >= _DROPPED) / np.float32(1 - _DROPPED / 256)
        hidden = np.maximum(batch.features @ own["first"] + own["bias"], 0) * kept  # (B, N, n_hidden)
        error = _softmax(own["scale"] * batch.offset + hidden @ own["second"])  # (B, N)
        error[rows, batch.chosen] -= 1
        error /= len(rows)
        inner = (error[..., None] * own["second"] * kept * (hidden > 0)).reshape(-1, _HIDDEN)
        return {
            "first": batch.features.reshape(len(inner), -1).T @ inner,
            "bias": inner.sum(0),
            "second": error.reshape(-1) @ hidden.reshape(-1, _HIDDEN),
            "scale": np.array([(error * np.where(np.isfinite(batch.offset), batch.offset, 0)).sum()], np.float32),
        }

    def _descend(self, name: str, gradient: Floats) -> None:
        parameter, mean, square = self._parameters[name], self._means[name], self._squares[name]
        slow, slower = _MOMENTS
        mean += (1 - slow) * (gradient - mean)
        square += (1 - slower) * (gradient * gradient - square)
        if name in _DECAYED:
            parameter *= 1 - _RATE * _DECAY
        estimate = np.sqrt(square / (1 - slower**self.steps)) + _EPSILON
        parameter -= _RATE * mean / (1 - slow**self.steps) / estimate

    def to_record(self) -> dict[str, Any]:
        """Weights and moments as little-endian bytes."""
        groups = {"parameters": self._parameters, "means": self._means, "squares": self._squares}
        return {
            "steps": self.steps,
            **{
                group: {name: value.astype("<f4").tobytes() for name, value in values.items()}
                for group, values in groups.items()
            },
        }

    def load(self, record: Mapping[str, Any]) -> None:
        """Take what `to_record` gave.

        Raises:
            KeyError, ValueError: another version wrote it.
        """
        for group, values in (("parameters", self._parameters), ("means", self._means), ("squares", self._squares)):
            for name, value in values.items():
                value[:] = np.frombuffer(record[group][name], "<f4").reshape(value.shape)
        self.steps = record["steps"]


def _softmax(scores: Floats) -> Floats:
    """Over the last axis; -inf is no alternative."""
    powers: Floats = np.exp(scores - scores.max(-1, keepdims=True))
    powers /= powers.sum(-1, keepdims=True)
    return powers
