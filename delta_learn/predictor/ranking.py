"""Ranking: whole lines at the empty prompt, put in order by all that the experts say of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from delta_learn.predictor.logit import Floats, OnlineLogit

Scores = NDArray[np.float64]

_START = {"history": 0.7, "ngram": 0.15, "copy": 0.15, "neural": 0.1, "mixture": 0.15}
"""By expert: the weight of its ln P(line | context), before anything is learned."""

_FLOOR = -15.0


class Ranking:
    """A second conditional logit, over the lines that the experts propose, with their ln P as features.

    A mixture believes the expert that is surer; here what one says counts less where it was wrong before
    (product of experts, Hinton 2002).
    """

    def __init__(self) -> None:
        self._logit = OnlineLogit(_START)
        self._prepared: tuple[tuple[str, ...], Floats, Floats] | None = None

    def probabilities(self, lines: Sequence[str], tables: Mapping[str, Scores], mixed: Scores) -> Scores:
        """P(line) of each, given that it is one of them: (n,).

        `tables` are ln P(line | context) by expert, -inf where it did not find the line; `mixed` that of the
        mixture.
        """
        features = np.zeros((len(_START), len(lines)), np.float32)
        for row, name in enumerate(_START):
            scores = mixed if name == "mixture" else tables.get(name)
            if scores is not None:
                features[row] = _bounded(scores)
        probabilities = self._logit.probabilities(features)
        self._prepared = tuple(lines), features, probabilities
        return probabilities.astype(np.float64)

    def learn(self, line: str) -> None:
        """The line that was executed at the prompt of the last `probabilities`."""
        if self._prepared is not None and line in self._prepared[0]:
            lines, features, probabilities = self._prepared
            chosen = np.zeros(len(lines), np.float32)
            chosen[lines.index(line)] = 1
            self._logit.learn(features, probabilities, chosen)
        self._prepared = None

    def to_record(self) -> dict[str, list[float]]:
        """What was learned."""
        return self._logit.to_record()

    def load(self, record: Mapping[str, list[float]]) -> None:
        """Take what `to_record` gave."""
        self._logit.load(record)


def _bounded(scores: Scores) -> Scores:
    """-inf becomes the least finite score: an expert finds no line that is more probable than those it left."""
    finite = scores[np.isfinite(scores)]
    least = max(float(finite.min()), _FLOOR) if len(finite) else _FLOOR
    return np.maximum(scores, least)
