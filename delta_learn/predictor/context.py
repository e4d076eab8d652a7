"""Context: what is known at a prompt before anything is typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from delta_learn.entry import CommandEntry

Here = Callable[[str], Sequence[str]]
"""From a line to what the word at its end may be, likeliest first."""


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """One prompt. Compared by identity: experts prepare a context once and answer every keystroke from it."""

    previous: Sequence[CommandEntry] = ()
    """Entries of the current session, newest last; empty at the first prompt of a shell."""
    directory: str | None = None
    """The shell's directory, or None where the history does not tell."""
    timestamp: float | None = None
    """When the prompt is shown, seconds since the epoch."""
    words: tuple[str, ...] = ()
    """What the word that is being typed may be, likeliest first: names in the directory, branches, targets, and
    what was made or listed of late (`mentions`)."""
    session: str = ""
    here: Here | None = None
    """What there is around the prompt now; asked about every line that is thought of, so it has to be quick."""
