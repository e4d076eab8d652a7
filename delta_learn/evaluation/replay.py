"""Replay of a history: what each method would have saved, knowing at each command only what came before."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from delta_learn.entry import SESSION_GAP_SECONDS, CommandEntry
from delta_learn.errors import DeltaError, NotEnoughDataError
from delta_learn.evaluation.metrics import MIN_SAVED, count_keys, keys_word
from delta_learn.evaluation.result import Commands, MethodScores, ReplayResult
from delta_learn.predictor.context import Context
from delta_learn.predictor.contexts import contexts
from delta_learn.predictor.suggestion import Suggestion

__all__ = ["Method", "ReplayResult", "replay"]

TOP = 5
"""Suggestions asked for at the empty prompt; one is asked for after a typed prefix."""


class Method(Protocol):
    """Anything that suggests lines."""

    def suggest(self, prefix: str, context: Context, k: int) -> Sequence[Suggestion]:
        """At most k whole lines that begin with `prefix`, best first."""

    def bits(self, entry: CommandEntry, context: Context) -> float | None:
        """-log2 P(command and its end) before it is observed; None without a distribution over lines."""

    def observe(self, entry: CommandEntry, context: Context) -> None:
        """Learn an executed command."""


def replay(
    entries: Sequence[CommandEntry],
    methods: Mapping[str, Method],
    *,
    start: float | int = 0.25,
    limit: int | None = None,
    gap_seconds: float = SESSION_GAP_SECONDS,
    on_progress: Callable[[int, int], None] | None = None,
) -> ReplayResult:
    """Show `entries` to the methods in order; each is scored on an entry, then observes it.

    `start` is where scoring begins: a fraction of the history, or an index if it is an int. At most `limit`
    entries are scored. `on_progress` gets the entries done and their number.

    Raises:
        NotEnoughDataError: there is nothing to score.
        DeltaError: an entry is synthetic: nobody typed it, and a figure that includes it says nothing.
    """
    first = start if isinstance(start, int) else int(start * len(entries))
    entries = entries if limit is None else entries[: first + limit]
    _check(entries, first)
    scorers = {name: _Scorer(method) for name, method in methods.items()}
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
    commands = Commands(*(np.array(column, np.int64) for column in zip(*facts, strict=True)))
    return ReplayResult(commands, {name: scorer.result() for name, scorer in scorers.items()})


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
    oracle_keys: int


def _facts(entry: CommandEntry, session: int, *, repeat: bool) -> _Facts:
    chars = len(entry.command)
    size = len(entry.command.encode("utf-8", "surrogateescape")) + 1
    return _Facts(chars, size, session, 1 if repeat and chars >= MIN_SAVED else chars)


class _Score(NamedTuple):
    """The arrays of `MethodScores`, in their order, at one command."""

    keys_full: int
    keys_word: int
    keys_part: int
    keys_shown: int
    hit1: bool
    hit5: bool
    shown_wrong: bool
    bits: float


class _Scorer:
    """Asks one method and keeps its scores."""

    def __init__(self, method: Method) -> None:
        self._method = method
        self._scores: list[_Score] = []
        self._request_ms = array("d")

    def score(self, entry: CommandEntry, context: Context) -> None:
        """Score one command that the method has not observed."""
        line = entry.command
        answers = {"": self._ask("", context, TOP)}

        def first(prefix: str) -> Suggestion | None:
            if prefix not in answers:
                answers[prefix] = self._ask(prefix, context, 1)
            return answers[prefix][0] if answers[prefix] else None

        def shown(prefix: str) -> str | None:
            suggestion = first(prefix)
            return suggestion.command if suggestion and suggestion.shown else None

        best = [suggestion.command for suggestion in answers[""][:TOP]]
        keys = count_keys(line, lambda prefix: suggestion.command if (suggestion := first(prefix)) else None)
        bits = self._method.bits(entry, context)
        self._scores.append(
            _Score(
                keys_full=keys.full,
                keys_word=keys.word,
                keys_part=keys.part,
                keys_shown=keys_word(line, shown),
                hit1=best[:1] == [line],
                hit5=line in best,
                shown_wrong=shown("") not in (None, line),
                bits=np.nan if bits is None else bits,
            )
        )

    def result(self) -> MethodScores:
        """The scores as arrays."""
        columns = (np.array(column) for column in zip(*self._scores, strict=True))
        return MethodScores(*(*columns, np.array(self._request_ms)))

    def _ask(self, prefix: str, context: Context, k: int) -> Sequence[Suggestion]:
        begin = time.perf_counter_ns()
        suggestions = self._method.suggest(prefix, context, k)
        self._request_ms.append((time.perf_counter_ns() - begin) / 1e6)
        return suggestions
