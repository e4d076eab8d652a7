"""Manners: what decides, beside its probability, whether a line is shown; learned from every entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from delta_learn.entry import CommandEntry
from delta_learn.serving.threshold import Threshold

_NOT_FOUND = 127
"""Exit status of a shell for a command that there is not (POSIX, 2.8.2)."""


@dataclass(slots=True)
class Manners:
    """What is learned of when to be silent."""

    threshold: Threshold = field(default_factory=Threshold)
    failed: set[str] = field(default_factory=set)
    """Lines that ended in "command not found" the last time."""

    def observe(self, entry: CommandEntry) -> None:
        """Learn from an executed command, or from what became of a suggestion."""
        self.threshold.observe(entry)
        if entry.exit_code == _NOT_FOUND:
            self.failed.add(entry.command)
        elif entry.exit_code is not None:
            self.failed.discard(entry.command)

    def to_record(self) -> dict[str, Any]:
        """What was learned, as plain lists and numbers."""
        return {"threshold": self.threshold.to_record(), "failed": sorted(self.failed)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Manners:
        """The inverse of `to_record`.

        Raises:
            KeyError, ValueError: another version wrote it.
        """
        return cls(Threshold.from_record(record["threshold"]), set(record["failed"]))
