"""LetterModel: how probable the spelling of a token is that was never seen before."""

from __future__ import annotations

import math
from collections.abc import Mapping

from delta_learn.predictor.counts import Counts

_ORDER = 3
_START = "\U0010fffc"
_END = "\U0010fffd"
_SUM = "\U0010fffe"
_KINDS = "\U0010ffff"
"""The last two are no characters, the others private: nobody types them."""

_LETTERS = 100
"""Characters that are equally probable before any was seen."""


class LetterModel:
    """P(letter | the three before it), each order interpolated with the shorter one (PPM, method C: Moffat 1990)."""

    def __init__(self, record: Mapping[str, bytes] | None = None) -> None:
        """An equal object to the one whose `to_record` this is.

        Raises:
            KeyError, ValueError: another version wrote it.
        """
        self._counts = Counts(record)
        """By context and letter; by context and _SUM their sum, by context and _KINDS their number."""

    def add(self, token: str) -> None:
        """Learn the spelling of one token."""
        text = _START * _ORDER + token + _END
        counts = self._counts
        for end in range(_ORDER, len(text)):
            for start in range(end - _ORDER, end + 1):
                before = text[start:end]
                counts.add(before + _SUM)
                if not counts.add(before + text[end]):
                    counts.add(before + _KINDS)

    def log_probability(self, token: str, *, whole: bool = True) -> float:
        """ln P(a new token is spelled so), or begins so where it is not `whole`."""
        text = _START * _ORDER + token + (_END if whole else "")
        return sum(math.log(self._letter(text, end)) for end in range(_ORDER, len(text)))

    def _letter(self, text: str, end: int) -> float:
        probability = 1 / _LETTERS
        for start in range(end, end - _ORDER - 1, -1):
            before = text[start:end]
            total = self._counts[before + _SUM]
            if not total:
                break
            kinds = self._counts[before + _KINDS]
            probability = (self._counts[before + text[end]] + kinds * probability) / (total + kinds)
        return probability

    def to_record(self) -> dict[str, bytes]:
        """The counts."""
        return self._counts.to_record()
