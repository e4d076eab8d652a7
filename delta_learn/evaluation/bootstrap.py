"""Paired moving-block bootstrap: how sure a difference is when neighbouring commands depend on each other.

Kuensch, "The jackknife and the bootstrap for general stationary observations", Annals of Statistics 1989.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

ROUNDS = 2000
BLOCK_COMMANDS = 50
MIN_SESSIONS = 5
"""With fewer sessions than this, blocks are runs of commands."""

MIN_RUNS = 5
"""Runs are shorter than 50 commands where the series would not hold so many of them."""

LEVEL = 0.90
_NORMAL_95 = 1.6449
"""95 % quantile of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its two-sided 90 % bootstrap interval (percentiles)."""

    mean: float
    low: float
    high: float

    def to_json(self) -> dict[str, float]:
        """Plain data."""
        return asdict(self)


class BlockBootstrap:
    """Resamples of one series of commands, the same for every figure asked of it, so that figures are paired.

    A block is a whole session. With fewer than 5 sessions a block is a run of 50 commands, beginning anywhere
    and going on at the start after the end (circular). A person's newest 500 commands are 8 to 30 sessions.
    So few make the plain bootstrap too sure of itself (an equal model reached P >= .95 on 6-10 % of simulated
    nights): resamples are widened by `_widening`.
    """

    def __init__(self, sessions: ArrayLike, *, rounds: int = ROUNDS, seed: int = 0) -> None:
        """`sessions`: the session of each command, shape (n,), n >= 1."""
        _, self._block = np.unique(np.asarray(sessions), return_inverse=True)
        self._n = len(self._block)
        n_sessions = int(self._block.max()) + 1
        self._by_session = n_sessions >= MIN_SESSIONS
        self._length = min(BLOCK_COMMANDS, max(1, self._n // MIN_RUNS))
        blocks = n_sessions if self._by_session else self._n
        drawn = n_sessions if self._by_session else math.ceil(self._n / self._length)
        self._draws = np.random.default_rng(seed).integers(0, blocks, (rounds, drawn))
        self._widening = _widening(drawn)

    def ratios(self, numerator: ArrayLike, denominator: ArrayLike | None = None) -> Floats:
        """sum(numerator) / sum(denominator) of every resample, widened: shape (rounds,).

        Both have shape (n,); without a denominator the result is the mean of the numerator.
        """
        above, below = self._terms(numerator, denominator)
        observed = above.sum() / below.sum()
        widened: Floats = observed + (self._sums(above) / self._sums(below) - observed) * self._widening
        return widened

    def interval(self, numerator: ArrayLike, denominator: ArrayLike | None = None) -> Interval:
        """The ratio of the series as it is, and the interval of the resampled ratios."""
        above, below = self._terms(numerator, denominator)
        tail = (1.0 - LEVEL) / 2.0
        low, high = np.quantile(self.ratios(numerator, denominator), [tail, 1.0 - tail])
        return Interval(float(above.sum() / below.sum()), float(low), float(high))

    def _terms(self, numerator: ArrayLike, denominator: ArrayLike | None) -> tuple[Floats, Floats]:
        below = np.ones(self._n) if denominator is None else np.asarray(denominator, np.float64)
        return np.asarray(numerator, np.float64), below

    def _sums(self, values: Floats) -> Floats:
        """Sum of the values in every resample: shape (rounds,)."""
        sums: Floats = self._block_sums(values)[self._draws].sum(axis=1)
        return sums

    def _block_sums(self, values: Floats) -> Floats:
        if self._by_session:
            return np.bincount(self._block, weights=values).astype(np.float64)
        around = np.concatenate([np.zeros(1), values, values[: self._length - 1]]).cumsum()
        runs: Floats = around[self._length :] - around[: -self._length]
        return runs


def _widening(blocks: int) -> float:
    """How much wider than its resamples the uncertainty of a mean of `blocks` blocks is; 1 for many.

    Drawing with replacement has (b - 1) / b of the blocks' variance, and that variance is itself an estimate:
    Student's t over the normal quantile (Abramowitz and Stegun, 26.7.5). A single block tells nothing: 1.
    """
    if blocks < 2:
        return 1.0
    z, freedom = _NORMAL_95, blocks - 1
    student = z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    return math.sqrt(blocks / freedom) * student / z
