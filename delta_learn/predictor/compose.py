"""Best-first search for the most probable lines that begin with what is typed."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from delta_learn.predictor.lexer import END
from delta_learn.predictor.patience import Over, never_over

Expand = Callable[[tuple[str, ...], str], list[tuple[str, float]]]
"""From the tokens of a line so far, and the letters that the next token begins with, to tokens and P(token)."""

_LONGEST = 80
"""Tokens of a composed line."""

_LEAST = 1e-5
"""Tokens less probable than this are not followed."""

_NEGLIGIBLE = math.log(1e-4)
"""Nor are beginnings that are less probable than the best of the first ones by this, in logarithms."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """Text that lines begin with, and ln P(a line begins so)."""

    text: str
    logprob: float
    whole: bool
    """The line ends here."""
    inner: bool
    """What goes on from here is in the list as well, but for what is negligible."""


def search(
    known: tuple[str, ...],
    part: str,
    logprob: float,
    expand: Expand,
    *,
    lines: int,
    steps: int,
    over: Over = never_over,
) -> list[Beginning]:
    """What may come after the tokens `known` and a token that begins with `part`, best first (Dijkstra 1959).

    No line that was not found is more probable than one that was, unless `steps` places were looked at or the time
    was over before `lines` lines were found; what is negligible beside the best beginning is not looked for. Every
    beginning that was met is part of the answer, so that the probability of a word is known where that of a whole
    line is not.
    """
    found: list[Beginning] = []
    open_ = [(-total, tokens) for total, tokens in _grow(known, part, logprob, expand)]
    heapq.heapify(open_)
    least = -open_[0][0] + _NEGLIGIBLE if open_ else 0.0
    while open_ and lines and steps and not over():
        negative, tokens = heapq.heappop(open_)
        whole = tokens[-1] == END
        goes_on = not whole and len(tokens) < _LONGEST
        found.append(Beginning("".join(tokens), -negative, whole, goes_on))
        if whole:
            lines -= 1
        elif goes_on:
            steps -= 1
            for total, longer in _grow(tokens, "", -negative, expand):
                if total > least:
                    heapq.heappush(open_, (-total, longer))
    found += [
        Beginning("".join(tokens), -negative, tokens[-1] == END, inner=False) for negative, tokens in sorted(open_)
    ]
    return found


def _grow(
    tokens: tuple[str, ...], part: str, logprob: float, expand: Expand
) -> Iterator[tuple[float, tuple[str, ...]]]:
    for token, probability in expand(tokens, part):
        if probability > _LEAST or (part and probability > 0):
            yield logprob + math.log(probability), (*tokens, token)
