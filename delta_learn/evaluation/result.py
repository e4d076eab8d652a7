"""What a replay measured, command by command, and its summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delta_learn.evaluation.bootstrap import BlockBootstrap
from delta_learn.evaluation.calibration import PredictionLog, Predictions, calibration
from delta_learn.evaluation.metrics import MIN_SAVED
from delta_learn.evaluation.shares import Saved, concatenated, shares

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

METRICS = ("hit@1", "hit@5", "ksr_full", "ksr_word", "ksr_part", "net", "bits_per_byte")
"""Figures that a method has and two methods are compared by; more is better but for bits per byte."""


@dataclass(frozen=True, slots=True, eq=False)
class Commands:
    """The scored commands, the same for every method; arrays of shape (n,)."""

    chars: Ints
    """Characters of the command: what it costs to type."""
    bytes: Ints
    """Bytes of the command and its newline."""
    sessions: Ints
    """Number of the session."""
    repeats: NDArray[np.bool_]
    """The same line came before."""

    @property
    def oracle_keys(self) -> Ints:
        """Keys with a perfect chooser among the earlier lines: 1 for a repeat, else all characters."""
        return np.where(self.repeats & (self.chars >= MIN_SAVED), 1, self.chars)

    @classmethod
    def concatenated(cls, parts: Sequence[Commands]) -> Commands:
        """All parts in one; their sessions are numbered on."""
        numbers, begin = [], 0
        for part in parts:
            numbers.append(part.sessions - part.sessions.min() + begin)
            begin = int(numbers[-1].max()) + 1
        columns = {
            name: np.concatenate([getattr(part, name) for part in parts]) for name in ("chars", "bytes", "repeats")
        }
        return cls(sessions=np.concatenate(numbers), **columns)


@dataclass(frozen=True, slots=True, eq=False)
class MethodScores:
    """One method's scores, paired with those of the others by position; arrays of shape (n,)."""

    keys_full: Ints
    keys_word: Ints
    keys_part: Ints
    keys_shown: Ints
    """As `keys_word`, but what the method would not show cannot be accepted."""
    hit1: NDArray[np.bool_]
    hit5: NDArray[np.bool_]
    shown_wrong: NDArray[np.bool_]
    """A wrong suggestion was visible at the empty prompt."""
    bits: Floats
    """-log2 P(command, end); NaN where the method gave none."""
    request_ms: Floats
    """Milliseconds of every request, shape (requests,): more than one a command."""
    saved: Saved = field(default_factory=dict)
    """What `keys_word` saves, by source of the accepted suggestion: arrays of shape (n,)."""
    predictions: Predictions = field(default_factory=lambda: PredictionLog().predictions())
    """Probabilities of what was ranked first: more than one a command."""

    @classmethod
    def concatenated(cls, parts: Sequence[MethodScores]) -> MethodScores:
        """All parts in one."""
        arrays = [each.name for each in fields(cls) if each.name not in ("saved", "predictions")]
        return cls(
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in arrays},
            saved=concatenated([(len(part.bits), part.saved) for part in parts]),
            predictions=Predictions.concatenated([part.predictions for part in parts]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class ReplayResult:
    """One history replayed with several methods."""

    commands: Commands
    methods: Mapping[str, MethodScores]
    xz_bits: float = np.nan
    """Bits that a general compressor needs for all scored commands, knowing those before; NaN: not asked."""

    @classmethod
    def concatenated(cls, parts: Sequence[ReplayResult]) -> ReplayResult:
        """Several replays with the same methods as one: every command weighs the same."""
        return cls(
            Commands.concatenated([part.commands for part in parts]),
            {name: MethodScores.concatenated([part.methods[name] for part in parts]) for name in parts[0].methods},
            sum(part.xz_bits for part in parts),
        )

    def __len__(self) -> int:
        return len(self.commands.chars)

    def net_keys(self, name: str) -> Ints:
        """Keys saved by word with what a method shows, less one where it shows a wrong line unasked: (n,)."""
        scores = self.methods[name]
        return self.commands.chars - scores.keys_shown - scores.shown_wrong

    def figures(self, name: str) -> dict[str, float | int | None]:
        """The metrics of one method, `n`, and milliseconds a request at the median and 99th percentile."""
        result: dict[str, float | int | None] = {"n": len(self)}
        for metric in METRICS:
            above, below = self._ratio(name, metric)
            value = float(above.sum() / below.sum())
            result[metric] = None if np.isnan(value) else value
        p50, p99 = np.percentile(self.methods[name].request_ms, [50, 99])
        return result | {"ms_p50": float(p50), "ms_p99": float(p99)}

    def details(self, name: str) -> dict[str, Any]:
        """Where one method's saved keys come from, and what its probabilities are worth."""
        scores, commands = self.methods[name], self.commands
        kept = shares(scores.saved, commands.chars - scores.keys_full, commands.repeats)
        return {**kept, **calibration(scores.predictions)}

    def differences(self, subject: str, seed: int = 0) -> dict[str, dict[str, dict[str, float]]]:
        """`subject` less each other method, with 90 % paired block-bootstrap intervals.

        A metric that one of the two does not have is left out.
        """
        bootstrap = BlockBootstrap(self.commands.sessions, seed=seed)
        result: dict[str, dict[str, dict[str, float]]] = {}
        for other in self.methods:
            if other == subject:
                continue
            differences = result[f"{subject}-vs-{other}"] = {}
            for metric in METRICS:
                ours, below = self._ratio(subject, metric)
                theirs, _ = self._ratio(other, metric)
                if not np.isnan(ours - theirs).any():
                    differences[metric] = bootstrap.interval(ours - theirs, below).to_json()
        return result

    def summary(self, subject: str | None = None) -> dict[str, Any]:
        """Everything as plain data: `methods`, `differences`, `oracle`, `xz`.

        `subject` is the method that the others are compared with: by default `delta`, else the first.
        """
        names = list(self.methods)
        if subject is None:
            subject = "delta" if "delta" in names else names[0]
        chars = self.commands.chars
        return {
            "methods": {name: {**self.figures(name), **self.details(name)} for name in names},
            "differences": self.differences(subject),
            "oracle": {"ksr_full": float((chars - self.commands.oracle_keys).sum() / chars.sum())},
            "xz": {
                "bits_per_byte": None if np.isnan(self.xz_bits) else self.xz_bits / float(self.commands.bytes.sum())
            },
        }

    def to_json(self) -> dict[str, Any]:
        """Plain data: the summary."""
        return self.summary()

    def _ratio(self, name: str, metric: str) -> tuple[Floats, Ints]:
        """A metric as sum(first) / sum(second), both of shape (n,)."""
        scores, chars = self.methods[name], self.commands.chars
        above = {
            "hit@1": scores.hit1,
            "hit@5": scores.hit5,
            "ksr_full": chars - scores.keys_full,
            "ksr_word": chars - scores.keys_word,
            "ksr_part": chars - scores.keys_part,
            "net": self.net_keys(name),
            "bits_per_byte": scores.bits,
        }[metric].astype(np.float64)
        if metric == "bits_per_byte":
            return above, self.commands.bytes
        return above, np.ones_like(chars) if metric.startswith("hit") else chars
