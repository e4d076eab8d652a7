"""Chain: the newest places where a context occurred, as in the hash chains of LZ77 (RFC 1951, section 4)."""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray

_FIRST_SIZE = 1 << 12
_NONE = -1


class Chain:
    """Positions are added in order, each under a key; 8 to 12 bytes a position.

    Keys that share a slot share a chain: who asks compares what was found with what was meant.
    """

    def __init__(self) -> None:
        self._heads = array("i", [_NONE]) * _FIRST_SIZE
        self._before = array("i")

    @property
    def full(self) -> bool:
        """Whether there are as many positions as slots: time to rebuild it."""
        return len(self._before) >= len(self._heads)

    def add(self, key: int) -> None:
        """The next position occurred under `key`."""
        slot = key & (len(self._heads) - 1)
        self._before.append(self._heads[slot])
        self._heads[slot] = len(self._before) - 1

    def newest(self, key: int, limit: int) -> list[int]:
        """At most `limit` positions, newest first."""
        heads, before = self._heads, self._before
        position = heads[key & (len(heads) - 1)]
        found: list[int] = []
        while position >= 0 and len(found) < limit:
            found.append(position)
            position = before[position]
        return found

    def rebuild(self, keys: NDArray[np.int64]) -> None:
        """Make the chain anew, with room to grow, from the keys of all positions: (n,)."""
        size = _FIRST_SIZE
        while size <= len(keys):
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
