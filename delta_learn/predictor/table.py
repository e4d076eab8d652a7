"""Table: named numpy columns of equal length that grow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FIRST_CAPACITY = 256
_GROWTH = 16
"""A full table grows by a sixteenth: it is filled once and then grows slowly, and spare rows take memory."""


class Table:
    """Rows are appended and never removed; a column read by name is a view of the rows so far.

    A view stays valid until the next `append`.
    """

    def __init__(self, **dtypes: type[np.generic]) -> None:
        self._columns: dict[str, NDArray[Any]] = {
            name: np.zeros(_FIRST_CAPACITY, dtype) for name, dtype in dtypes.items()
        }
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._columns[name][: self._size]

    def append(self, **values: float) -> None:
        """Add a row; columns that are not named hold 0."""
        for name, column in self._columns.items():
            if self._size == len(column):
                room = np.zeros(max(_FIRST_CAPACITY, len(column) // _GROWTH), column.dtype)
                column = self._columns[name] = np.concatenate([column, room])
            column[self._size] = values.get(name, 0)
        self._size += 1

    def to_record(self) -> dict[str, bytes]:
        """Columns as little-endian bytes."""
        return {
            name: self[name].astype(column.dtype.newbyteorder("<"), copy=False).tobytes()
            for name, column in self._columns.items()
        }

    def load(self, record: Mapping[str, bytes]) -> None:
        """Replace the rows with those of `to_record`.

        Raises:
            ValueError: a column is missing or the columns differ in length.
        """
        columns = {}
        for name, column in self._columns.items():
            if name not in record:
                raise ValueError(f"column {name} is missing")
            columns[name] = np.frombuffer(record[name], column.dtype.newbyteorder("<")).astype(column.dtype)
        sizes = {len(column) for column in columns.values()}
        if len(sizes) != 1:
            raise ValueError("columns differ in length")
        self._size = sizes.pop()
        room = np.zeros(max(self._size, _FIRST_CAPACITY) - self._size)
        self._columns = {name: np.concatenate([column, room.astype(column.dtype)]) for name, column in columns.items()}
