"""Was a deploy right? What came after it is replayed with what was deployed, what was before, and no model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from delta_learn.entry import CommandEntry
from delta_learn.evaluation.replay import Method, replay
from delta_learn.nightly.contender import Contender
from delta_learn.predictor.neural import NeuralExpert

WITH, BEFORE, WITHOUT = "with", "before", "without"
_LEARNT = 1500
"""Entries that the predictors have seen when scoring begins."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Keys of a stretch of days."""

    chars: Mapping[int, int]
    """Typed, by day."""
    saved: Mapping[str, Mapping[int, int]]
    """Net keystrokes saved, by method and day."""
    worse: bool
    """What is deployed costs keys against what was before it, and the 90 % interval says so."""

    def gain(self) -> int:
        """Keys that what is deployed saved more than what was before."""
        return sum(self.saved[WITH].values()) - sum(self.saved[BEFORE].values())


def judge(
    past: Sequence[CommandEntry],
    stretch: Sequence[CommandEntry],
    deployed: NeuralExpert | None,
    before: NeuralExpert | None,
    day_of: Callable[[CommandEntry], int],
) -> Verdict:
    """Replay `stretch` after `past`."""
    experts = {WITH: deployed, BEFORE: before, WITHOUT: None}
    distinct = {id(expert): name for name, expert in reversed(experts.items())}
    methods: dict[str, Method] = {name: Contender(name, experts[name]) for name in distinct.values()}
    known = list(past[-_LEARNT:])
    result = replay([*known, *stretch], methods, start=len(known))
    net = {name: result.net_keys(distinct[id(expert)]) for name, expert in experts.items()}
    days = np.array([day_of(entry) for entry in stretch])
    subject, rival = distinct[id(deployed)], distinct[id(before)]
    worse = subject != rival and result.differences(subject)[f"{subject}-vs-{rival}"]["net"]["high"] < 0
    return Verdict(
        _by_day(result.commands.chars, days), {name: _by_day(keys, days) for name, keys in net.items()}, worse
    )


def _by_day(values: Sequence[int] | np.ndarray, days: np.ndarray) -> dict[int, int]:
    return {int(day): int(np.asarray(values)[days == day].sum()) for day in np.unique(days)}
