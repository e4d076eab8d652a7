"""Verdicts: what the person said about suggestions, or showed by undoing them, as factors of their probability."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from delta_learn.collector.teaching import verdict_of
from delta_learn.entry import CommandEntry
from delta_learn.predictor.context import Context

Key = TypeVar("Key")

MAX_VERDICTS = 2_000
"""Of each table; the oldest go first."""

_MOST_VOTES = 3
"""More verdicts of one kind on one line add nothing."""

_EVERYWHERE = (math.log(1 / 4), math.log(1.2))
"""What one vote against a line, or for it, adds to ln P(line) at any prompt."""

_AFTER_THE_SAME = (math.log(1 / 10), math.log(2))
"""What it adds on top of that after the same previous command."""

_NOT_FOUND = 127


class Verdicts:
    """Votes on lines, and on lines after a previous command. The last word counts: it clears opposite votes."""

    def __init__(self) -> None:
        self._everywhere: dict[str, int] = {}
        self._after: dict[tuple[str, str], int] = {}
        """By previous command (empty at the first prompt of a shell) and line."""

    def judge(self, line: str, context: Context, *, helpful: bool) -> None:
        """Take a verdict on `line`, suggested at the prompt `context`; it counts at once."""
        self._judge(line, _previous(context), helpful)

    def observe(self, entry: CommandEntry, context: Context) -> None:
        """Take kept feedback as a verdict; a command that was executed, or taught, is forgiven.

        Typing a line proves that it is wanted: at all prompts, but where it was judged after another previous
        command than now, it stays judged there.
        """
        verdict = verdict_of(entry)
        if verdict:
            self._judge(verdict.line, verdict.after, verdict.helpful)
        elif entry.source in ("typed", "imported", "taught") and entry.exit_code != _NOT_FOUND:
            if self._everywhere.get(entry.command, 0) < 0:
                del self._everywhere[entry.command]
            here = (_previous(context), entry.command)
            if self._after.get(here, 0) < 0:
                del self._after[here]

    def log_factors(self, lines: Sequence[str], context: Context) -> NDArray[np.float64]:
        """What to add to ln P(line | context) of each line, 0 for a line without a verdict: (len(lines),)."""
        previous = _previous(context)
        factors = np.zeros(len(lines))
        if self._everywhere or self._after:
            factors[:] = [self._log_factor(line, previous) for line in lines]
        return factors

    def against(self, lines: Sequence[str], context: Context) -> NDArray[np.bool_]:
        """Whether the last word on each line, said at a prompt like `context`, was against it: (len(lines),)."""
        previous = _previous(context)
        return np.array([self._after.get((previous, line), 0) < 0 for line in lines], np.bool_)

    def to_record(self) -> dict[str, Any]:
        """Plain lists, oldest first."""
        return {
            "everywhere": [list(item) for item in self._everywhere.items()],
            "after": [[*key, votes] for key, votes in self._after.items()],
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Verdicts:
        """The inverse of `to_record`.

        Raises:
            KeyError, ValueError: another version wrote it.
        """
        verdicts = cls()
        verdicts._everywhere = dict(record["everywhere"])
        verdicts._after = {(previous, line): votes for previous, line, votes in record["after"]}
        return verdicts

    def _judge(self, line: str, previous: str, helpful: bool) -> None:
        vote = 1 if helpful else -1
        _vote(self._everywhere, line, vote)
        _vote(self._after, (previous, line), vote)

    def _log_factor(self, line: str, previous: str) -> float:
        everywhere = self._everywhere.get(line, 0)
        after = self._after.get((previous, line), 0)
        return abs(everywhere) * _EVERYWHERE[everywhere > 0] + abs(after) * _AFTER_THE_SAME[after > 0]


def _vote(table: dict[Key, int], key: Key, vote: int) -> None:
    before = table.pop(key, 0)
    same = before if before * vote > 0 else 0
    table[key] = max(-_MOST_VOTES, min(_MOST_VOTES, same + vote))
    if len(table) > MAX_VERDICTS:
        del table[next(iter(table))]


def _previous(context: Context) -> str:
    return context.previous[-1].command if context.previous else ""
