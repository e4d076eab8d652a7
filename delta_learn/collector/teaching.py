"""What a person says on purpose: what follows what, what a command means, what a suggestion was worth."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass

from delta_learn.collector.outcome import AFTER_VARIABLE, FEEDBACK, SESSION_VARIABLE, SUGGESTION_VARIABLE, outcome_of
from delta_learn.collector.redaction.redact import redact, redact_entry
from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.errors import DeltaError

HELPFUL = "helpful"
UNHELPFUL = "unhelpful"

_NOT_FOUND = 127
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


def give_feedback(
    store: Store, text: str, directory: str, session: str = "", *, suggestion: str = "", after: str = ""
) -> None:
    """Keep what the person says.

    Args:
        store: gets an entry whose source is "feedback".
        text: HELPFUL, UNHELPFUL, or anything else, which changes no prediction.
        directory: where it was said.
        session: of the shell in which it was said.
        suggestion: the line that it is about, where the shell knows.
        after: the command before the prompt at which the suggestion was shown; empty at the first prompt.

    Raises:
        DeltaError: `text` is empty, or the store cannot be written.
    """
    _require(text)
    about = {}
    if suggestion:
        patterns = store.patterns()
        # As commands: the guesses at secrets in them are not made in the values of variables. How the one before
        # ended is not known here; a password that was typed for a command ended in "command not found".
        before = redact_entry(CommandEntry(after, exit_code=_NOT_FOUND), patterns)[0].command
        about = {SUGGESTION_VARIABLE: redact(suggestion, patterns).redacted, AFTER_VARIABLE: before}
    environment = {**({SESSION_VARIABLE: session} if session else {}), **about}
    now = time.time_ns()
    # By its number an entry is itself: the same word about two suggestions in one second is said twice.
    said = CommandEntry(
        text, directory, now / 1e9, environment=environment, session=FEEDBACK, sequence=now // 1000, source=FEEDBACK
    )
    store.record([said])


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judgement of one suggestion."""

    line: str
    after: str
    """The command before the prompt at which it was shown; empty at the first prompt of a shell."""
    helpful: bool


def verdict_of(entry: CommandEntry) -> Verdict | None:
    """The judgement that `entry` is; None for commands, and for feedback about no suggestion."""
    line = entry.environment.get(SUGGESTION_VARIABLE)
    if entry.source != FEEDBACK or not line or entry.command not in (HELPFUL, UNHELPFUL):
        return None
    return Verdict(line, entry.environment.get(AFTER_VARIABLE, ""), entry.command == HELPFUL)


def texts_of(entry: CommandEntry) -> tuple[str, ...]:
    """What `entry` holds that was typed or shown: the command, or the feedback and the lines that it is about."""
    if entry.source != FEEDBACK:
        return (entry.command,)
    said = () if outcome_of(entry) else (entry.command,)
    about = (entry.environment.get(name) for name in (SUGGESTION_VARIABLE, AFTER_VARIABLE))
    return (*said, *(line for line in about if line))


def commands_only(entries: Iterable[CommandEntry]) -> list[CommandEntry]:
    """`entries` without feedback, which is kept with them and is no command."""
    return [entry for entry in entries if entry.source != FEEDBACK]


def typed_only(entries: Iterable[CommandEntry]) -> list[CommandEntry]:
    """The entries that ran in a shell: neither taught nor feedback."""
    return [entry for entry in entries if entry.source in ("typed", "imported")]


def _require(*texts: str) -> None:
    if not all(text.strip() for text in texts):
        raise DeltaError(_NO_TEXT)
