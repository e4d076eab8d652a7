"""Predictor: what the prompt asks. Learns every command at once and suggests the next line."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delta_learn.entry import CommandEntry
from delta_learn.errors import ModelError
from delta_learn.predictor.composer import Composer
from delta_learn.predictor.context import Context
from delta_learn.predictor.contexts import contexts
from delta_learn.predictor.meanings import MARK
from delta_learn.predictor.memory import TokenMemory
from delta_learn.predictor.neural import NeuralExpert
from delta_learn.predictor.panel import EXPERTS, Panel
from delta_learn.predictor.suggestion import Suggestion
from delta_learn.predictor.wording import Share, Text, best_text, next_texts

__all__ = ["EXPERTS", "Predictor"]

Scores = NDArray[np.float64]

LEARNED_ENTRIES = 5_000
"""Weights are learned from this many of the newest entries: older ones would change little."""

MAX_SUGGESTED_CHARS = 2000
"""Longer lines are never suggested: nobody reads them at a prompt."""

_EMPTY_PROMPT_CANDIDATES = 40
_PREFIX_CANDIDATES = 8
"""Lines that each expert proposes: at a keystroke fewer, since what is typed has already chosen."""

_MODELLED_WORDS = 6
"""Next words whose probability the language model is asked for; the others' comes from the others (docs/log.md)."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

_ACCEPT_KEYS = 1
_WRONG_KEYS = 1
"""What a wrong line at the empty prompt costs: the eye takes it for typed text."""


class Predictor:
    """P(line | context, what is typed) over the lines of all experts."""

    def __init__(
        self,
        neural: NeuralExpert | None = None,
        never: Collection[str] = (),
        experts: Collection[str] = EXPERTS,
        documentation: TokenMemory | None = None,
    ) -> None:
        """`experts` take part; `documentation` is what is known of commands before any was typed."""
        self.never = set(never)
        """Lines that are not suggested, whatever their probability."""
        self._panel = Panel(experts, documentation)
        if neural is not None:
            self.attach(neural)

    @classmethod
    def from_entries(
        cls,
        entries: Sequence[CommandEntry],
        neural: NeuralExpert | None = None,
        never: Collection[str] = (),
        documentation: TokenMemory | None = None,
    ) -> Predictor:
        """A predictor that remembers all `entries` and has learned its weights from the newest of them.

        The neural expert joins after them: a model that was trained on entries must not be trusted more for
        knowing them.
        """
        predictor = cls(never=never, documentation=documentation)
        remembered = sum(entry.source != "feedback" for entry in entries) - LEARNED_ENTRIES
        for entry, (_, context) in zip(entries, contexts(entries), strict=True):
            if remembered > 0:
                predictor.remember(entry, context)
            else:
                predictor.observe(entry, context)
            remembered -= entry.source != "feedback"
        if neural is not None:
            predictor.attach(neural)
        return predictor

    @property
    def experts(self) -> list[str]:
        """The names of the experts in the mixture; the composer goes by its first source."""
        return [expert.name for expert in self._panel.mixture.experts]

    @property
    def panel(self) -> Panel:
        """The experts and what was said: for who explains a suggestion."""
        return self._panel

    def attach(self, neural: NeuralExpert) -> None:
        """Add the neural expert, or put a newer one in its place; what was learned of its weight stays."""
        self._panel.attach(neural)

    @property
    def rival(self) -> Predictor | None:
        """This predictor with the rival's model in the place of its own; None where nothing challenges it."""
        if self._panel.rival is None:
            return None
        rival = copy(self)
        rival._panel = self._panel.rival
        return rival

    def challenge(self, neural: NeuralExpert | None) -> None:
        """Have a rival that differs in its model only, and in what is learned of that one's weight; None: no rival."""
        self._panel.challenge(neural)

    def hurry(self, seconds: float | None) -> None:
        """Let no search for composed lines take longer, though it may miss some; None, as at first: they need not."""
        self._panel.hurry(seconds)

    def prepare(self, context: Context) -> None:
        """Do now what the first keystroke at a prompt would wait for."""
        for panel in (self._panel, self._panel.rival):
            if panel is not None and panel.neural is not None:
                panel.neural.prepare(context)

    def observe(self, entry: CommandEntry, context: Context) -> None:
        """Learn an executed command; `context` is its prompt. Synthetic entries change nothing."""
        self._panel.observe(entry, context)

    def remember(self, entry: CommandEntry, context: Context) -> None:
        """Take in an old command without learning weights from it: for long histories."""
        self._panel.remember(entry, context)

    def suggest(self, prefix: str, context: Context, k: int = 5) -> list[Suggestion]:
        """At most k lines longer than `prefix` that begin with it, best first. Changes nothing.

        Their probabilities are P(line | context, the line begins with `prefix`), the lines that were never
        typed before among the alternatives. After a prefix the first is the text that is worth most at once,
        which may be a beginning of a line only. After `# ` come commands, by what was taught of their meaning.
        """
        if prefix.startswith(MARK):
            return [Suggestion(line, score, "history") for line, score in self._panel.meanings.suggest(prefix, k)]
        if len(prefix) >= MAX_SUGGESTED_CHARS:
            return []
        mass = self._panel.log_mass(prefix, context)
        ranked = self._weigh(prefix, context, k, mass)
        composer = self._panel.composer
        if not prefix or composer is None:
            return ranked[:k]
        best = self._best_text(composer, prefix, ranked, context, mass)
        if best is None:
            return ranked[:k]
        return [best, *(each for each in ranked if each.command != best.command)][:k]

    def bits(self, entry: CommandEntry, context: Context) -> float | None:
        """-log2 P(the entry's command | context), asked before it is observed.

        None without an expert that composes lines: there is no distribution over all lines then.
        """
        mixture = self._panel.mixture
        if not mixture.composes(context):
            return None
        score = float(np.logaddexp.reduce(mixture.shares([entry.command], context)[:, 0]))
        return -score / math.log(2) if math.isfinite(score) else None

    def to_records(self) -> Iterator[dict[str, Any]]:
        """All that was learned, but not the model, as plain lists, bytes and numbers; for a sealed file."""
        return self._panel.to_records()

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
            predictor._panel.load(records)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                "The stored predictor is from another version of delta_learn; rebuild it from the entries."
            ) from error
        if neural is not None:
            predictor.attach(neural)
        return predictor

    def _candidates(self, prefix: str, context: Context, k: int) -> tuple[list[str], dict[str, float]]:
        """Lines that may come, and ln P of those that the last command alone calls for."""
        count = _PREFIX_CANDIDATES if prefix else _EMPTY_PROMPT_CANDIDATES
        lines = self._panel.mixture.propose(prefix, context, max(count, k) + len(self.never))
        called = {
            line: score for line, score in self._panel.called(context) if line.startswith(prefix) and line != prefix
        }
        taught = (
            line for line, _ in self._panel.lessons.propose(context) if line.startswith(prefix) and line != prefix
        )
        every = dict.fromkeys([*lines, *called, *taught])
        return [line for line in every if line not in self.never and _can_be_shown(line)], called

    def _weigh(self, prefix: str, context: Context, k: int, mass: float) -> list[Suggestion]:
        """The lines that begin with `prefix`, best first; `mass` is ln P(the line begins so)."""
        lines, called = self._candidates(prefix, context, k)
        if not lines:
            return []
        shares, scores = self._panel.weigh(lines, prefix, context)
        mass = max(mass, float(np.logaddexp.reduce(scores)))
        called = {line: score - mass for line, score in called.items()}
        return self._suggestions(prefix, lines, shares, np.exp(scores - mass), context, called)

    def _suggestions(
        self,
        prefix: str,
        lines: Sequence[str],
        shares: Scores,
        probabilities: Scores,
        context: Context,
        called: Mapping[str, float],
    ) -> list[Suggestion]:
        """Best first, after what the person said of them: `shares` (experts, lines), `probabilities` (lines,)."""
        sources = [self._panel.source(shares[:, i], prefix, line, context) for i, line in enumerate(lines)]
        probabilities = probabilities * np.exp(self._panel.verdicts.log_factors(lines, context))
        for i, line in enumerate(lines):
            wanted = math.exp(min(0.0, called.get(line, -math.inf)))
            if wanted > probabilities[i]:
                probabilities[i], sources[i] = wanted, "copy"
        probabilities /= max(1.0, float(probabilities.sum()))
        # What was called unhelpful here comes after all else, however sure it is; typing may still ask for it.
        against = self._panel.verdicts.against(lines, context) if not prefix else np.zeros(len(lines), np.bool_)
        return [
            _suggestion(prefix, Text(lines[i], float(probabilities[i]), whole=True), sources[i])
            for i in np.lexsort((-probabilities, against))
        ]

    def _best_text(
        self, composer: Composer, prefix: str, ranked: Sequence[Suggestion], context: Context, mass: float
    ) -> Suggestion | None:
        """What is worth most at once, among the ranked lines and the beginnings of composed ones."""
        own = self._panel.log_factor(composer, context) - mass
        beginnings = [
            Text(each.text, math.exp(own + each.logprob), whole=each.whole, inner=each.inner)
            for each in composer.beginnings(prefix, context)
            if each.text != prefix and _can_be_shown(each.text)
        ]
        lines = [Text(each.command, each.probability, whole=True) for each in ranked]
        likely = sorted([*lines, *beginnings], key=lambda each: -each.probability)
        modelled = self._modelled_share(context, mass, next_texts(prefix, likely)[:_MODELLED_WORDS])
        text = best_text(prefix, lines, beginnings, self._known_share(context, mass), modelled)
        if text is None or text.text in self.never:
            return None
        known = next((each for each in ranked if each.command == text.text), None)
        return known or _suggestion(prefix, text, self._composed_source(composer, prefix, text.text, context))

    def _composed_source(self, composer: Composer, prefix: str, text: str, context: Context) -> str:
        return "copy" if composer.copied(prefix, text, context) else composer.name

    def _known_share(self, context: Context, mass: float) -> Share:
        """From a text to P(the line is one typed before and begins with it), in shares of `mass`."""
        history = self._panel.history
        if history is None:
            return lambda _: 0.0
        own = self._panel.log_factor(history, context) - mass
        return lambda text: math.exp(own + history.log_prefix(text, context))

    def _modelled_share(self, context: Context, mass: float, texts: Sequence[str]) -> Share:
        """From one of `texts` to P(the line begins with it) by the neural expert, in shares of `mass`."""
        neural = self._panel.neural
        if neural is None:
            return lambda _: 0.0
        own = self._panel.log_factor(neural, context) - mass
        shares = dict(zip(texts, np.exp(own + neural.log_beginnings(texts, context)).tolist(), strict=True))
        return lambda text: shares.get(text, 0.0)


def _suggestion(prefix: str, text: Text, source: str) -> Suggestion:
    probability = min(1.0, text.probability)
    shown = _expected_saving(prefix, text.text, probability) > 0
    return Suggestion(text.text, probability, source, shown=shown, whole=text.whole)


def _can_be_shown(line: str) -> bool:
    """Whether the line is a command that a terminal shows as it is: no control characters but tab and newline.

    `# words` is what a person said about a command (collector/teaching.py), and does nothing.
    """
    return len(line) <= MAX_SUGGESTED_CHARS and not line.startswith(MARK) and _CONTROL.search(line) is None


def _expected_saving(prefix: str, line: str, probability: float) -> float:
    """Keys that showing `line` saves on average (docs/architecture.md, metrics, net)."""
    saved = len(line) - len(prefix) - _ACCEPT_KEYS
    cost = 0 if prefix else _WRONG_KEYS
    return probability * saved - (1 - probability) * cost
