"""Chain: the newest places where a context occurred, as in the hash chains of LZ77 (RFC 1951, section 4)."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_FIRST_SIZE = 1 << 12
_NONE = -1
_LOAD = 4
"""Positions for each slot before there have to be more slots."""

_PATIENCE = 8
"""Positions of other contexts that are passed over, for each that is asked for, before the search gives up."""


class Chain:
    """Positions are added in order, each under a key of 31 bits; 5 to 6 bytes a position.

    Keys that share a slot share a chain. It does not keep them: who asks tells by a number of each position
    which of them it wants.
    """

    def __init__(self) -> None:
        self._heads = array("i", [_NONE]) * _FIRST_SIZE
        self._before = array("i")

    @property
    def full(self) -> bool:
        """Whether there are too many positions for the slots: time to rebuild it."""
        return len(self._before) >= _LOAD * len(self._heads)

    def add(self, key: int) -> None:
        """The next position occurred under `key`."""
        slot = key & (len(self._heads) - 1)
        self._before.append(self._heads[slot])
        self._heads[slot] = len(self._before) - 1

    def newest(self, key: int, limit: int, numbers: Sequence[int], number: int) -> list[int]:
        """At most `limit` positions with this number among the `numbers` of all, newest first."""
        before = self._before
        position = self._heads[key & (len(self._heads) - 1)]
        found: list[int] = []
        for _ in range(_PATIENCE * limit):
            if position < 0 or len(found) == limit:
                break
            if numbers[position] == number:
                found.append(position)
            position = before[position]
        return found

    def rebuild(self, keys: NDArray[np.int64]) -> None:
        """Make the chain anew, with room to grow, from the keys of all positions: (n,)."""
        size = _FIRST_SIZE
        while _LOAD * size <= len(keys):
            size *= 2
        slots = keys & (size - 1)
        order = np.argsort(slots, kind="stable").astype(np.int32)
        ordered = slots[order]
        before = np.full(len(keys), _NONE, np.int32)
        same = ordered[1:] == ordered[:-1]
        before[order[1:][same]] = order[:-1][same]
        heads = np.full(size, _NONE, np.int32)
        last = np.flatnonzero(np.append(~same, True)[: len(order)])
        heads[ordered[last]] = order[last]
        self._heads, self._before = array("i", heads.tobytes()), array("i", before.tobytes())
