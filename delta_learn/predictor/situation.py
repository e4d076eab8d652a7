"""Situation: a context in the numbers of the log, so that past prompts are compared by column."""

from __future__ import annotations

from dataclasses import dataclass

from delta_learn.predictor.names import UNKNOWN

DEPTH = 3
"""Commands before the prompt that a situation remembers."""

_NOT_RECORDED = -2
"""Stored for what was unknown: it equals no later situation, not even an unknown one."""

COLUMNS = (
    *(f"{kind}{back}" for kind in ("line", "word", "head") for back in range(1, DEPTH + 1)),
    "directory",
    "session",
    "opens",
    "failed",
)
"""Event columns of a situation: `line1` is the last command, `word2` the first word of the one before."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known at a prompt, by the names of COLUMNS; UNKNOWN where the context does not tell."""

    ids: dict[str, int]
    time: float
    """Seconds since the epoch, NaN when unknown."""
    log_pause: float
    """ln of 1 and the seconds since the command before, of whichever session; NaN when unknown."""

    def __getitem__(self, column: str) -> int:
        return self.ids[column]

    def to_event(self, *, alone: bool) -> dict[str, int]:
        """The columns of an event; `alone` leaves out the commands before it."""
        return {
            column: _NOT_RECORDED if value == UNKNOWN or (alone and column[-1].isdigit()) else value
            for column, value in self.ids.items()
        }


def first_words(command: str, count: int) -> str:
    """The first `count` words, or all there are."""
    return " ".join(command.split(None, count)[:count])
