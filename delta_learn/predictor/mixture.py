"""Mixture: the experts combined line by line, with weights learned online."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from delta_learn.predictor.context import Context

Scores = NDArray[np.float64]

_MEMORY = 0.98
"""What a weight keeps at each command; the rest follows the posterior of the line that was executed."""

_LEAST_WEIGHT = 0.001
"""No expert falls below this, so that each can come back."""


class Expert(Protocol):
    """A source of probabilities for the next line. Asking changes nothing that a later answer depends on."""

    @property
    def name(self) -> str:
        """Shown as the source of a suggestion."""
        ...

    @property
    def last_resort(self) -> bool:
        """Whether it is asked to propose lines only where no other expert has any."""
        ...

    def propose(self, prefix: str, context: Context, count: int) -> list[tuple[str, float]]:
        """At most `count` longer lines that begin with `prefix`, best first, with ln P(line | context)."""
        ...

    def log_probabilities(self, lines: Sequence[str], context: Context, *, among: str | None = None) -> Scores:
        """ln P(line | context) of each line, -inf for those it knows nothing of: (len(lines),).

        With `among`, an expert to whom a line is a long look-up may give -inf to those it does not find when it
        is asked to propose lines that begin so.
        """
        ...

    def log_prefix(self, prefix: str, context: Context) -> float:
        """ln P(the line is one it knows and begins with `prefix`)."""
        ...

    def novelty(self, context: Context) -> float:
        """P(the line is none it knows); 0 for an expert that composes lines."""
        ...


class Mixture:
    """P(line | context) = sum of w_i P_i(line).

    What an expert keeps for lines that it does not know goes to the experts that compose lines, by their
    weights: each is then a distribution over all lines, and its posterior the usual one. Without such an
    expert that mass, the `rest`, belongs to lines that nobody can name.
    """

    def __init__(self) -> None:
        self.experts: list[Expert] = []
        self._weights: dict[str, float] = {}
        """By name, those of absent experts included."""

    def add(self, expert: Expert, weight: float) -> None:
        """Add an expert, or put it in the place of the one of its name, whose weight it inherits.

        `weight` is the share of a new expert; the others keep their proportions.
        """
        self.experts = [*(other for other in self.experts if other.name != expert.name), expert]
        if expert.name not in self._weights:
            self._weights = {name: (1 - weight) * old for name, old in self._weights.items()}
            self._weights[expert.name] = weight

    def propose(self, prefix: str, context: Context, count: int) -> list[str]:
        """The lines that any expert proposes, each once; at most `count` from each. The last resort only at need."""
        found: dict[str, None] = {}
        for each in sorted(self.experts, key=lambda expert: expert.last_resort):
            if not (found and each.last_resort):
                found |= dict.fromkeys(line for line, _ in each.propose(prefix, context, count))
        return list(found)

    def shares(self, lines: Sequence[str], context: Context, *, among: str | None = None) -> Scores:
        """ln of what each expert contributes to P(line | context): (experts, lines).

        Their sum over experts, in probabilities, is that of the mixture.
        """
        direct, _ = self._spread(context)
        with np.errstate(divide="ignore"):
            return np.log(direct)[:, None] + self._table(lines, context, among)

    def log_factor(self, expert: Expert, context: Context) -> float:
        """ln of what an expert's own probabilities count for."""
        direct, _ = self._spread(context)
        with np.errstate(divide="ignore"):
            return float(np.log(direct[self.experts.index(expert)]))

    def log_prefix(self, prefix: str, context: Context, unknown: float) -> float:
        """ln P(the line begins with `prefix`); `unknown` is that of a line which nobody can name."""
        direct, rest = self._spread(context)
        known = np.array([each.log_prefix(prefix, context) for each in self.experts])
        with np.errstate(divide="ignore"):
            return float(np.logaddexp.reduce([*(np.log(direct) + known), np.log(rest) + unknown]))

    def learn(self, line: str, context: Context) -> None:
        """Move the weights towards the posterior of the experts, given that `line` was executed."""
        if len(self.experts) < 2:
            return
        table = self._table([line], context)[:, 0]
        if np.isneginf(table).all():
            return
        likelihood = np.exp(table - table.max())
        weights, novelty = self._present(), self._novelty(context)
        composing = np.where(novelty == 0, weights, 0.0)
        composed = composing @ likelihood / composing.sum() if composing.any() else 0.0
        posterior = weights * (likelihood + novelty * composed)
        self._update(weights, posterior / posterior.sum())

    def composes(self, context: Context) -> bool:
        """Whether every line has a probability."""
        return not self._novelty(context).all()

    def to_record(self) -> dict[str, float]:
        """The weights by name."""
        return dict(self._weights)

    def load(self, record: Mapping[str, float]) -> None:
        """Take the weights of `to_record`; experts that it does not know keep their own."""
        self._weights = {**self._weights, **record}

    def _update(self, weights: Scores, posterior: Scores) -> None:
        mixed = np.maximum(_MEMORY * weights + (1 - _MEMORY) * posterior, _LEAST_WEIGHT)
        total = sum(self._weights[each.name] for each in self.experts)
        for each, weight in zip(self.experts, mixed / mixed.sum(), strict=True):
            self._weights[each.name] = float(total * weight)

    def _table(self, lines: Sequence[str], context: Context, among: str | None = None) -> Scores:
        return np.stack([each.log_probabilities(lines, context, among=among) for each in self.experts])

    def _novelty(self, context: Context) -> Scores:
        return np.array([each.novelty(context) for each in self.experts], np.float64)

    def _present(self) -> Scores:
        """The weights of the experts that are there; they sum to 1."""
        weights: Scores = np.array([self._weights[each.name] for each in self.experts])
        weights /= weights.sum()
        return weights

    def _spread(self, context: Context) -> tuple[Scores, float]:
        """The factor of each expert's own probability, and the rest, where no expert composes."""
        weights, novelty = self._present(), self._novelty(context)
        spare = float(weights @ novelty)
        composing = np.where(novelty == 0, weights, 0.0)
        if not composing.any():
            return weights, spare
        return weights + spare * composing / composing.sum(), 0.0
