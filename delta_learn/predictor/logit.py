"""OnlineLogit: a conditional logit (McFadden 1974) that learns after every choice."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_RATE = 0.1
_FIRST_SQUARES = 0.01


class OnlineLogit:
    """P(alternative) = softmax of a weighted sum of its features, one weight for each feature.

    The weights climb the log-likelihood of what was chosen by AdaGrad (Duchi et al. 2011): every weight has a
    rate of its own that falls with the gradients it has seen, so that rare features learn as fast as others.
    """

    def __init__(self, start: Mapping[str, float]) -> None:
        """The features by name, in the order of their rows, with the weights before anything is learned."""
        self.names = tuple(start)
        self.weights: Floats = np.array(list(start.values()), np.float32)
        self._squares: Floats = np.full(len(start), _FIRST_SQUARES, np.float32)

    def log_probabilities(self, features: Floats, offset: Floats | float = 0.0) -> Floats:
        """Logarithm of the softmax over n >= 1 alternatives: features (F, n), offset added to the scores; (n,)."""
        scores: Floats = self.weights @ features
        scores += offset
        scores -= scores.max()
        scores -= np.log(np.exp(scores).sum())
        return scores

    def probabilities(self, features: Floats, offset: Floats | float = 0.0) -> Floats:
        """The softmax itself."""
        return np.exp(self.log_probabilities(features, offset))

    def learn(self, features: Floats, probabilities: Floats, target: Floats) -> None:
        """One step from the predicted `probabilities` towards `target`, what came: distributions (n,)."""
        gradient = features @ (target - probabilities)
        self._squares += gradient * gradient
        self.weights += _RATE * gradient / np.sqrt(self._squares)

    def to_record(self) -> dict[str, list[float]]:
        """Weight and sum of squared gradients of each feature."""
        return {
            name: [float(weight), float(squares)]
            for name, weight, squares in zip(self.names, self.weights, self._squares, strict=True)
        }

    def load(self, record: Mapping[str, list[float]]) -> None:
        """Take the weights of `to_record`; features that it does not know keep their own."""
        for index, name in enumerate(self.names):
            if name in record:
                self.weights[index], self._squares[index] = record[name]
