"""Places of many tokens at once: what `Place.after` says step by step, for whole columns of lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from delta_learn.predictor.lexer import is_blank, tag
from delta_learn.predictor.place import COLUMNS, Place, mix

Numbers = NDArray[np.int32]
_WORD_START = Place().word


def places(tokens: Numbers, starts: Numbers, names: Sequence[str]) -> Numbers:
    """The place of each token, by COLUMNS: (columns of a place, n).

    Args:
        tokens: numbers of `names`: (n,).
        starts: where each line begins among them, ascending; no line is empty: (lines,).
        names: the texts of all tokens.
    """
    tags = np.array([tag(name) for name in names], np.int64)
    blanks = np.array([is_blank(name) for name in names], np.bool_)
    lengths = np.diff(starts, append=np.int32(len(tokens)))
    found: Numbers = np.empty((len(COLUMNS), len(tokens)), np.int32)
    before = np.repeat(np.array(Place().numbers(), np.int64)[:, None], len(starts), axis=1)  # (columns, lines)
    for step in range(int(lengths.max(initial=0))):
        going_on = lengths > step
        before, starts, lengths = before[:, going_on], starts[going_on], lengths[going_on]
        at = starts + step
        found[:, at] = before
        before = _after(before, tags[tokens[at]], blanks[tokens[at]])
    return found


def _after(before: NDArray[np.int64], tags: NDArray[np.int64], blanks: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The places after one more token of each line: see `Place.after`; (columns, lines)."""
    last, pair, _, line, head, word, slot = before
    return np.stack(
        [
            tags,
            mix(last, tags),
            mix(pair, tags),
            mix(line, tags),
            np.where((head == 0) & blanks, line, head),
            mix(np.where(blanks, _WORD_START, word), tags),
            slot + blanks,
        ]
    )
