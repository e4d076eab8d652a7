"""Interpolated n-gram over lines (Witten and Bell 1991, method C); one over bytes spells new lines."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from delta_learn.entry import CommandEntry
from delta_learn.evaluation.baselines.lines import Ids, LineRanker, Scores
from delta_learn.predictor.context import Context

LINE_ORDER = 3
BYTE_ORDER = 5
_END = 256
"""The symbol after the last byte of a line."""


class NGram:
    """Interpolated Witten-Bell counts over symbols.

    P(s | h) = (c(h, s) + t(h) P(s | h')) / (c(h) + t(h)), with t(h) the number of distinct symbols seen after
    h and h' the history without its oldest symbol; a history never seen passes to the shorter one.
    """

    def __init__(self, order: int) -> None:
        self.order = order
        self._followers: dict[tuple[int, ...], dict[int, int]] = {}
        self._totals: dict[tuple[int, ...], int] = {}

    def probability(self, history: Sequence[int], symbol: int, base: float) -> float:
        """P(symbol | history), where `base` is the probability below the shortest history."""
        for context in self._contexts(history):
            followers = self._followers.get(context)
            if followers:
                types = len(followers)
                base = (followers.get(symbol, 0) + types * base) / (self._totals[context] + types)
        return base

    def distribution(self, history: Sequence[int], shortest: Scores) -> Scores:
        """P(s | history) of every symbol s; `shortest` is P(s) without history, of the same shape."""
        scores = shortest
        for context in self._contexts(history)[1:]:
            followers = self._followers.get(context)
            if followers:
                types, total = len(followers), self._totals[context]
                scores = scores * (types / (total + types))
                symbols = np.fromiter(followers, np.int64, types)
                scores[symbols] += np.fromiter(followers.values(), np.float64, types) / (total + types)
        return scores

    def update(self, history: Sequence[int], symbol: int) -> None:
        """Count `symbol` after every suffix of `history`."""
        for context in self._contexts(history):
            followers = self._followers.setdefault(context, {})
            followers[symbol] = followers.get(symbol, 0) + 1
            self._totals[context] = self._totals.get(context, 0) + 1

    def _contexts(self, history: Sequence[int]) -> list[tuple[int, ...]]:
        """The suffixes of `history` from none to order - 1 symbols."""
        longest = min(self.order - 1, len(history))
        return [tuple(history[len(history) - n :]) for n in range(longest + 1)]


class Speller:
    """Probability of a line never seen, as bytes and an end symbol; learns each line once."""

    def __init__(self) -> None:
        self._bytes = NGram(BYTE_ORDER)

    def log2_probability(self, line: str) -> float:
        """log2 P(bytes of the line, end)."""
        symbols = _symbols(line)
        return sum(
            math.log2(self._bytes.probability(_before(symbols, i), symbol, 1.0 / (_END + 1)))
            for i, symbol in enumerate(symbols)
        )

    def update(self, line: str) -> None:
        """Learn the spelling of a line."""
        symbols = _symbols(line)
        for i, symbol in enumerate(symbols):
            self._bytes.update(_before(symbols, i), symbol)


class WittenBell(LineRanker):
    """P(line | the two lines before), a distribution over all lines: the only baseline with bits per byte."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._lines = NGram(LINE_ORDER)
        self._speller = Speller()
        self._history: list[int] = []
        self._scores: Scores = np.zeros(0)

    def scores(self, prefix: str, lines: Ids, context: Context) -> Scores:  # noqa: ARG002
        """P(line | history) of each line."""
        return self._scores[lines]

    def bits(self, entry: CommandEntry, context: Context) -> float:  # noqa: ARG002
        """-log2 P(line | history); a line never typed costs the escape and its spelling."""
        spelled = self._speller.log2_probability(entry.command)
        line = self.table.find(entry.command)
        if line is not None:
            return -math.log2(self._lines.probability(self._history, line, 2.0**spelled))
        # Of a new line every term but the escapes is zero, and its spelling may be too small for a float.
        return -math.log2(self._lines.probability(self._history, len(self.table), 1.0)) - spelled

    def observe(self, entry: CommandEntry, context: Context) -> None:  # noqa: ARG002
        """Count the line after the two before it."""
        if self.table.find(entry.command) is None:
            self._speller.update(entry.command)
        line = self.table.record(entry)
        self._lines.update(self._history, line)
        self._history = [*self._history, line][-(LINE_ORDER - 1) :]
        counts = self.table.counts
        # The spelling's share is left out: it is far below one use of a line.
        shortest = counts / (len(self.table.events) + len(self.table))
        self._scores = self._lines.distribution(self._history, shortest)


def _symbols(line: str) -> list[int]:
    return [*line.encode("utf-8", "surrogateescape"), _END]


def _before(symbols: list[int], index: int) -> list[int]:
    return symbols[max(0, index - BYTE_ORDER + 1) : index]
