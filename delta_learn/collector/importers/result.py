"""What an importer returns: the entries of one history, and the lines it could not use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from delta_learn.entry import CommandEntry


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A line (from 1) of a text file, or a row number of a database, that holds no usable command."""

    line: int
    reason: str
    """Never the text of the line: it may hold a secret that redaction has not seen."""


@dataclass(slots=True)
class ImportResult:
    """The history in `path`, in its own order."""

    entries: list[CommandEntry]
    broken: list[BrokenLine]
    shell: str
    """`zsh`, `bash`, `fish`, or empty where the history does not say."""
    path: Path
    learnable_from: int = 0
    """Index of the first entry whose order can be trusted; 0: all of them."""
