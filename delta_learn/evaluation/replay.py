"""Replay of a history: what each method would have saved, knowing at each command only what came before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from delta_learn.entry import SESSION_GAP_SECONDS, CommandEntry, split_sessions
from delta_learn.errors import DeltaError, NotEnoughDataError
from delta_learn.evaluation.compression import xz_bits
from delta_learn.evaluation.method import Method
from delta_learn.evaluation.result import Commands, ReplayResult
from delta_learn.evaluation.scorer import Scorer
from delta_learn.predictor.contexts import contexts

__all__ = ["Method", "ReplayResult", "replay", "replay_sessions"]

OnProgress = Callable[[int, int], None]
"""Gets the entries done and their number."""


def replay(
    entries: Sequence[CommandEntry],
    methods: Mapping[str, Method],
    *,
    start: float | int = 0.25,
    limit: int | None = None,
    gap_seconds: float = SESSION_GAP_SECONDS,
    on_progress: OnProgress | None = None,
) -> ReplayResult:
    """Show `entries` to the methods in order; each is scored on an entry, then observes it.

    `start` is where scoring begins: a fraction of the history, or an index if it is an int. At most `limit`
    entries are scored.

    Raises:
        NotEnoughDataError: there is nothing to score.
        DeltaError: an entry is synthetic: nobody typed it, and a figure that includes it says nothing.
    """
    first = start if isinstance(start, int) else int(start * len(entries))
    entries = entries if limit is None else entries[: first + limit]
    _check(entries, first)
    scorers = {name: Scorer(method) for name, method in methods.items()}
    facts: list[_Facts] = []
    seen: set[str] = set()
    for index, (entry, (session, context)) in enumerate(zip(entries, contexts(entries, gap_seconds), strict=True)):
        if index >= first:
            facts.append(_facts(entry, session, repeat=entry.command in seen))
            for scorer in scorers.values():
                scorer.score(entry, context)
        for method in methods.values():
            method.observe(entry, context)
        seen.add(entry.command)
        if on_progress:
            on_progress(index + 1, len(entries))
    commands = Commands(*(np.array(column) for column in zip(*facts, strict=True)))
    scores = {name: scorer.result() for name, scorer in scorers.items()}
    return ReplayResult(commands, scores, xz_bits(entries[:first], entries[first:]))


def replay_sessions(
    entries: Sequence[CommandEntry],
    methods: Callable[[], Mapping[str, Method]],
    *,
    limit: int | None = None,
    gap_seconds: float = SESSION_GAP_SECONDS,
    on_progress: OnProgress | None = None,
) -> ReplayResult:
    """Replay every session from nothing, scored from its first command; figures are means over all commands.

    `methods` makes new ones for each session, all of the same names. At most `limit` entries are scored.

    Raises:
        NotEnoughDataError, DeltaError: as `replay`.
    """
    _check(entries, 0)
    total = len(entries) if limit is None else min(limit, len(entries))
    results: list[ReplayResult] = []
    done = 0
    for session in split_sessions(entries, gap_seconds):
        if done == total:
            break
        results.append(replay(session.entries, methods(), start=0, limit=total - done, gap_seconds=gap_seconds))
        done += len(results[-1])
        if on_progress:
            on_progress(done, total)
    return ReplayResult.concatenated(results)


def _check(entries: Sequence[CommandEntry], first: int) -> None:
    if len(entries) <= max(first, 0):
        raise NotEnoughDataError(
            f"There are {len(entries)} commands and scoring begins after {first}: import a longer history or "
            "start earlier."
        )
    if any(entry.source == "synthetic" for entry in entries):
        raise DeltaError("Synthetic entries cannot be replayed: leave them out, nobody typed them.")


class _Facts(NamedTuple):
    """The arrays of `Commands`, in their order, at one command."""

    chars: int
    bytes: int
    session: int
    repeat: bool


def _facts(entry: CommandEntry, session: int, *, repeat: bool) -> _Facts:
    size = len(entry.command.encode("utf-8", "surrogateescape")) + 1
    return _Facts(len(entry.command), size, session, repeat)
