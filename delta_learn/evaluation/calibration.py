"""Whether a probability means what it says: expected calibration error and the table of a reliability diagram.

Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delta_learn.predictor.suggestion import Suggestion

BINS = 10
"""Of equal width, over probabilities from 0 to 1."""

PROMPT, NEW, AGAIN = range(3)
"""Asked at the empty prompt; at a keystroke; at a keystroke that leaves first a line which had been first before."""

VIEWS = {"all": (PROMPT, NEW), "prompt": (PROMPT,), "keystroke": (NEW,), "asked": (PROMPT, NEW, AGAIN)}
"""A line that stays first while the person types on was refused already, and a replay asks no more once a line is
right: in `asked`, where each keystroke counts, even a true P(line | what is typed) looks too high. The other views
count a line once a command, at the first place where it was ranked first."""


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Suggestions ranked first that had a probability; arrays of shape (m,)."""

    probabilities: NDArray[np.float64]
    right: NDArray[np.bool_]
    """Whether the suggestion was the line, or the beginning that it was said to be."""
    places: NDArray[np.int8]
    """PROMPT, NEW or AGAIN."""

    @classmethod
    def concatenated(cls, parts: Sequence[Predictions]) -> Predictions:
        """All parts in one."""
        return cls(
            np.concatenate([part.probabilities for part in parts]),
            np.concatenate([part.right for part in parts]),
            np.concatenate([part.places for part in parts]),
        )


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions of about the same probability."""

    low: float
    high: float
    n: int
    probability: float
    """Their mean probability."""
    right: float
    """How often they were right."""


class PredictionLog:
    """Collects predictions while a replay runs."""

    def __init__(self) -> None:
        self._probabilities = array("d")
        self._right = array("b")
        self._places = array("b")

    def record(self, answers: Mapping[str, Sequence[Suggestion]], line: str) -> None:
        """The answers of one command, by prefix; `line` is what was typed in the end."""
        named: set[str] = set()
        for prefix in sorted(answers, key=len):
            best = answers[prefix]
            if best and best[0].probability > 0:
                command = best[0].command
                self._probabilities.append(best[0].probability)
                self._right.append(command == line if best[0].whole else line.startswith(command))
                self._places.append(PROMPT if not prefix else AGAIN if command in named else NEW)
                named.add(command)

    def predictions(self) -> Predictions:
        """What was recorded."""
        return Predictions(
            np.array(self._probabilities), np.array(self._right, np.bool_), np.array(self._places, np.int8)
        )


def reliability(probabilities: NDArray[np.float64], right: NDArray[np.bool_]) -> list[Bin]:
    """The bins that are not empty, from low to high; both arrays have shape (m,)."""
    numbers = np.minimum((probabilities * BINS).astype(np.int64), BINS - 1)
    bins = []
    for number in np.unique(numbers):
        inside = numbers == number
        mean, share = float(probabilities[inside].mean()), float(right[inside].mean())
        bins.append(Bin(number / BINS, (number + 1) / BINS, int(inside.sum()), mean, share))
    return bins


def expected_error(bins: Sequence[Bin]) -> float:
    """Mean distance of probability and frequency, each bin weighing as many predictions as it holds."""
    return sum(each.n * abs(each.probability - each.right) for each in bins) / sum(each.n for each in bins)


def calibration(predictions: Predictions) -> dict[str, Any]:
    """`ece` and `reliability`, each by view; None for both where nothing had a probability."""
    bins = {}
    for view, places in VIEWS.items():
        chosen = np.isin(predictions.places, places)
        bins[view] = reliability(predictions.probabilities[chosen], predictions.right[chosen])
    if not bins["asked"]:
        return {"ece": None, "reliability": None}
    return {
        "ece": {view: expected_error(each) if each else None for view, each in bins.items()},
        "reliability": {view: [asdict(row) for row in each] for view, each in bins.items()},
    }
