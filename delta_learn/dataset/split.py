"""The split in time: the newest entries test what was learnt from the older ones. Never random."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from delta_learn.entry import Session


@dataclass(frozen=True, slots=True)
class Split:
    """Sessions to learn from and sessions to test on, each in the order of their first entry."""

    train: list[Session] = field(default_factory=list)
    held_out: list[Session] = field(default_factory=list)


def split_by_time(sessions: Sequence[Session], holdout: int) -> Split:
    """Hold out the newest `holdout` entries, by sessions in the order of their first entry.

    A session larger than what the hold-out still needs is cut: its newest entries are held out, the others
    are learnt from. With fewer than `holdout` entries all are held out. What the person taught is never
    held out: it is there to be learnt at once. Sessions without times keep their place among the others.

    Raises:
        ValueError: `holdout` is negative.
    """
    if holdout < 0:
        raise ValueError(f"holdout must not be negative, not {holdout}")
    train: list[Session] = []
    held_out: list[Session] = []
    needed = holdout
    for session in reversed(_by_first_time(sessions)):
        cut = len(session) if _taught(session) else max(0, len(session) - needed)
        needed -= len(session) - cut
        _add(train, session, 0, cut)
        _add(held_out, session, cut, len(session))
    return Split(train[::-1], held_out[::-1])


def _by_first_time(sessions: Sequence[Session]) -> list[Session]:
    """Oldest first; a session without times counts as old as the one before it."""
    times: list[float] = []
    for session in sessions:
        known = (entry.timestamp for entry in session if entry.timestamp is not None)
        times.append(next(known, times[-1] if times else -math.inf))
    return [session for _, session in sorted(zip(times, sessions, strict=True), key=lambda pair: pair[0])]


def _taught(session: Session) -> bool:
    return all(entry.source == "taught" for entry in session)


def _add(side: list[Session], session: Session, start: int, stop: int) -> None:
    if start < stop:
        whole = stop - start == len(session)
        side.append(session if whole else Session(session.id, session.entries[start:stop]))
