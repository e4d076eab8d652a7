"""SortedNames: strings by small numbers, found by what they begin with."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from delta_learn.predictor.names import UNKNOWN

Ids = NDArray[np.int32]

_ROOM = 16
"""Places that are added at once when there are no more, and this part of all."""


class SortedNames:
    """Strings numbered in the order in which they come, as in `Names`, and sorted: those with a prefix are one slice.

    Finding them takes O(log n); adding a name moves O(n) bytes. No dictionary: it would take a hundred bytes a name.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = list(names)
        order = sorted(range(len(self)), key=self.__getitem__)
        self._sorted = [self[number] for number in order]
        self._sorted_ids: Ids = np.array(order or [0], np.int32)

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, number: int) -> str:
        return self._names[number]

    def find(self, name: str) -> int:
        """The number of a name, UNKNOWN for a new one."""
        place = bisect_left(self._sorted, name)
        known = place < len(self._sorted) and self._sorted[place] == name
        return int(self._sorted_ids[place]) if known else UNKNOWN

    def add(self, name: str) -> int:
        """The number of a name, the next one if it is new."""
        place = bisect_left(self._sorted, name)
        if place < len(self._sorted) and self._sorted[place] == name:
            return int(self._sorted_ids[place])
        self._names.append(name)
        self._insert(place, name)
        return len(self) - 1

    def matching(self, prefix: str) -> Ids:
        """Numbers of the names that begin with `prefix`, in the order of the names; a view valid until `add`."""
        first = bisect_left(self._sorted, prefix)
        end = bisect_right(self._sorted, prefix, lo=first, key=lambda name: name[: len(prefix)])
        return self._sorted_ids[first:end]

    def to_record(self) -> list[str]:
        """The names by number: `SortedNames(record)` is an equal object."""
        return list(self._names)

    def _insert(self, place: int, name: str) -> None:
        number = len(self) - 1
        if number == len(self._sorted_ids):
            room = np.zeros(_ROOM + number // _ROOM, np.int32)
            self._sorted_ids = np.concatenate([self._sorted_ids, room])
        self._sorted.insert(place, name)
        self._sorted_ids[place + 1 : number + 1] = self._sorted_ids[place:number]
        self._sorted_ids[place] = number
