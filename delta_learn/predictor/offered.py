"""Offered: words from outside as completions of the word that is being typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from delta_learn.predictor.lexer import is_word, tokens
from delta_learn.predictor.place import Place

_PRIORS = {
    (True, False): (0.05, 0.5),
    (False, False): (0.05, 0.5),
    (True, True): (1.2, 4.0),
    (False, True): (3.0, 4.0),
}
"""By the kind of an offer: in how many places an offered word came, of how many, before any was seen. Words that were
mentioned some time come once in ten; what is there now is usually what is meant, if its first letters fit."""

_MEMORY = 0.98


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """What words go on with at a place."""

    shares: Mapping[str, float]
    """P(token | it is one of these words) by token."""
    start: bool
    """At the beginning of a word."""
    here: bool = False
    """They are known to be there now."""

    @property
    def kind(self) -> tuple[bool, bool]:
        """How such offers are trusted together."""
        return self.start, self.here


NOTHING: Final = Offer({}, start=False)


def offer(words: Sequence[str], typed: str, place: Place, *, here: bool = False) -> Offer:
    """The tokens with which the words that begin with `typed`, all there is of one, go on at `place`.

    `words` are the likeliest first: the share of a word is as 1 / rank. `here`: they are known to be there now.
    """
    shares: dict[str, float] = {}
    for rank, word in enumerate(words, start=1):
        if len(word) > len(typed) and word.startswith(typed):
            token = _first_token(word[len(typed) :])
            # Where a token goes on over the end of what is typed, it is no token of this place.
            if is_word(token) == place.word_next:
                shares[token] = shares.get(token, 0.0) + 1 / rank
    total = sum(shares.values())
    return Offer({token: share / total for token, share in shares.items()}, not typed, here)


@lru_cache(maxsize=4096)
def _first_token(text: str) -> str:
    return tokens(text)[0]


class Trust:
    """P(the token is one of the offered words | it is none of the similar ones), for each kind of offer."""

    def __init__(self) -> None:
        self._rates = dict(_PRIORS)

    def rate(self, offered: Offer) -> float:
        """The rate so far in such places; 0 where nothing is offered."""
        taken, all_ = self._rates[offered.kind]
        return taken / all_ if offered.shares else 0.0

    def learn(self, offered: Offer, taken: float) -> None:
        """`taken` is P(the token was an offered one | which it was)."""
        if offered.shares:
            before, all_ = self._rates[offered.kind]
            self._rates[offered.kind] = (_MEMORY * before + taken, _MEMORY * all_ + 1)

    def to_record(self) -> list[list[float]]:
        """What was learned, in the order of the priors."""
        return [list(self._rates[kind]) for kind in _PRIORS]

    def load(self, record: Sequence[Sequence[float]]) -> None:
        """Take what `to_record` gave.

        Raises:
            ValueError: another version wrote it.
        """
        for kind, (taken, all_) in zip(_PRIORS, record, strict=True):
            self._rates[kind] = taken, all_
