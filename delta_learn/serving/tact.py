"""Tact: what of the suggestions is shown, and what one key must not accept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from delta_learn.predictor.suggestion import Suggestion


@dataclass(frozen=True, slots=True)
class Judged:
    """A suggestion as it is sent to a shell."""

    text: str
    marks: str
    """`s` sure enough to be shown unasked, `p` the beginning of a line only, `d` destructive."""
    probability: float
    source: str


def judge(suggestions: Sequence[Suggestion]) -> list[Judged]:
    """The suggestions that may be shown, best first."""
    return [
        Judged(each.command, "s" * each.shown + "p" * (not each.whole), each.probability, each.source)
        for each in suggestions
    ]
