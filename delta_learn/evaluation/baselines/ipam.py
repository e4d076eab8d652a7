"""IPAM: the incremental probabilistic action model of Davison and Hirsh (AAAI workshop WS-98-07, 1998)."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from delta_learn.entry import CommandEntry
from delta_learn.evaluation.baselines.lines import Ids, LineRanker, Scores
from delta_learn.predictor.context import Context

_SMALLEST = 1e-6
"""Older updates than this factor leaves of a probability are dropped from a row."""


class Ipam(LineRanker):
    """A table of P(next line | previous line), one row a line, and a default row for lines without one.

    Each update multiplies a row by alpha and adds 1 - alpha to the line that came; a new row begins as a copy
    of the default row. So a row is a sequence of updates, the j-th newest weighing (1 - alpha) alpha^j: it is
    stored as that sequence. Lines outside the previous line's row follow it, ranked by the default row.
    """

    def __init__(self, name: str, alpha: float) -> None:
        super().__init__(name)
        length = math.ceil(math.log(_SMALLEST) / math.log(alpha))
        self._weights: Scores = (1.0 - alpha) * np.power(alpha, np.arange(length), dtype=np.float64)
        self._default: deque[int] = deque(maxlen=length)
        self._rows: dict[int, deque[int]] = {}
        self._previous: int | None = None
        self._scores: Scores = np.zeros(0)

    def scores(self, prefix: str, lines: Ids, context: Context) -> Scores:  # noqa: ARG002
        """Probability in the previous line's row plus 1, or in the default row for lines outside it."""
        return self._scores[lines]

    def observe(self, entry: CommandEntry, context: Context) -> None:  # noqa: ARG002
        """Update the previous line's row, then the default row."""
        line = self.table.record(entry)
        if self._previous is not None:
            row = self._rows.setdefault(self._previous, self._default.copy())
            row.appendleft(line)
        self._default.appendleft(line)
        self._previous = line
        self._scores = self._all_scores(line)

    def _all_scores(self, previous: int) -> Scores:
        default = self._probabilities(self._default)
        row = self._probabilities(self._rows.get(previous, self._default))
        return np.where(row > 0, 1.0 + row, default)

    def _probabilities(self, row: deque[int]) -> Scores:
        """The row as probabilities of every line: shape (number of lines,)."""
        probabilities = np.zeros(len(self.table))
        np.add.at(probabilities, np.fromiter(row, np.int64, len(row)), self._weights[: len(row)])
        return probabilities
