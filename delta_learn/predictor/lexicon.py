"""Lexicon: every token that was seen, how often, and what a token that was not seen may be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delta_learn.predictor.letters import LetterModel
from delta_learn.predictor.lexer import END
from delta_learn.predictor.names import UNKNOWN
from delta_learn.predictor.sortednames import Ids, SortedNames
from delta_learn.predictor.table import Table

_UNSEEN = 0.5
"""Uses that every known token has before it is counted: END is known before the first line ends."""


class Lexicon:
    """P(token) and P(token begins so), over known tokens by their counts and over all others by their letters."""

    def __init__(self) -> None:
        self.names = SortedNames([END])
        self._letters = LetterModel()
        self._table = Table(count=np.int32, newest=np.int32)
        self._table.append(newest=UNKNOWN)
        self._total = 0

    def __len__(self) -> int:
        return len(self.names)

    @property
    def newest(self) -> NDArray[np.int32]:
        """The position of the last use of each token."""
        return self._table["newest"]

    @property
    def count(self) -> NDArray[np.int32]:
        """The uses of each token."""
        return self._table["count"]

    def add(self, token: str, position: int) -> int:
        """Count one use of a token, at `position` of the memory; its number."""
        number = self.names.add(token)
        if number == len(self._table):
            self._table.append()
            self._letters.add(token)
        self.count[number] += 1
        self.newest[number] = position
        self._total += 1
        return number

    def share(self, token: int) -> float:
        """P(a known token is this one), whatever the context."""
        return (float(self.count[token]) + _UNSEEN) / self._all

    def matching(self, part: str) -> Ids:
        """The known tokens that begin with `part`."""
        return self.names.matching(part)

    def share_of_prefix(self, part: str) -> float:
        """P(a known token begins with `part`)."""
        tokens = self.matching(part)
        return (float(self.count[tokens].sum()) + _UNSEEN * len(tokens)) / self._all

    @property
    def _all(self) -> float:
        return self._total + _UNSEEN * len(self.names)

    def spelled(self, token: str, *, whole: bool = True) -> float:
        """P(an unknown token is spelled so), or begins so where it is not `whole`."""
        return math.exp(self._letters.log_probability(token, whole=whole))

    def to_record(self) -> dict[str, Any]:
        """Plain lists and bytes."""
        return {
            "names": self.names.to_record(),
            "letters": self._letters.to_record(),
            "table": self._table.to_record(),
            "total": self._total,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Lexicon:
        """The inverse of `to_record`.

        Raises:
            KeyError, ValueError: another version wrote it.
        """
        lexicon = cls()
        lexicon.names = SortedNames(record["names"])
        lexicon._letters = LetterModel(record["letters"])
        lexicon._table.load(record["table"])
        lexicon._total = record["total"]
        return lexicon
