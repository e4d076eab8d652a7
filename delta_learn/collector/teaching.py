"""What a person says on purpose: what follows what, what a command means, what a suggestion was worth."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from typing import Literal

from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.errors import DeltaError

FEEDBACK: Literal["feedback"] = "feedback"
"""Source and session of what was said about suggestions."""

SESSION_VARIABLE = "DELTA_SESSION"
"""The hooks put the id of their session in it when they call delta-learn."""

_NO_TEXT = "There is nothing to learn from an empty text; give the words in quotes."


def teach(store: Store, when: str, then: str) -> None:
    """Remember that `then` follows `when`.

    Raises:
        DeltaError: one of them is empty, or the store cannot be written.
    """
    _require(when, then)
    now = time.time()
    session = f"taught-{now * 1e6:.0f}-{secrets.token_hex(4)}"
    store.record(
        CommandEntry(text, timestamp=now, session=session, sequence=number, source="taught")
        for number, text in enumerate((when, then))
    )


def add_meaning(store: Store, command: str, meaning: str) -> None:
    """Give `command` weight and remember what it is for: `# MEANING` leads to it.

    Raises:
        DeltaError: one of them is empty, or the store cannot be written.
    """
    _require(command, meaning)
    teach(store, f"# {' '.join(meaning.split())}", command)


def give_feedback(store: Store, text: str, directory: str, session: str = "") -> CommandEntry | None:
    """Keep what the person says; returns the last recorded command of the shell `session`, if there is one.

    Raises:
        DeltaError: `text` is empty, or the store cannot be written.
    """
    _require(text)
    last = last_command(store, session) if session else None
    environment = {SESSION_VARIABLE: session} if session else {}
    store.add([CommandEntry(text, directory, time.time(), environment=environment, session=FEEDBACK, source=FEEDBACK)])
    return last


def last_command(store: Store, session: str) -> CommandEntry | None:
    """The newest command that the shell `session` recorded."""
    entries = [entry for entry in store.entries() if entry.session == session]
    return max(entries, key=lambda entry: entry.sequence, default=None)


def commands_only(entries: Iterable[CommandEntry]) -> list[CommandEntry]:
    """`entries` without feedback, which is kept with them and is no command."""
    return [entry for entry in entries if entry.source != FEEDBACK]


def typed_only(entries: Iterable[CommandEntry]) -> list[CommandEntry]:
    """The entries that ran in a shell: neither taught nor feedback."""
    return [entry for entry in entries if entry.source in ("typed", "imported")]


def _require(*texts: str) -> None:
    if not all(text.strip() for text in texts):
        raise DeltaError(_NO_TEXT)
