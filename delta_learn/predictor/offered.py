"""Offered: words from outside as completions of the word that is being typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from delta_learn.predictor.lexer import is_word, tokens
from delta_learn.predictor.place import Place

_TAKEN, _ALL = 0.05, 0.5
"""As if half a place had been seen, where an offered word came once in ten."""

_MEMORY = 0.98


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """What words go on with at a place."""

    shares: Mapping[str, float]
    """P(token | it is one of these words) by token."""
    start: bool
    """At the beginning of a word."""


NOTHING: Final = Offer({}, start=False)


def offer(words: Sequence[str], typed: str, place: Place) -> Offer:
    """The tokens with which the words that begin with `typed`, all there is of one, go on at `place`.

    `words` are the likeliest first: the share of a word is as 1 / rank.
    """
    shares: dict[str, float] = {}
    for rank, word in enumerate(words, start=1):
        if len(word) > len(typed) and word.startswith(typed):
            token = tokens(word[len(typed) :])[0]
            # Where a token goes on over the end of what is typed, it is no token of this place.
            if is_word(token) == place.word_next:
                shares[token] = shares.get(token, 0.0) + 1 / rank
    total = sum(shares.values())
    return Offer({token: share / total for token, share in shares.items()}, start=not typed)


class Trust:
    """P(the token is one of the offered words | it is none of the similar ones), at a word's start and inside."""

    def __init__(self) -> None:
        self._rates = {True: (_TAKEN, _ALL), False: (_TAKEN, _ALL)}

    def rate(self, offered: Offer) -> float:
        """The rate so far in such places; 0 where nothing is offered."""
        taken, all_ = self._rates[offered.start]
        return taken / all_ if offered.shares else 0.0

    def learn(self, offered: Offer, taken: float) -> None:
        """`taken` is P(the token was an offered one | which it was)."""
        if offered.shares:
            before, all_ = self._rates[offered.start]
            self._rates[offered.start] = (_MEMORY * before + taken, _MEMORY * all_ + 1)

    def to_record(self) -> list[list[float]]:
        """What was learned."""
        return [list(self._rates[True]), list(self._rates[False])]

    def load(self, record: Sequence[Sequence[float]]) -> None:
        """Take what `to_record` gave.

        Raises:
            ValueError: another version wrote it.
        """
        (start, start_all), (inside, inside_all) = record
        self._rates = {True: (start, start_all), False: (inside, inside_all)}
