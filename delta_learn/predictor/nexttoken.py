"""NextToken: the probability of each token at a place of a line, learned after every command."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delta_learn.predictor.logit import Floats, OnlineLogit
from delta_learn.predictor.memory import Positions, Prompt, TokenMemory
from delta_learn.predictor.names import UNKNOWN
from delta_learn.predictor.place import Place
from delta_learn.predictor.tokenfeatures import ESCAPE_START, TOKEN_START, escape_features, token_features

SOURCES = ("ngram", "copy")
"""Where tokens come from: places like this one, and whatever was typed of late."""

_RECENT_WORDS = 60
_COMPLETED_TOKENS = 30
_FREQUENT_TOKENS = 10
_COMPLETED_USES = 2
_RATE_MEMORY = 0.97
_NEW_MEMORY = 0.995
_ESCAPE_BEFORE = 0.98
"""P(none of the similar tokens) where there are none."""

_LEAST = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What a choice was made from: what its outcome teaches is computed from it."""

    features: Floats  # (F, positions)
    attention: Floats  # (positions,) sums to 1
    tokens: NDArray[np.int32]  # (positions,)
    escape_features: Floats  # (F, 2)


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """What may come at one place: computed once for a prompt."""

    place: Place
    shares: dict[int, float]
    """P(token | it is one of the similar ones), by token."""
    escape: float
    """P(the token is none of the similar ones)."""
    copied: frozenset[int] = frozenset()
    """Tokens that only stand in other places of recent lines."""
    evidence: Evidence | None = None
    """None where nothing is similar."""
    completions: dict[str, list[tuple[int, float]]] = field(default_factory=dict)


class NextToken:
    """P(token | place, prompt): attention over similar places of the past, and what is left for all others.

    A conditional logit weighs past positions by how much their place is like the present one; a second one
    tells how probable it is that no such token comes. What it says goes to the known tokens by their counts, or
    by their uses where the first letters are typed, and to new tokens by their spelling.
    """

    def __init__(self, memory: TokenMemory, sources: Collection[str] = SOURCES) -> None:
        self._memory = memory
        self._sources = frozenset(sources)
        self._attention = OnlineLogit(TOKEN_START)
        self._escape = OnlineLogit(ESCAPE_START)
        self._rates: dict[int, tuple[float, float]] = {}
        self._new = {True: (0.5, 1.0), False: (0.5, 1.0)}
        """By whether a word comes: decayed numbers of new tokens, and of all that were not similar ones."""

    def choice(self, place: Place, prompt: Prompt) -> Choice:
        """What may come at a place."""
        similar = self._memory.similar(place) if "ngram" in self._sources else set()
        recent = set()
        if "copy" in self._sources and place.word_next and place != Place():
            recent = set(self._memory.recent_words(_RECENT_WORDS)) - similar
        if not similar and not recent:
            return Choice(place, {}, _ESCAPE_BEFORE)
        return self._attend(np.array(sorted(similar | recent)), recent, place, prompt)

    def _attend(self, positions: Positions, recent: set[int], place: Place, prompt: Prompt) -> Choice:
        features = token_features(self._memory, positions, place, prompt)
        scores = self._attention.weights @ features
        attention = np.exp(scores - scores.max())
        attention /= attention.sum()
        tokens = self._memory.tokens_at(positions)
        shares: dict[int, float] = {}
        for token, share in zip(tokens.tolist(), attention.tolist(), strict=True):
            shares[token] = shares.get(token, 0.0) + share
        rows = escape_features(features, scores, max(shares.values()), self._rate(place), len(shares), place)
        escape = float(self._escape.probabilities(rows)[0])
        found = {
            token for token, position in zip(tokens.tolist(), positions.tolist(), strict=True) if position not in recent
        }
        return Choice(
            place,
            shares,
            _between(escape),
            frozenset(shares.keys() - found),
            Evidence(features, attention, tokens, rows),
        )

    def probability(self, choice: Choice, token: str) -> float:
        """P(token) at the place of a choice."""
        number = self._memory.lexicon.names.find(token)
        new = self._newness(choice.place)
        if number == UNKNOWN:
            return choice.escape * new * self._memory.lexicon.spelled(token)
        return self._known(choice, number, new)

    def prefix_probability(self, choice: Choice, part: str) -> float:
        """P(the token begins with `part`) at the place of a choice."""
        lexicon, new = self._memory.lexicon, self._newness(choice.place)
        names = lexicon.names
        similar = sum(share for token, share in choice.shares.items() if names[token].startswith(part))
        others = (1 - new) * lexicon.share_of_prefix(part) + new * lexicon.spelled(part, whole=False)
        return (1 - choice.escape) * similar + choice.escape * others

    def best(self, choice: Choice, part: str, prompt: Prompt, count: int) -> list[tuple[int, float]]:
        """At most `count` similar tokens and a few others that begin with `part`, with their probabilities."""
        names = self._memory.lexicon.names
        fitting = [(token, share) for token, share in choice.shares.items() if names[token].startswith(part)]
        fitting.sort(key=lambda each: -each[1])
        found = [(token, (1 - choice.escape) * share) for token, share in fitting[:count]]
        return found + self._complete(choice, part, prompt) if part else found

    def _complete(self, choice: Choice, part: str, prompt: Prompt) -> list[tuple[int, float]]:
        """Known tokens that begin with `part` beside the similar ones, weighed as if their uses were similar."""
        if part not in choice.completions:
            tokens = [token for token in self._candidates(part) if token not in choice.shares]
            uses = [use for token in tokens for use in self._memory.uses(token, _COMPLETED_USES)]
            choice.completions[part] = self._weigh(np.array(sorted(uses)), choice, part, prompt) if uses else []
        return choice.completions[part]

    def _weigh(self, uses: Positions, choice: Choice, part: str, prompt: Prompt) -> list[tuple[int, float]]:
        scores = self._attention.weights @ token_features(self._memory, uses, choice.place, prompt)
        weights = np.exp(scores - scores.max())
        mass = choice.escape * (1 - self._newness(choice.place)) * self._memory.lexicon.share_of_prefix(part)
        weights *= mass / weights.sum()
        found: dict[int, float] = {}
        for token, weight in zip(self._memory.tokens_at(uses).tolist(), weights.tolist(), strict=True):
            found[token] = found.get(token, 0.0) + weight
        return sorted(found.items(), key=lambda each: -each[1])[:4]

    def _candidates(self, part: str) -> list[int]:
        """The tokens that begin with `part`: the newest and the most frequent of them."""
        lexicon = self._memory.lexicon
        tokens = lexicon.matching(part)
        if len(tokens) <= _COMPLETED_TOKENS + _FREQUENT_TOKENS:
            return [int(token) for token in tokens]
        newest = np.argpartition(lexicon.newest[tokens], -_COMPLETED_TOKENS)[-_COMPLETED_TOKENS:]
        frequent = np.argpartition(lexicon.count[tokens], -_FREQUENT_TOKENS)[-_FREQUENT_TOKENS:]
        return sorted({int(token) for token in tokens[np.concatenate([newest, frequent])]})

    def learn(self, choice: Choice, token: str) -> None:
        """Take the step that makes `token` more probable at the place of a choice."""
        number = self._memory.lexicon.names.find(token)
        if choice.evidence is not None:
            self._learn_weights(choice, choice.evidence, number)
        if number not in choice.shares:
            new, all_ = self._new[choice.place.word_next]
            self._new[choice.place.word_next] = (
                _NEW_MEMORY * new + (number == UNKNOWN),
                _NEW_MEMORY * all_ + 1,
            )

    def _learn_weights(self, choice: Choice, evidence: Evidence, number: int) -> None:
        share = choice.shares.get(number, 0.0)
        missed, all_ = self._rates.get(_rate_key(choice.place), (0.5, 1.0))
        self._rates[_rate_key(choice.place)] = (_RATE_MEMORY * missed + (share == 0), _RATE_MEMORY * all_ + 1)
        escaped = self._escaped(choice, number, share)
        before = np.array([choice.escape, 1 - choice.escape], np.float32)
        self._escape.learn(evidence.escape_features, before, np.array([escaped, 1 - escaped], np.float32))
        # Any of the positions with this token may be the one that was repeated: their share is the posterior.
        repeated = evidence.attention * (evidence.tokens == number)
        total = repeated.sum()
        if total > 0:
            self._attention.learn(evidence.features, evidence.attention, repeated / total)

    def _escaped(self, choice: Choice, number: int, share: float) -> float:
        """P(it was none of the similar tokens | which it was)."""
        if number == UNKNOWN or share == 0:
            return 1.0
        other = choice.escape * (1 - self._newness(choice.place)) * self._memory.lexicon.share(number)
        return other / (other + (1 - choice.escape) * share)

    def _known(self, choice: Choice, number: int, new: float) -> float:
        others = (1 - new) * self._memory.lexicon.share(number)
        return (1 - choice.escape) * choice.shares.get(number, 0.0) + choice.escape * others

    def _rate(self, place: Place) -> float:
        """How often none of the similar tokens came in such places, of late."""
        missed, all_ = self._rates.get(_rate_key(place), (0.5, 1.0))
        return _between(missed / (all_ + 0.5))

    def _newness(self, place: Place) -> float:
        """P(the token is new | it is none of the similar ones)."""
        new, all_ = self._new[place.word_next]
        return _between(new / all_)

    def to_record(self) -> dict[str, Any]:
        """What was learned, without the memory."""
        return {
            "attention": self._attention.to_record(),
            "escape": self._escape.to_record(),
            "rates": [[key, *rate] for key, rate in self._rates.items()],
            "new": [list(self._new[True]), list(self._new[False])],
        }

    def load(self, record: Mapping[str, Any]) -> None:
        """Take what `to_record` gave.

        Raises:
            KeyError, ValueError: another version wrote it.
        """
        self._attention.load(record["attention"])
        self._escape.load(record["escape"])
        self._rates = {key: (missed, all_) for key, missed, all_ in record["rates"]}
        words, others = record["new"]
        self._new = {True: (words[0], words[1]), False: (others[0], others[1])}


def _between(probability: float) -> float:
    """Away from 0 and 1: nothing is certain because it has always been so."""
    return min(max(probability, _LEAST), 1 - _LEAST)


def _rate_key(place: Place) -> int:
    """Places that miss alike: after the same first word, words apart from what stands between them."""
    return 2 * place.head + place.word_next
