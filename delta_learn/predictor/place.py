"""Place: what is known of the next token from the tokens before it in the line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from delta_learn.predictor.lexer import is_blank, is_word, tag

Tags = NDArray[np.int64]

COLUMNS = ("last", "pair", "triple", "line", "head", "word", "slot")
"""Numbers of a place: of the last token, two, three, all of the line; of the line's first word, once it is
complete; of the word so far; and how many words are complete."""

_BITS = 0x7FFFFFFF


@overload
def mix(one: int, other: int) -> int: ...
@overload
def mix(one: Tags, other: Tags) -> Tags: ...
def mix(one: int | Tags, other: int | Tags) -> int | Tags:
    """31 bits that stand for an ordered pair of such numbers; scalars and arrays alike."""
    # The factors are below 2**29, so that nothing overflows 64 bits.
    number = one * 0x1E3779B1 + other * 0x05EBCA77 + 0x165667B1
    return (number ^ (number >> 29)) & _BITS


@dataclass(frozen=True, slots=True)
class Place:
    """The place after some tokens of a line; `Place()` is the line's start."""

    last: int = 1
    pair: int = 2
    triple: int = 3
    line: int = 4
    head: int = 0
    word: int = 5
    slot: int = 0
    word_next: bool = True
    """Tokens alternate: after a word comes something else."""

    def after(self, token: str) -> Place:
        """The place after one more token."""
        number, blank = tag(token), is_blank(token)
        return Place(
            last=number,
            pair=mix(self.last, number),
            triple=mix(self.pair, number),
            line=mix(self.line, number),
            head=self.head or (self.line if blank else 0),
            word=mix(5 if blank else self.word, number),
            slot=self.slot + blank,
            word_next=not is_word(token),
        )

    def numbers(self) -> tuple[int, ...]:
        """By COLUMNS."""
        return (self.last, self.pair, self.triple, self.line, self.head, self.word, self.slot)
