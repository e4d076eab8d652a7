"""Predictor: what the prompt asks. Learns every command at once and suggests the next line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from delta_learn.entry import CommandEntry
from delta_learn.errors import ModelError
from delta_learn.predictor.context import Context
from delta_learn.predictor.contexts import contexts
from delta_learn.predictor.history import HistoryRanker, shows_habit
from delta_learn.predictor.mixture import Mixture
from delta_learn.predictor.neural import NeuralExpert
from delta_learn.predictor.suggestion import Suggestion

LEARNED_ENTRIES = 5_000
"""Weights are learned from this many of the newest entries: older ones would change little."""

MAX_SUGGESTED_CHARS = 2000
"""Longer lines are never suggested: nobody reads them at a prompt."""

_EMPTY_PROMPT_CANDIDATES = 40
_PREFIX_CANDIDATES = 8
"""Lines that each expert proposes: at a keystroke fewer, since what is typed has already chosen."""

_NEURAL_WEIGHT = 0.2
"""Of a model that has not shown yet what it can do."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

_ACCEPT_KEYS = 1
_WRONG_KEYS = 1
"""What a wrong line at the empty prompt costs: the eye takes it for typed text."""


class Predictor:
    """P(line | context, what is typed) over the lines of all experts."""

    def __init__(self, neural: NeuralExpert | None = None, never: Collection[str] = ()) -> None:
        self.never = set(never)
        """Lines that are not suggested, whatever their probability."""
        self._history = HistoryRanker()
        self._mixture = Mixture()
        self._mixture.add(self._history, weight=1.0)
        if neural is not None:
            self.attach(neural)

    @classmethod
    def from_entries(
        cls,
        entries: Sequence[CommandEntry],
        neural: NeuralExpert | None = None,
        never: Collection[str] = (),
    ) -> Predictor:
        """A predictor that remembers all `entries` and has learned its weights from the newest of them.

        The neural expert joins after them: a model that was trained on entries must not be trusted more for
        knowing them.
        """
        predictor = cls(never=never)
        remembered = len(entries) - LEARNED_ENTRIES
        for number, (entry, (_, context)) in enumerate(zip(entries, contexts(entries), strict=True)):
            if number < remembered:
                predictor.remember(entry, context)
            else:
                predictor.observe(entry, context)
        if neural is not None:
            predictor.attach(neural)
        return predictor

    def attach(self, neural: NeuralExpert) -> None:
        """Add the neural expert, or put a newer one in its place; what was learned of its weight stays."""
        self._mixture.add(neural, weight=_NEURAL_WEIGHT)

    def observe(self, entry: CommandEntry, context: Context) -> None:
        """Learn an executed command; `context` is its prompt. Synthetic entries change nothing."""
        if shows_habit(entry):
            self._mixture.learn(entry.command, context)
        self._history.observe(entry, context)

    def remember(self, entry: CommandEntry, context: Context) -> None:
        """Take in an old command without learning weights from it: for long histories."""
        self._history.remember(entry, context)

    def suggest(self, prefix: str, context: Context, k: int = 5) -> list[Suggestion]:
        """At most k lines longer than `prefix` that begin with it, best first. Changes nothing.

        Their probabilities are P(line | context, the line begins with `prefix`), the lines that were never
        typed before among the alternatives.
        """
        count = _PREFIX_CANDIDATES if prefix else _EMPTY_PROMPT_CANDIDATES
        lines = self._mixture.propose(prefix, context, max(count, k) + len(self.never))
        lines = [line for line in lines if line not in self.never and _can_be_shown(line)]
        if not lines:
            return []
        shares = self._mixture.shares(lines, context)  # (experts, lines)
        scores = np.logaddexp.reduce(shares, axis=0)
        mass = self._mixture.log_prefix(prefix, context, self._history.log_new_prefix(prefix))
        probabilities = np.exp(scores - max(mass, float(np.logaddexp.reduce(scores))))
        sources = shares.argmax(axis=0)
        return [
            self._suggestion(prefix, lines[i], float(probabilities[i]), int(sources[i]))
            for i in np.argsort(-scores, kind="stable")[:k]
        ]

    def bits(self, entry: CommandEntry, context: Context) -> float | None:
        """-log2 P(the entry's command | context), asked before it is observed.

        None without an expert that composes lines: there is no distribution over all lines then.
        """
        if not self._mixture.composes(context):
            return None
        score = float(np.logaddexp.reduce(self._mixture.shares([entry.command], context)[:, 0]))
        return -score / float(np.log(2)) if np.isfinite(score) else None

    def to_records(self) -> list[dict[str, Any]]:
        """All that was learned, but not the model, as plain lists, bytes and numbers; for a sealed file."""
        return [{"history": self._history.to_record(), "mixture": self._mixture.to_record()}]

    @classmethod
    def from_records(
        cls,
        records: Iterable[Mapping[str, Any]],
        neural: NeuralExpert | None = None,
        never: Collection[str] = (),
    ) -> Predictor:
        """The inverse of `to_records`: equal suggestions from then on.

        Raises:
            ModelError: another version of delta_learn wrote the records.
        """
        predictor = cls(never=never)
        try:
            (record,) = records
            predictor._history = HistoryRanker.from_record(record["history"])
            predictor._mixture = Mixture()
            predictor._mixture.add(predictor._history, weight=1.0)
            predictor._mixture.load(record["mixture"])
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                "The stored predictor is from another version of delta_learn; rebuild it from the entries."
            ) from error
        if neural is not None:
            predictor.attach(neural)
        return predictor

    def _suggestion(self, prefix: str, line: str, probability: float, source: int) -> Suggestion:
        name = self._mixture.experts[source].name
        return Suggestion(line, probability, name, shown=_expected_saving(prefix, line, probability) > 0)


def _can_be_shown(line: str) -> bool:
    """Whether the line is a command that a terminal shows as it is: no control characters but tab and newline.

    `# words` is what a person said about a command (collector/teaching.py), and does nothing.
    """
    return len(line) <= MAX_SUGGESTED_CHARS and not line.startswith("# ") and _CONTROL.search(line) is None


def _expected_saving(prefix: str, line: str, probability: float) -> float:
    """Keys that showing `line` saves on average (docs/architecture.md, metrics, net)."""
    saved = len(line) - len(prefix) - _ACCEPT_KEYS
    cost = 0 if prefix else _WRONG_KEYS
    return probability * saved - (1 - probability) * cost
