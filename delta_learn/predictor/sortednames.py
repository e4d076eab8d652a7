"""SortedNames: strings by small numbers, found by what they begin with."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from delta_learn.predictor.names import Names

Ids = NDArray[np.int32]

_ROOM = 16
"""Places that are added at once when there are no more, and this part of all."""


class SortedNames(Names):
    """Names that are also kept sorted, so that those with a prefix are one slice.

    Finding them takes O(log n); adding a name moves O(n) bytes.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        super().__init__(names)
        order = sorted(range(len(self)), key=self.__getitem__)
        self._sorted = [self[number] for number in order]
        self._sorted_ids: Ids = np.array(order or [0], np.int32)

    def add(self, name: str) -> int:
        """The number of a name, the next one if it is new."""
        count = len(self)
        number = super().add(name)
        if number == count:
            self._insert(number, name)
        return number

    def matching(self, prefix: str) -> Ids:
        """Numbers of the names that begin with `prefix`, in the order of the names; a view valid until `add`."""
        first = bisect_left(self._sorted, prefix)
        end = bisect_right(self._sorted, prefix, lo=first, key=lambda name: name[: len(prefix)])
        return self._sorted_ids[first:end]

    def _insert(self, number: int, name: str) -> None:
        if number == len(self._sorted_ids):
            room = np.zeros(_ROOM + number // _ROOM, np.int32)
            self._sorted_ids = np.concatenate([self._sorted_ids, room])
        place = bisect_left(self._sorted, name)
        self._sorted.insert(place, name)
        self._sorted_ids[place + 1 : number + 1] = self._sorted_ids[place:number]
        self._sorted_ids[place] = number
