"""The distinct lines of a history, found by prefix and ranked: the ground of every baseline."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from delta_learn.entry import CommandEntry
from delta_learn.predictor.context import Context
from delta_learn.predictor.suggestion import Suggestion

Ids = NDArray[np.int64]
Scores = NDArray[np.float64]

EmptyPrompt = Literal["shown", "hidden", "nothing"]
"""At the empty prompt; "hidden" is a ranking made on request: it counts for hit@k and is never visible."""


class Column:
    """A growing array: one value a line, or one an event."""

    def __init__(self, dtype: type[np.generic]) -> None:
        self._data: NDArray[Any] = np.zeros(256, dtype)
        self._size = 0

    def append(self, value: float) -> None:
        """Add a value at the end; amortised constant time."""
        if self._size == len(self._data):
            self._data = np.concatenate([self._data, np.zeros_like(self._data)])
        self._data[self._size] = value
        self._size += 1

    @property
    def values(self) -> NDArray[Any]:
        """A view of the values so far; valid until the next `append`."""
        return self._data[: self._size]


class LineTable:
    """Distinct lines by id, in the order first seen, with their counts and last uses.

    The lines are also kept sorted, so that those with a prefix are one slice: O(log n) to find, O(n) bytes
    moved to insert.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._ids: dict[str, int] = {}
        self._sorted: list[str] = []
        self._sorted_ids: Ids = np.empty(256, np.int64)
        self._events = Column(np.int64)
        self._counts = Column(np.int64)
        self._last_use = Column(np.int64)
        self._last_time = Column(np.float64)

    def __len__(self) -> int:
        return len(self.lines)

    def record(self, entry: CommandEntry) -> int:
        """Count one use of the entry's line; returns the line's id."""
        line = self._ids.get(entry.command)
        if line is None:
            line = self._insert(entry.command)
        self.counts[line] += 1
        self.last_use[line] = len(self.events)
        if entry.timestamp is not None:
            self.last_time[line] = entry.timestamp
        self._events.append(line)
        return line

    def find(self, line: str) -> int | None:
        """The id of a line, or None when it was never typed."""
        return self._ids.get(line)

    def matching(self, prefix: str) -> Ids:
        """Ids of the lines that begin with `prefix`, in no order of use; a view valid until `record`."""
        first = bisect_left(self._sorted, prefix)
        end = bisect_right(self._sorted, prefix, lo=first, key=lambda line: line[: len(prefix)])
        return self._sorted_ids[first:end]

    @property
    def events(self) -> Ids:
        """The line of each event, oldest first: shape (number of events,)."""
        return self._events.values

    @property
    def counts(self) -> Ids:
        """Uses of each line."""
        return self._counts.values

    @property
    def last_use(self) -> Ids:
        """Number of the newest event of each line."""
        return self._last_use.values

    @property
    def last_time(self) -> Scores:
        """Newest known time of each line, seconds since the epoch; NaN when unknown."""
        return self._last_time.values

    def _insert(self, text: str) -> int:
        line = self._ids[text] = len(self.lines)
        if line == len(self._sorted_ids):
            self._sorted_ids = np.concatenate([self._sorted_ids, np.empty_like(self._sorted_ids)])
        place = bisect_left(self._sorted, text)
        self._sorted.insert(place, text)
        self._sorted_ids[place + 1 : line + 1] = self._sorted_ids[place:line]
        self._sorted_ids[place] = line
        self.lines.append(text)
        self._counts.append(0)
        self._last_use.append(0)
        self._last_time.append(np.nan)
        return line


class LineRanker(ABC):
    """A method that suggests whole lines of the history, best first; ties go to the line used last.

    A history file is one list, so the command before is the event before, whichever shell it came from.
    """

    empty_prompt: ClassVar[EmptyPrompt] = "shown"

    def __init__(self, name: str) -> None:
        self.name = name
        self.table = LineTable()

    @abstractmethod
    def scores(self, prefix: str, lines: Ids, context: Context) -> Scores | Ids:
        """A score for each of `lines`, which all begin with `prefix`: higher is better."""

    def suggest(self, prefix: str, context: Context, k: int) -> Sequence[Suggestion]:
        """The k best lines that begin with `prefix`."""
        if not prefix and self.empty_prompt == "nothing":
            return []
        lines = self.table.matching(prefix)
        if not len(lines):
            return []
        shown = bool(prefix) or self.empty_prompt == "shown"
        best = _best(lines, self.scores(prefix, lines, context), self.table.last_use, k)
        # Ranks, not probabilities: these methods have none for a line among those with its prefix.
        return [Suggestion(self.table.lines[line], 0.0, self.name, shown=shown) for line in best]

    def bits(self, entry: CommandEntry, context: Context) -> float | None:  # noqa: ARG002
        """None: a ranking of known lines is no distribution over lines."""
        return None

    def observe(self, entry: CommandEntry, context: Context) -> None:  # noqa: ARG002
        """Add an executed line."""
        self.table.record(entry)


def _best(lines: Ids, scores: Scores | Ids, last_use: Ids, k: int) -> list[int]:
    """The k lines of highest score, newest first among equals; O(len(lines)) plus the sort of the best."""
    if k < len(lines):
        threshold = scores.max() if k == 1 else np.partition(scores, -k)[-k]
        keep = scores >= threshold
        lines, scores = lines[keep], scores[keep]
    if k == 1:
        return [int(lines[last_use[lines].argmax()])]
    order = np.lexsort((last_use[lines], scores))[::-1][:k]
    return [int(line) for line in lines[order]]
