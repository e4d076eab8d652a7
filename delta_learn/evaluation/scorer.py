"""Scorer: asks one method about one command after another, and keeps what its answers were worth."""

from __future__ import annotations

import time
from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from delta_learn.entry import CommandEntry
from delta_learn.evaluation.calibration import PredictionLog
from delta_learn.evaluation.method import Method
from delta_learn.evaluation.metrics import count_keys, keys_word
from delta_learn.evaluation.result import MethodScores
from delta_learn.evaluation.shares import SavedLog
from delta_learn.predictor.context import Context
from delta_learn.predictor.suggestion import Suggestion

TOP = 5
"""Suggestions asked for at the empty prompt; one is asked for after a typed prefix."""


class _Score(NamedTuple):
    """The arrays of `MethodScores` with one value a command."""

    keys_full: int
    keys_word: int
    keys_part: int
    keys_shown: int
    hit1: bool
    hit5: bool
    shown_wrong: bool
    bits: float


class Scorer:
    """The scores of one method."""

    def __init__(self, method: Method) -> None:
        self._method = method
        self._scores: list[_Score] = []
        self._predictions = PredictionLog()
        self._saved = SavedLog()
        self._request_ms = array("d")

    def score(self, entry: CommandEntry, context: Context) -> None:
        """Score one command that the method has not observed."""
        line = entry.command
        prompt = _Prompt(self._method, context, self._request_ms)
        best = [suggestion.command for suggestion in prompt.answers[""][:TOP]]
        keys = count_keys(line, prompt.line)
        for accept in keys.accepts:
            self._saved.record(len(self._scores), prompt.source(line[: accept.position]), accept.saved)
        bits = self._method.bits(entry, context)
        self._scores.append(
            _Score(
                keys_full=keys.full,
                keys_word=keys.word,
                keys_part=keys.part,
                keys_shown=keys_word(line, prompt.shown),
                hit1=best[:1] == [line],
                hit5=line in best,
                shown_wrong=prompt.shown("") not in (None, line),
                bits=np.nan if bits is None else bits,
            )
        )
        self._predictions.record(prompt.answers, line)

    def result(self) -> MethodScores:
        """The scores as arrays."""
        columns: dict[str, Any] = {
            name: np.array(column) for name, column in zip(_Score._fields, zip(*self._scores, strict=True), strict=True)
        }
        return MethodScores(
            **columns,
            request_ms=np.array(self._request_ms),
            saved=self._saved.saved(len(self._scores)),
            predictions=self._predictions.predictions(),
        )


class _Prompt:
    """The answers at one prompt, each asked for once and timed."""

    def __init__(self, method: Method, context: Context, request_ms: array[float]) -> None:
        self._method = method
        self._context = context
        self._request_ms = request_ms
        self.answers: dict[str, Sequence[Suggestion]] = {}
        self._ask("", TOP)

    def line(self, prefix: str) -> str | None:
        """The line ranked first after `prefix`."""
        first = self._first(prefix)
        return first.command if first else None

    def shown(self, prefix: str) -> str | None:
        """The same, where the method would show it."""
        first = self._first(prefix)
        return first.command if first and first.shown else None

    def source(self, prefix: str) -> str:
        """Where the line ranked first after `prefix` comes from; there is one."""
        return self.answers[prefix][0].source

    def _first(self, prefix: str) -> Suggestion | None:
        answer = self.answers.get(prefix)
        if answer is None:
            answer = self._ask(prefix, 1)
        return answer[0] if answer else None

    def _ask(self, prefix: str, k: int) -> Sequence[Suggestion]:
        begin = time.perf_counter_ns()
        answer = self.answers[prefix] = self._method.suggest(prefix, self._context, k)
        self._request_ms.append((time.perf_counter_ns() - begin) / 1e6)
        return answer
