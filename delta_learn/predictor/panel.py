"""Panel: the experts, what weighs them against each other, and all that they have learned."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy, deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delta_learn.entry import CommandEntry
from delta_learn.predictor.arrivals import Arrivals
from delta_learn.predictor.composer import Composer
from delta_learn.predictor.context import Context
from delta_learn.predictor.corrections import Corrections
from delta_learn.predictor.history import HistoryRanker, shows_habit
from delta_learn.predictor.lessons import Lessons
from delta_learn.predictor.meanings import Meanings
from delta_learn.predictor.memory import TokenMemory
from delta_learn.predictor.mixture import Expert, Mixture
from delta_learn.predictor.neural import NeuralExpert
from delta_learn.predictor.nexttoken import SOURCES
from delta_learn.predictor.verdicts import Verdicts

Scores = NDArray[np.float64]

EXPERTS = ("history", *SOURCES, "neural")
"""The sources of suggestions, by name; those of SOURCES are one expert with two sources of its own."""

_COMPOSER_WEIGHT = 0.5
_NEURAL_WEIGHT = 0.2
"""Of a model that has not shown yet what it can do."""


_READERS: dict[str, Callable[[Any], Any]] = {
    "history": HistoryRanker.from_record,
    "verdicts": Verdicts.from_record,
    "meanings": Meanings.from_record,
    "corrections": Corrections.from_record,
    "arrivals": Arrivals.from_record,
    "lessons": Lessons.from_record,
}
"""Parts that are read by themselves."""


class Panel:
    """P_i(line | context) of each expert, their mixture, and what the person said about lines."""

    def __init__(self, experts: Collection[str] = EXPERTS, documentation: TokenMemory | None = None) -> None:
        """`experts` take part; `documentation` is what the composer knows before anything is typed."""
        sources = [source for source in SOURCES if source in experts]
        self.history = HistoryRanker() if "history" in experts else None
        self.composer = Composer(sources, deepcopy(documentation)) if sources else None
        self.mixture = Mixture()
        self.verdicts = Verdicts()
        self.meanings = Meanings()
        self.corrections = Corrections()
        self.arrivals = Arrivals()
        self.lessons = Lessons()
        self.neural: NeuralExpert | None = None
        self.rival: Panel | None = None
        """The same experts and all that they know, with another model, and weights of its own."""
        self._takes_neural = "neural" in experts
        self._mix()

    def _mix(self) -> None:
        if self.history is not None:
            self.mixture.add(self.history, weight=1.0)
        if self.composer is not None:
            self.mixture.add(self.composer, weight=_COMPOSER_WEIGHT if self.history is not None else 1.0)

    def attach(self, neural: NeuralExpert) -> None:
        """Add the neural expert, or put a newer one in its place; what was learned of its weight stays."""
        if self._takes_neural:
            self.neural = neural
            neural.last_resort = self.composer is not None
            self.mixture.add(neural, weight=_NEURAL_WEIGHT if self.mixture.experts else 1.0)

    def hurry(self, seconds: float | None) -> None:
        """Let no search for composed lines take longer; None: each takes what it needs."""
        for expert in (self.composer, self.neural):
            if expert is not None:
                expert.seconds = seconds

    def challenge(self, neural: NeuralExpert | None) -> None:
        """Have a rival with the model `neural`, whose weights begin as they are here; None: no rival."""
        self.rival = None
        if neural is None:
            return
        rival = copy(self)
        rival.mixture = Mixture()
        rival._mix()
        rival.mixture.load(self.mixture.to_record())
        rival.attach(neural)
        self.rival = rival

    def observe(self, entry: CommandEntry, context: Context) -> None:
        """Learn an executed command, or what the person said.

        What became of a suggestion is no verdict: the line that was executed says what was wanted.
        """
        self.verdicts.observe(entry, context)
        if entry.source == "feedback":
            return
        entry = _placed(entry, context)
        habit = shows_habit(entry)
        for panel in (self, self.rival) if habit else ():
            if panel is not None:
                panel.mixture.learn(entry.command, context)
        if self.history is not None:
            self.history.observe(entry, context)
        self._remember(entry, context, learn=habit)

    def remember(self, entry: CommandEntry, context: Context) -> None:
        """Take in an old command without learning weights from it: for long histories."""
        self.verdicts.observe(entry, context)
        if entry.source == "feedback":
            return
        entry = _placed(entry, context)
        if self.history is not None:
            self.history.remember(entry, context)
        self._remember(entry, context, learn=False)

    def _remember(self, entry: CommandEntry, context: Context, *, learn: bool) -> None:
        self.meanings.observe(entry, context)
        self.corrections.observe(entry, context)
        self.arrivals.observe(entry, context)
        self.lessons.observe(entry, context)
        if self.composer is not None:
            self.composer.observe(entry, context, learn=learn)

    def called(self, context: Context) -> list[tuple[str, float]]:
        """Lines that the last command alone calls for, with ln of a rough P(line | context).

        They correct it, or enter what it made.
        """
        return [*self.corrections.propose(context), *self.arrivals.propose(context)]

    def log_mass(self, prefix: str, context: Context) -> float:
        """ln P(the line begins with `prefix`)."""
        unknown = -np.inf
        if self.history is not None and not self.mixture.composes(context):
            unknown = self.history.log_new_prefix(prefix)
        mixed = self.mixture.log_prefix(prefix, context, unknown) + self.lessons.log_rest(context)
        taught = [score for line, score in self.lessons.propose(context) if line.startswith(prefix)]
        return float(np.logaddexp.reduce([mixed, *taught]))

    def log_factor(self, expert: Expert, context: Context) -> float:
        """ln of what an expert's own probabilities count for."""
        return self.mixture.log_factor(expert, context) + self.lessons.log_rest(context)

    def weigh(self, lines: Sequence[str], prefix: str, context: Context) -> tuple[Scores, Scores]:
        """What each expert contributes to lines that begin with `prefix`: (experts, lines), and ln P of each: (lines,).

        How much the lines typed before get together, the mixture says; which of them gets how much, the history
        ranker alone, which sees more than how they are composed: docs/log.md. What was taught to follow comes before
        all of them, as far as it was right.
        """
        shares = self.mixture.shares(lines, context, among=prefix)
        scores: Scores = np.logaddexp.reduce(shares, axis=0)
        if self.history is not None:
            own = shares[self.mixture.experts.index(self.history)]
            known = np.isfinite(own)
            if known.any():
                own = own[known] - np.logaddexp.reduce(own[known])
                scores[known] = np.logaddexp.reduce(scores[known]) + own
        taught = dict(self.lessons.propose(context))
        lessons = np.array([taught.get(line, -np.inf) for line in lines])
        return shares, np.logaddexp(scores + self.lessons.log_rest(context), lessons)

    def source(self, shares: Scores, prefix: str, line: str, context: Context) -> str:
        """The expert that contributed most to a line: `shares` (experts,)."""
        name = self.mixture.experts[int(shares.argmax())].name
        copied = name == "ngram" and self.composer is not None and self.composer.copied(prefix, line, context)
        return "copy" if copied else name

    def to_records(self) -> Iterator[dict[str, Any]]:
        """All that was learned, but not the model, as plain lists, bytes and numbers: each part by its name.

        One after the other, as all together would take as much memory once more.
        """
        for name, part in self._parts().items():
            yield {name: part.to_record()}

    def load(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Take what `to_records` gave; what was read in is not needed any more when the next record is asked for.

        Raises:
            KeyError, TypeError, ValueError: another version wrote it.
        """
        missing = set(self._parts())
        for record in records:
            for name in record:
                self._load_part(name, record[name])
                missing.remove(name)
        if missing:
            raise KeyError(*missing)

    def _load_part(self, name: str, learned: Any) -> None:
        if name == "composer":
            sources = self.composer.sources if self.composer is not None else ()
            self.composer = Composer.from_record(learned, sources)
        elif name == "mixture":  # after those that it mixes
            self._mix()
            self.mixture.load(learned)
        else:
            setattr(self, name, _READERS[name](learned))

    def _parts(self) -> dict[str, Any]:
        parts = {
            "history": self.history,
            "composer": self.composer,
            "mixture": self.mixture,
            "verdicts": self.verdicts,
            "meanings": self.meanings,
            "corrections": self.corrections,
            "arrivals": self.arrivals,
            "lessons": self.lessons,
        }
        return {name: part for name, part in parts.items() if part is not None}


def _placed(entry: CommandEntry, context: Context) -> CommandEntry:
    """The first of a taught pair follows nothing: it was never typed where it was taught."""
    return replace(entry, isolated=True) if entry.source == "taught" and not context.previous else entry
