"""The context of every prompt of a history, as it was known there."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from delta_learn.entry import SESSION_GAP_SECONDS, CommandEntry, starts_session
from delta_learn.predictor.context import Context, Here
from delta_learn.predictor.mentions import REMEMBERED, Mentions

MAX_PREVIOUS = 32
"""Newest commands of the session that a context holds, so that a context costs the same at any length."""

_MOST_SHELLS = 500
"""A shell that says nothing while so many others do begins anew."""


@dataclass(slots=True)
class _Shell:
    """The newest commands of one shell, or of one stream of imports."""

    number: int
    """Of its present session, in the order in which sessions begin."""
    part: int = 0
    previous: deque[CommandEntry] = field(default_factory=lambda: deque(maxlen=MAX_PREVIOUS))


class Timeline:
    """The commands in the order in which they come to be known, followed; sessions are those of `split_sessions`.

    The previous commands never reach over a pause or into another shell. The words are the names that the person
    made, entered or listed before, in any of them.
    """

    def __init__(self, gap_seconds: float = SESSION_GAP_SECONDS) -> None:
        self._gap_seconds = gap_seconds
        self._shells: dict[str, _Shell] = {}
        """The one that spoke last comes last."""
        self._mentions = Mentions()
        self._sessions = 0

    @property
    def latest(self) -> str:
        """The shell whose command was followed last; empty before any."""
        return next(reversed(self._shells), "")

    def context(self, shell: str, directory: str | None, timestamp: float | None, here: Here | None = None) -> Context:
        """The next prompt of `shell`."""
        known = self._shells.get(shell)
        previous = tuple(known.previous) if known else ()
        session = _name(shell, known.part if known else 0)
        return Context(previous, directory, timestamp, self._mentions.words(), session, here)

    def prompt_of(self, entry: CommandEntry) -> tuple[int, Context]:
        """The number of the session to which `entry` is about to be added, and its prompt.

        What is said about suggestions is added to none: its number is -1.
        """
        if entry.source == "feedback":
            return -1, Context(directory=entry.directory, timestamp=entry.timestamp, session=entry.session)
        shell = self._shells.pop(entry.session, None)
        if shell is None:
            shell = _Shell(self._begin())
        elif shell.previous and starts_session(shell.previous[-1], entry, self._gap_seconds):
            shell = _Shell(self._begin(), shell.part + 1)
        self._shells[entry.session] = shell
        if len(self._shells) > _MOST_SHELLS:
            del self._shells[next(iter(self._shells))]
        return shell.number, self.context(entry.session, entry.directory, entry.timestamp)

    def follow(self, entry: CommandEntry, *, mentions: bool = True) -> None:
        """Take note of a command whose prompt was asked for; what is said about suggestions is none."""
        if entry.source != "feedback":
            self._shells[entry.session].previous.append(entry)
            if mentions:
                self._mentions.follow(entry)

    def _begin(self) -> int:
        self._sessions += 1
        return self._sessions - 1


def contexts(
    entries: Sequence[CommandEntry], gap_seconds: float = SESSION_GAP_SECONDS, *, first: int = 0
) -> Iterator[tuple[int, Context]]:
    """For each entry from index `first` on, in order: the number of its session and its context."""
    timeline = Timeline(gap_seconds)
    for place, entry in enumerate(entries):
        found = timeline.prompt_of(entry)
        if place >= first:
            yield found
        timeline.follow(entry, mentions=place >= first - REMEMBERED)


def _name(shell: str, part: int) -> str:
    return f"{shell}#{part}" if part else shell
