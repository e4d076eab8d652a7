"""Counts: how often each of many texts came, in 8 bytes a slot; a dict of strings takes a hundred."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Mapping

import numpy as np

_FIRST_SIZE = 1 << 10
_MOST_FILLED = 0.6
_STEP = 0x9E3779B1
"""Any odd number visits every slot of a power of two (open addressing: Knuth, The Art, volume 3, 6.4)."""


class Counts:
    """Numbers by text. A text is known by 32 bits of it: of a hundred thousand one or two share theirs."""

    def __init__(self, record: Mapping[str, bytes] | None = None) -> None:
        """An equal object to the one whose `to_record` this is.

        Raises:
            KeyError, ValueError: another version wrote it.
        """
        empty = bytes(4 * _FIRST_SIZE)
        slots = record or {"keys": empty, "values": empty}
        self._keys, self._values = (_column(slots[name]) for name in ("keys", "values"))
        if len(self._keys) != len(self._values) or len(self._keys).bit_count() != 1:
            raise ValueError("slots are missing")
        self._filled = len(self._values) - self._values.count(0)

    def __len__(self) -> int:
        """Texts that were counted."""
        return self._filled

    def __getitem__(self, text: str) -> int:
        """How often the text came."""
        return self._values[self._slot(_key(text))]

    def add(self, text: str) -> int:
        """Count a text; returns how often it had come before."""
        key = _key(text)
        slot = self._slot(key)
        before = self._values[slot]
        if before:
            self._values[slot] = before + 1
        else:
            self._put(key, 1)
        return before

    def to_record(self) -> dict[str, bytes]:
        """What was counted, as plain bytes: the slots as they are, since to fill them anew takes long."""
        return {
            name: np.frombuffer(column, np.uint32).astype("<u4").tobytes()
            for name, column in (("keys", self._keys), ("values", self._values))
        }

    def _slot(self, key: int) -> int:
        """Where the key is, or where it would come."""
        keys, values = self._keys, self._values
        most = len(keys) - 1
        slot = key & most
        while values[slot] and keys[slot] != key:
            slot = (slot + _STEP) & most
        return slot

    def _put(self, key: int, value: int) -> None:
        """Enter a key that is not there."""
        if self._filled >= _MOST_FILLED * len(self._keys):
            self._grow()
        slot = self._slot(key)
        self._keys[slot], self._values[slot] = key, value
        self._filled += 1

    def _grow(self) -> None:
        keys, values = self._keys, self._values
        self._keys, self._values = (array("I", bytes(8 * len(keys))) for _ in range(2))
        for key, value in zip(keys, values, strict=True):
            if value:
                slot = self._slot(key)
                self._keys[slot], self._values[slot] = key, value


def _key(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def _column(data: bytes) -> array[int]:
    return array("I", np.frombuffer(data, "<u4").astype(np.uint32).tobytes())
