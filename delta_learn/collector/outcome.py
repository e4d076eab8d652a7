"""Outcome: what became of a suggestion at a prompt; the hooks write it as a record `F` (shell/README.md)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from delta_learn.collector.fields import FieldError, difference, moment, number, probability, text_of
from delta_learn.entry import CommandEntry

FEEDBACK: Literal["feedback"] = "feedback"
"""Source of what was said about suggestions, and of what became of them."""

SESSION_VARIABLE = "DELTA_SESSION"
"""In the environment of feedback: the shell. The hooks set it, too, when they call delta-learn."""
SUGGESTION_VARIABLE = "DELTA_SUGGESTION"
AFTER_VARIABLE = "DELTA_SUGGESTION_AFTER"
"""The suggestion that it is about, and the command after which it was shown."""
SEQUENCE_VARIABLE = "DELTA_SEQUENCE"
"""The number, in its shell, of the command that the line became."""
TYPED_VARIABLE, SAVED_VARIABLE, PROBABILITY_VARIABLE = "DELTA_TYPED", "DELTA_SAVED", "DELTA_PROBABILITY"
"""Characters typed before, keys saved, the probability that was given."""
EXPERT_VARIABLE, VERSION_VARIABLE = "DELTA_EXPERT", "DELTA_VERSION"
"""Where the suggestion came from, and the model that was deployed then."""

ACCEPTED, PART, OVERRIDDEN, TYPED = "accepted", "part", "overridden", "typed"
"""Taken whole with one key and executed; taken in part or edited; not taken; not taken, but typed as it was shown."""
EVENTS = (ACCEPTED, PART, OVERRIDDEN, TYPED)

MAX_SHOWN_CHARS = 1_000
"""Of longer suggestions the hooks write nothing."""
_NAME = re.compile(rb"[\w.-]{0,100}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one suggestion."""

    sequence: int
    """Of the command that the line became, in its shell."""
    time: float
    """Seconds since the epoch."""
    event: str
    """One of EVENTS."""
    shown: str
    """The suggestion that was taken, else the first that was visible."""
    typed: int
    """Characters typed before it was taken, or before it was shown; 0 at the empty prompt."""
    saved: int
    """Characters inserted by suggestions, less one for each key that did it."""
    probability: float
    expert: str
    version: str
    """Of the deployed model; empty for none."""
    session: str = ""
    """Of the shell; empty in a record, which does not say it."""

    def to_entry(self, command: CommandEntry, after: str | None) -> CommandEntry:
        """As it is kept: with the place of `command`, which the line became; `after` is None where it is not known.

        Every shell's outcomes are a session of their own, numbered as its commands are: two shells may have one
        time, and a drain that was killed finds the same outcome under the same number again.
        """
        about = {
            SESSION_VARIABLE: command.session,
            SEQUENCE_VARIABLE: str(self.sequence),
            SUGGESTION_VARIABLE: self.shown,
            TYPED_VARIABLE: str(self.typed),
            SAVED_VARIABLE: str(self.saved),
            PROBABILITY_VARIABLE: str(self.probability),
            EXPERT_VARIABLE: self.expert,
            VERSION_VARIABLE: self.version,
        }
        return CommandEntry(
            self.event,
            command.directory,
            self.time,
            environment=about if after is None else {**about, AFTER_VARIABLE: after},
            session=f"{FEEDBACK}:{command.session}",
            sequence=self.sequence,
            shell=command.shell,
            source=FEEDBACK,
        )


def read_outcome(fields: Sequence[bytes]) -> Outcome:
    """The outcome in the fields of a record `F`, unescaped.

    The last field, the line before, is not taken: that line stands in a record of its own, whose end tells
    whether it was a secret, and whose place whether it may be kept.

    Raises:
        ValueError: the hooks do not write such fields.
    """
    sequence, time, event, shown, typed, saved, sure, expert, version, _ = fields
    text = text_of(shown)
    known = text_of(event) in EVENTS and bool(text) and len(text) <= MAX_SHOWN_CHARS
    if not (known and _NAME.fullmatch(expert) and _NAME.fullmatch(version)):
        raise FieldError("A field has another form.")
    return Outcome(
        number(sequence),
        moment(time) / 1e6,
        text_of(event),
        text,
        number(typed),
        difference(saved),
        probability(sure),
        text_of(expert),
        text_of(version),
    )


def outcome_of(entry: CommandEntry) -> Outcome | None:
    """The outcome that `entry` keeps; None for commands, and for what a person said."""
    about = entry.environment
    if entry.source != FEEDBACK or entry.command not in EVENTS or entry.timestamp is None:
        return None
    try:
        sequence, typed, saved = (int(about[name]) for name in (SEQUENCE_VARIABLE, TYPED_VARIABLE, SAVED_VARIABLE))
        return Outcome(
            sequence,
            entry.timestamp,
            entry.command,
            about[SUGGESTION_VARIABLE],
            typed,
            saved,
            _rate(about),
            about.get(EXPERT_VARIABLE, ""),
            about.get(VERSION_VARIABLE, ""),
            about.get(SESSION_VARIABLE, ""),
        )
    except (KeyError, ValueError):
        return None


def _rate(about: Mapping[str, str]) -> float:
    found = float(about[PROBABILITY_VARIABLE])
    if not math.isfinite(found):
        raise ValueError("The probability is no number.")
    return found
