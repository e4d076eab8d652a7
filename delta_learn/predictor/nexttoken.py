"""NextToken: the probability of each token at a place of a line, learned after every command."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delta_learn.predictor.logit import Floats, OnlineLogit
from delta_learn.predictor.memory import Positions, Prompt, TokenMemory
from delta_learn.predictor.names import UNKNOWN
from delta_learn.predictor.offered import NOTHING, Offer, Trust
from delta_learn.predictor.place import Place
from delta_learn.predictor.tokenfeatures import (
    ESCAPE_START,
    TOKEN_START,
    escape_features,
    in_such_places,
    token_features,
)

SOURCES = ("ngram", "copy")
"""Where tokens come from: places like this one, and whatever was typed of late."""

_RECENT_WORDS = 60
_COMPLETED_TOKENS = 30
_FREQUENT_TOKENS = 10
_COMPLETIONS = 4
_COUNTED_USES = 16
"""Of a token that may complete what is typed: documentation uses some so often that nothing else would count."""

_RATE_MEMORY = 0.97
_NEW_MEMORY = 0.995
_ESCAPE_BEFORE = 0.98
"""P(none of the similar tokens) where there are none."""

_LEAST = 1e-4
_TINY = 1e-300
_SURELY = 0.5
"""What was likelier offered than not tells nothing of how often tokens are new."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What a choice was made from: what its outcome teaches is computed from it."""

    features: Floats  # (F, positions)
    attention: Floats  # (positions,) sums to 1
    tokens: NDArray[np.int32]  # (positions,)
    escape_features: Floats  # (F, 2)

    @property
    def copied(self) -> frozenset[int]:
        """See `Choice.copied`."""
        found = self.tokens[in_such_places(self.features)]
        return frozenset(self.tokens.tolist()) - frozenset(found.tolist())


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """What may come at one place: computed once for a prompt."""

    place: Place
    shares: dict[int, float]
    """P(token | it is one of the similar ones), by token."""
    escape: float
    """P(the token is none of the similar ones)."""
    evidence: Evidence | None = None
    """None where nothing is similar."""
    offered: Offer = NOTHING
    """What the words from outside go on with."""
    trust: float = 0.0
    """P(the token is an offered one | it is none of the similar ones)."""
    completions: dict[str, list[tuple[int, float]]] = field(default_factory=dict)

    @property
    def copied(self) -> frozenset[int]:
        """Tokens that only stand in other places of recent lines."""
        return frozenset() if self.evidence is None else self.evidence.copied


class NextToken:
    """P(token | place, prompt): attention over similar places of the past, and what is left for all others.

    A conditional logit weighs past positions by how much their place is like the present one; a second one
    tells how probable it is that no such token comes. What it says goes to the known tokens by their counts, or
    by their uses where the first letters are typed, to words offered from outside, and to new tokens by their
    spelling.
    """

    def __init__(self, memory: TokenMemory, sources: Collection[str] = SOURCES) -> None:
        self._memory = memory
        self._sources = frozenset(sources)
        self._attention = OnlineLogit(TOKEN_START)
        self._escape = OnlineLogit(ESCAPE_START)
        self._rates: dict[int, tuple[float, float]] = {}
        self._new = {True: (0.5, 1.0), False: (0.5, 1.0)}
        """By whether a word comes: decayed numbers of new tokens, and of all that were not similar ones."""
        self._trust = Trust()

    def choice(self, place: Place, prompt: Prompt, offered: Offer = NOTHING) -> Choice:
        """What may come at a place."""
        positions = self._memory.similar(place) if "ngram" in self._sources else set[int]()
        if "copy" in self._sources and place.word_next and place != Place():
            positions.update(self._memory.recent_words(_RECENT_WORDS))
        trust = self._trust.rate(offered)
        if not positions:
            return Choice(place, {}, _ESCAPE_BEFORE, offered=offered, trust=trust)
        ordered = np.fromiter(positions, np.int64, len(positions))
        ordered.sort()
        return replace(self._attend(ordered, place, prompt), offered=offered, trust=trust)

    def _attend(self, positions: Positions, place: Place, prompt: Prompt) -> Choice:
        features = token_features(self._memory, positions, place, prompt)
        scores = self._attention.weights @ features
        attention = np.exp(scores - scores.max())
        attention /= attention.sum()
        tokens = self._memory.tokens_at(positions)
        shares = _by_token(tokens, attention)
        rows = escape_features(features, scores, shares, self._rate(place), place)
        escape = float(self._escape.probabilities(rows)[0])
        return Choice(place, shares, _between(escape), Evidence(features, attention, tokens, rows))

    def probability(self, choice: Choice, token: str) -> float:
        """P(token) at the place of a choice."""
        number = self._memory.lexicon.names.find(token)
        similar = choice.shares.get(number, 0.0)
        return (1 - choice.escape) * similar + choice.escape * self._other(choice, number, token)

    def prefix_probability(self, choice: Choice, part: str) -> float:
        """P(the token begins with `part`) at the place of a choice."""
        lexicon, new = self._memory.lexicon, self._newness(choice.place)
        names = lexicon.names
        similar = sum(share for token, share in choice.shares.items() if names[token].startswith(part))
        others = (1 - new) * lexicon.share_of_prefix(part) + new * lexicon.spelled(part, whole=False)
        offered = sum(share for token, share in choice.offered.shares.items() if token.startswith(part))
        others = choice.trust * offered + (1 - choice.trust) * others
        return (1 - choice.escape) * similar + choice.escape * others

    def best(self, choice: Choice, part: str, prompt: Prompt, count: int) -> list[tuple[str, float]]:
        """At most `count` similar tokens and a few others that begin with `part`, with their probabilities."""
        names = self._memory.lexicon.names
        fitting = [each for each in choice.shares.items() if not part or names[each[0]].startswith(part)]
        fitting.sort(key=lambda each: -each[1])
        found = {names[token]: (1 - choice.escape) * share for token, share in fitting[:count]}
        if part:
            found |= {names[token]: share for token, share in self._complete(choice, part, prompt)}
        for token, share in choice.offered.shares.items():
            if token.startswith(part):
                found[token] = found.get(token, 0.0) + choice.escape * choice.trust * share
        return list(found.items())

    def _complete(self, choice: Choice, part: str, prompt: Prompt) -> list[tuple[int, float]]:
        """Known tokens that begin with `part` beside the similar ones, weighed as if these were similar too."""
        if part not in choice.completions:
            tokens = [token for token in self._candidates(part) if token not in choice.shares]
            choice.completions[part] = self._weigh(tokens, choice, part, prompt) if tokens else []
        return choice.completions[part]

    def _weigh(self, tokens: list[int], choice: Choice, part: str, prompt: Prompt) -> list[tuple[int, float]]:
        """The best few, by how much the place of their last use is like this one and, damped, by their uses."""
        lexicon = self._memory.lexicon
        last_uses = lexicon.newest[tokens].astype(np.int64)
        scores = self._attention.weights @ token_features(self._memory, last_uses, choice.place, prompt)
        weights = np.exp(scores - scores.max()) * np.sqrt(np.minimum(lexicon.count[tokens], _COUNTED_USES))
        mass = choice.escape * (1 - choice.trust) * (1 - self._newness(choice.place)) * lexicon.share_of_prefix(part)
        weights *= mass / weights.sum()
        return sorted(zip(tokens, weights.tolist(), strict=True), key=lambda each: -each[1])[:_COMPLETIONS]

    def _candidates(self, part: str) -> list[int]:
        """The tokens that begin with `part`: the newest and the most frequent of them."""
        lexicon = self._memory.lexicon
        tokens = lexicon.matching(part)
        if len(tokens) > _COMPLETED_TOKENS + _FREQUENT_TOKENS:
            newest = np.argpartition(lexicon.newest[tokens], -_COMPLETED_TOKENS)[-_COMPLETED_TOKENS:]
            frequent = np.argpartition(lexicon.count[tokens], -_FREQUENT_TOKENS)[-_FREQUENT_TOKENS:]
            # Not np.unique, whose first call reads all of numpy.ma in: 12 ms of a keystroke, and 2 MB.
            return sorted({*tokens[newest].tolist(), *tokens[frequent].tolist()})
        found: list[int] = tokens.tolist()
        return found

    def learn(self, choice: Choice, token: str) -> None:
        """Take the step that makes `token` more probable at the place of a choice."""
        number = self._memory.lexicon.names.find(token)
        if choice.evidence is not None:
            self._learn_weights(choice, choice.evidence, number, token)
        taken = self._taken(choice, number, token)
        if number not in choice.shares:
            self._trust.learn(choice.offered, taken)
        if number not in choice.shares and taken < _SURELY:
            new, all_ = self._new[choice.place.word_next]
            self._new[choice.place.word_next] = (
                _NEW_MEMORY * new + (number == UNKNOWN),
                _NEW_MEMORY * all_ + 1,
            )

    def _learn_weights(self, choice: Choice, evidence: Evidence, number: int, token: str) -> None:
        share = choice.shares.get(number, 0.0)
        missed, all_ = self._rates.get(_rate_key(choice.place), (0.5, 1.0))
        self._rates[_rate_key(choice.place)] = (_RATE_MEMORY * missed + (share == 0), _RATE_MEMORY * all_ + 1)
        escaped = self._escaped(choice, number, token)
        before = np.array([choice.escape, 1 - choice.escape], np.float32)
        self._escape.learn(evidence.escape_features, before, np.array([escaped, 1 - escaped], np.float32))
        # Any of the positions with this token may be the one that was repeated: their share is the posterior.
        repeated = evidence.attention * (evidence.tokens == number)
        total = repeated.sum()
        if total > 0:
            self._attention.learn(evidence.features, evidence.attention, repeated / total)

    def _escaped(self, choice: Choice, number: int, token: str) -> float:
        """P(it was none of the similar tokens | which it was)."""
        share = choice.shares.get(number, 0.0)
        if share == 0:
            return 1.0
        other = choice.escape * self._other(choice, number, token)
        return other / (other + (1 - choice.escape) * share)

    def _other(self, choice: Choice, number: int, token: str) -> float:
        """P(token | it is none of the similar ones)."""
        unoffered = (1 - choice.trust) * self._unoffered(choice.place, number, token)
        return choice.trust * choice.offered.shares.get(token, 0.0) + unoffered

    def _unoffered(self, place: Place, number: int, token: str) -> float:
        """P(token | it is neither similar nor offered)."""
        new = self._newness(place)
        if number == UNKNOWN:
            return new * self._memory.lexicon.spelled(token)
        return (1 - new) * self._memory.lexicon.share(number)

    def _taken(self, choice: Choice, number: int, token: str) -> float:
        """P(the token was an offered one | it was none of the similar ones, and which it was)."""
        offered = choice.trust * choice.offered.shares.get(token, 0.0)
        return offered / (offered + (1 - choice.trust) * self._unoffered(choice.place, number, token) + _TINY)

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
            "trust": self._trust.to_record(),
        }

    def load(self, record: Mapping[str, Any]) -> None:
        """Take what `to_record` gave.

        Raises:
            KeyError, ValueError: another version wrote it.
        """
        self._attention.load(record["attention"])
        self._escape.load(record["escape"])
        self._rates = {key: (missed, all_) for key, missed, all_ in record["rates"]}
        self._trust.load(record["trust"])
        words, others = record["new"]
        self._new = {True: (words[0], words[1]), False: (others[0], others[1])}


def _by_token(tokens: NDArray[np.int32], attention: Floats) -> dict[int, float]:
    shares: dict[int, float] = {}
    for token, share in zip(tokens.tolist(), attention.tolist(), strict=True):
        shares[token] = shares.get(token, 0.0) + share
    return shares


def _between(probability: float) -> float:
    """Away from 0 and 1: nothing is certain because it has always been so."""
    return min(max(probability, _LEAST), 1 - _LEAST)


def _rate_key(place: Place) -> int:
    """Places that miss alike: after the same first word, words apart from what stands between them."""
    return 2 * place.head + place.word_next
