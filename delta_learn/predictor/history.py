"""HistoryRanker: the probability that each line typed before comes next, learned after every command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delta_learn.entry import CommandEntry
from delta_learn.predictor.context import Context
from delta_learn.predictor.features import (
    EVENT_START,
    LINE_START,
    NOVELTY_START,
    event_features,
    line_features,
    novelty_features,
)
from delta_learn.predictor.lineevidence import NAMES, Followers, followers, line_evidence
from delta_learn.predictor.log import CommandLog
from delta_learn.predictor.logit import Floats, OnlineLogit
from delta_learn.predictor.names import UNKNOWN
from delta_learn.predictor.refinement import MOST_LINES, Refinement
from delta_learn.predictor.situation import Situation
from delta_learn.predictor.sortednames import Ids

Scores = NDArray[np.float64]
Places = NDArray[np.intp]

_HABITUAL_SOURCES = frozenset({"typed", "imported"})

_CHARACTERS = 60
"""Characters that a new line may as well go on with, where no known line shows the way."""


@dataclass(frozen=True, slots=True)
class _Ranking:
    """What was computed for one prompt: its keystrokes are answered from it, and its command is learned."""

    context: Context
    now: Situation
    event_features: Floats  # (F, T)
    attention: Floats  # (T,) sums to 1
    line_features: Floats  # (F, N)
    choice: Floats  # (N,) sums to 1
    novelty_features: Floats  # (F, 2)
    novelty: Floats  # (2,): a new line, a known line
    plain: Floats  # (N,) ln P(line | context) before refinement
    followed: Followers
    likeliest: Ids  # (M,) M <= MOST_LINES
    evidence: Floats  # (M, len(NAMES))
    scores: Floats  # (N,) ln P(line | context)


class HistoryRanker:
    """P(line | context) over the distinct lines of a history, and the mass of lines never typed before.

    Three conditional logits, each learned online. The first weighs past events by how much their situation is
    like the present one (attention over the history); what it gives to each line is the main feature of the
    second, which chooses a line; the third tells whether the next line is a new one. The likeliest lines, at
    the empty prompt and after each prefix, share their probability anew by what a network says of them.
    """

    name = "history"
    last_resort = False

    def __init__(self) -> None:
        self._log = CommandLog()
        self._attention = OnlineLogit(EVENT_START)
        self._choice = OnlineLogit(LINE_START)
        self._novelty = OnlineLogit(NOVELTY_START)
        self._refinement = Refinement(len(NAMES))
        self._prepared: _Ranking | None = None
        self._refined: tuple[str, Floats] | None = None
        """The last prefix that was asked for, and ln P of all lines, those with the prefix refined."""

    @property
    def log(self) -> CommandLog:
        """All that was observed; to be read only."""
        return self._log

    def observe(self, entry: CommandEntry, context: Context) -> None:
        """Learn an executed command. Synthetic entries change nothing: nobody typed them.

        Of entries that show no habit the line is remembered, but no weight learns from them.
        """
        if shows_habit(entry) and (ranking := self._rank(context)):
            self._learn(ranking, self._log.texts.find(entry.command))
        self.remember(entry, context)

    def remember(self, entry: CommandEntry, context: Context) -> None:
        """As `observe`, without the weights: a long history is read in a fraction of the time."""
        if entry.source == "synthetic":
            return
        self._log.record(entry, context)
        self._prepared = self._refined = None

    def propose(self, prefix: str, context: Context, count: int) -> list[tuple[str, float]]:
        """At most `count` longer lines that begin with `prefix` and their ln P(line | context), best first.

        Lines whose last run ended in "command not found" are left out.
        """
        ranking = self._rank(context)
        lines = self._log.matching(prefix)
        lines = lines[self._log.lines["last_missing"][lines] == 0]
        if ranking is None or not len(lines):
            return []
        scores = self._scores(ranking, prefix)[lines]
        # One more than asked for: the prefix itself may be a line.
        best = [(self._log.texts[int(lines[i])], float(scores[i])) for i in _largest(scores, count + 1)]
        return [(line, score) for line, score in best if line != prefix][:count]

    def log_probabilities(self, lines: Sequence[str], context: Context, *, among: str | None = None) -> Scores:
        """ln P(line | context) of each line, -inf where it was never typed: (len(lines),).

        `among` is what they begin with: the likeliest of those lines share their probability by the refinement.
        """
        ranking = self._rank(context)
        if ranking is None:
            return np.full(len(lines), -np.inf)
        scores = self._scores(ranking, among or "")
        found = [self._log.texts.find(text) for text in lines]
        return np.array([scores[line] if line != UNKNOWN else -np.inf for line in found], np.float64)

    def log_prefix(self, prefix: str, context: Context) -> float:
        """ln P(the line was typed before and begins with `prefix`)."""
        ranking = self._rank(context)
        lines = self._log.matching(prefix)
        if ranking is None or not len(lines):
            return -np.inf
        return _log_sum(ranking.scores[lines])

    def novelty(self, context: Context) -> float:
        """P(the line was never typed before)."""
        ranking = self._rank(context)
        return float(ranking.novelty[0]) if ranking else 1.0

    def log_new_prefix(self, prefix: str) -> float:
        """ln P(a line never typed before begins with `prefix`): new lines begin as the known ones do.

        Each character is predicted from the number of distinct lines that go on with it, and one more
        divided among all characters.
        """
        score = 0.0
        before = len(self._log.texts)
        for end in range(1, len(prefix) + 1):
            lines = len(self._log.matching(prefix[:end])) if before else 0
            score += np.log((lines + 1 / _CHARACTERS) / (before + 1))
            before = lines
            if not lines:
                return float(score - (len(prefix) - end) * np.log(_CHARACTERS))
        return float(score)

    def _rank(self, context: Context) -> _Ranking | None:
        """The ranking of a context, prepared once; None before the first command."""
        if not len(self._log.events):
            return None
        if self._prepared is None or self._prepared.context is not context:
            self._prepared, self._refined = self._make_ranking(context), None
        return self._prepared

    def _make_ranking(self, context: Context) -> _Ranking:
        now = self._log.situation(context)
        events = event_features(self._log, now)
        recent = -events.shape[1]
        attention = self._attention.probabilities(events, self._log.events["log_weight"][recent:])
        evidence = np.zeros(len(self._log.texts), np.float32)
        np.add.at(evidence, self._log.events["line"][recent:], attention)
        lines = line_features(self._log, now, evidence)
        choice = self._choice.log_probabilities(lines)
        newness = novelty_features(self._log, float(choice.max()))
        novelty = self._novelty.probabilities(newness)
        plain, followed = choice + np.log(novelty[1]), followers(self._log, events)
        likeliest = self._likeliest(plain, "")
        likely = line_evidence(self._log, now, likeliest, plain, followed)
        return _Ranking(
            context=context,
            now=now,
            event_features=events,
            attention=attention,
            line_features=lines,
            choice=np.exp(choice),
            novelty_features=newness,
            novelty=novelty,
            plain=plain,
            followed=followed,
            likeliest=likeliest,
            evidence=likely,
            scores=self._shared(plain, likeliest, likely, plain[likeliest]),
        )

    def _scores(self, ranking: _Ranking, prefix: str) -> Floats:
        """ln P of all lines, in which the likeliest that begin with `prefix` share theirs anew: (N,)."""
        if not prefix:
            return ranking.scores
        if self._refined is None or self._refined[0] != prefix:
            self._refined = prefix, self._refine(ranking, prefix)
        return self._refined[1]

    def _refine(self, ranking: _Ranking, prefix: str) -> Floats:
        """In all, the lines keep what the empty prompt gives them."""
        lines = self._likeliest(ranking.plain, prefix)
        if not len(lines):
            return ranking.scores
        evidence = line_evidence(self._log, ranking.now, lines, ranking.plain, ranking.followed)
        return self._shared(ranking.scores, lines, evidence, ranking.plain[lines])

    def _shared(self, scores: Floats, lines: Ids, evidence: Floats, plain: Floats) -> Floats:
        """`scores` (N,), where `lines` (M,) share anew what they have together: by their evidence and `plain` (M,)."""
        shared = scores.copy()
        shared[lines] = _log_sum(scores[lines]) + self._refinement.log_probabilities(evidence, plain)
        return shared

    def _likeliest(self, plain: Floats, prefix: str) -> Ids:
        """At most MOST_LINES lines that begin with `prefix`."""
        lines = self._log.matching(prefix)
        return lines[_largest(plain[lines], MOST_LINES)] if len(lines) else lines

    def _learn(self, ranking: _Ranking, line: int) -> None:
        new = line == UNKNOWN
        self._novelty.learn(ranking.novelty_features, ranking.novelty, np.array([new, not new], np.float32))
        if new:
            return
        self._learn_refinement(ranking, line)
        chosen = np.zeros_like(ranking.choice)
        chosen[line] = 1
        self._choice.learn(ranking.line_features, ranking.choice, chosen)
        # Any of the events with this line may be the one that was repeated: their share is the posterior.
        repeated = ranking.attention * (self._log.events["line"][-len(ranking.attention) :] == line)
        share = repeated.sum()
        if share > 0:
            self._attention.learn(ranking.event_features, ranking.attention, repeated / share)

    def _learn_refinement(self, ranking: _Ranking, line: int) -> None:
        place = np.flatnonzero(ranking.likeliest == line)
        if len(place):
            self._refinement.learn(ranking.evidence, ranking.plain[ranking.likeliest], int(place[0]))

    def to_record(self) -> dict[str, Any]:
        """Everything that was learned, as plain lists and bytes."""
        return {
            "log": self._log.to_record(),
            "attention": self._attention.to_record(),
            "choice": self._choice.to_record(),
            "novelty": self._novelty.to_record(),
            "refinement": self._refinement.to_record(),
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> HistoryRanker:
        """The inverse of `to_record`.

        Raises:
            KeyError, ValueError: another version wrote it.
        """
        ranker = cls()
        ranker._log = CommandLog.from_record(record["log"])
        ranker._attention.load(record["attention"])
        ranker._choice.load(record["choice"])
        ranker._novelty.load(record["novelty"])
        ranker._refinement.load(record["refinement"])
        return ranker


def shows_habit(entry: CommandEntry) -> bool:
    """Whether the person chose this command at its prompt: not taught, and its neighbours are known."""
    return entry.source in _HABITUAL_SOURCES and not entry.isolated


def _log_sum(scores: Floats) -> float:
    """ln of the sum of probabilities."""
    top = scores.max()
    return float(top + np.log(np.exp(scores - top).sum()))


def _largest(scores: Floats, count: int) -> Places:
    """Places of the `count` largest scores, largest first; the earliest line first among equals."""
    if count < len(scores):
        threshold = np.partition(scores, -count)[-count]
        places = np.flatnonzero(scores >= threshold)
    else:
        places = np.arange(len(scores))
    return places[np.argsort(-scores[places], kind="stable")][:count]
