"""Chain: the newest places where a context occurred, as in the hash chains of LZ77 (RFC 1951, section 4)."""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray

_FIRST_SIZE = 1 << 12
_NONE = -1


class Chain:
    """Positions are added in order, each under a key of 31 bits; 12 to 16 bytes a position.

    Keys that share a slot share a chain, on which those of the other keys are passed over.
    """

    def __init__(self) -> None:
        self._heads = array("i", [_NONE]) * _FIRST_SIZE
        self._before = array("i")
        self._keys = array("i")

    @property
    def full(self) -> bool:
        """Whether there are as many positions as slots: time to rebuild it."""
        return len(self._before) >= len(self._heads)

    def add(self, key: int) -> None:
        """The next position occurred under `key`."""
        slot = key & (len(self._heads) - 1)
        self._keys.append(key)
        self._before.append(self._heads[slot])
        self._heads[slot] = len(self._before) - 1

    def newest(self, key: int, limit: int) -> list[int]:
        """At most `limit` positions, newest first."""
        before, keys = self._before, self._keys
        position = self._heads[key & (len(self._heads) - 1)]
        found: list[int] = []
        while position >= 0 and len(found) < limit:
            if keys[position] == key:
                found.append(position)
            position = before[position]
        return found

    def grow(self) -> None:
        """Make room for as many positions again."""
        self.rebuild(np.frombuffer(self._keys, np.int32).astype(np.int64))

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
        self._keys = array("i", keys.astype(np.int32).tobytes())
