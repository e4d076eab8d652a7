"""Names: strings by small numbers."""

from __future__ import annotations

from collections.abc import Iterable

UNKNOWN = -1


class Names:
    """Numbers strings in the order in which they come."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = list(names)
        self._ids = {name: number for number, name in enumerate(self._names)}

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, number: int) -> str:
        return self._names[number]

    def find(self, name: str) -> int:
        """The number of a name, UNKNOWN for a new one."""
        return self._ids.get(name, UNKNOWN)

    def add(self, name: str) -> int:
        """The number of a name, the next one if it is new."""
        number = self._ids.setdefault(name, len(self._names))
        if number == len(self._names):
            self._names.append(name)
        return number

    def to_record(self) -> list[str]:
        """The names by number: `Names(record)` is an equal object."""
        return list(self._names)
