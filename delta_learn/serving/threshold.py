"""Threshold: from which probability on showing a suggestion pays, learned from what this person took and overrode."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from delta_learn.collector.outcome import (
    ACCEPTED,
    EVENTS,
    OVERRIDDEN,
    PART,
    PROBABILITY_VARIABLE,
    SAVED_VARIABLE,
    SUGGESTION_VARIABLE,
    TYPED,
    TYPED_VARIABLE,
)
from delta_learn.entry import CommandEntry

PROMPT_COST, TYPING_COST = 1.0, 0.1
"""Keys that a wrong suggestion costs: at the empty prompt the eye takes it for typed text (docs/architecture.md,
net); after letters it only stands beside what is being typed."""

MEMORY = 0.98
"""What an event weighs after the next one like it."""
EXPLORED = 16
"""Of what would be hidden one in so many is shown: else nobody would learn that it pays again."""

_BINS: Final = 10
_PRIOR = 4.0
"""Events in favour of the calibrated probability itself."""
_NEIGHBOUR = 0.5
"""What an event weighs in the next bin, in the one after it the square, and so on."""
_LEAST_WEIGHT = 0.1
_GRID = 200


@dataclass(slots=True)
class _Bin:
    """Decayed sums over what was shown in one range of probabilities, less what the probabilities promised."""

    weight: float = 0.0
    taken: float = 0.0
    """Share of the suggested keys that was taken, less the probability."""
    wrong: float = 0.0
    """What was overridden, less the improbability."""

    def learn(self, taken: float, wrong: float, weight: float) -> None:
        keep = 1 - weight * (1 - MEMORY)
        self.weight = keep * self.weight + weight
        self.taken = keep * self.taken + weight * taken
        self.wrong = keep * self.wrong + weight * wrong


class Threshold:
    """Says whether a suggestion pays: keys that it saves on average, less what it costs where it is wrong.

    For ranges of probability, at the empty prompt and after letters each, it learns how much of what the
    probability promises comes true; what nothing is known of is taken as promised.
    """

    def __init__(self) -> None:
        self._bins = {True: [_Bin() for _ in range(_BINS)], False: [_Bin() for _ in range(_BINS)]}

    @classmethod
    def from_entries(cls, entries: Iterable[CommandEntry]) -> Threshold:
        """What these entries teach, oldest first; those that are no feedback are passed over."""
        threshold = cls()
        for entry in entries:
            threshold.observe(entry)
        return threshold

    def observe(self, entry: CommandEntry) -> None:
        """Learn what became of a visible suggestion; other entries change nothing."""
        if entry.source != "feedback" or entry.command not in EVENTS:
            return
        about = entry.environment
        numbers = [_number(about.get(name)) for name in (PROBABILITY_VARIABLE, TYPED_VARIABLE, SAVED_VARIABLE)]
        probability, typed, saved = numbers
        if probability is None or typed is None or saved is None or not 0 <= probability <= 1 or typed < 0:
            return
        possible = max(1.0, len(about.get(SUGGESTION_VARIABLE, "")) - typed - 1)
        self.learn(entry.command, probability, taken=saved / possible, empty=typed == 0)

    def learn(self, event: str, probability: float, *, taken: float, empty: bool) -> None:
        """Learn one event: `taken` is the share of the suggested keys that was saved."""
        share = min(1.0, max(0.0, taken)) if event in (ACCEPTED, PART) else 0.0
        if event == TYPED:  # it was right, but a key to take it was not worth it
            share = probability / 2
        wrong = 1.0 if event == OVERRIDDEN else 0.0
        centre = _bin_of(probability)
        for place, each in enumerate(self._bins[empty]):
            weight = _NEIGHBOUR ** abs(place - centre)
            if weight >= _LEAST_WEIGHT:
                each.learn(share - probability, wrong - (1 - probability), weight)

    def value(self, probability: float, possible: float, *, empty: bool) -> float:
        """Keys that showing a suggestion saves on average; `possible` would be saved by taking all of it."""
        found = self._bins[empty][_bin_of(probability)]
        count = found.weight + _PRIOR
        taken = _rate(probability + found.taken / count)
        wrong = _rate(1 - probability + found.wrong / count)
        return taken * possible - wrong * (PROMPT_COST if empty else TYPING_COST)

    def pays(self, probability: float, possible: float, *, empty: bool) -> bool:
        """Whether showing a suggestion saves keys on average."""
        return self.value(probability, possible, empty=empty) > 0

    def shows(self, text: str, probability: float, possible: float, *, empty: bool, turn: int = 0) -> bool:
        """Whether to show `text`: it pays, or it is its turn to be tried; at one prompt, `turn`, always the same."""
        if possible < 1:
            return False
        tried = zlib.crc32(f"{turn} {text}".encode("utf-8", "surrogateescape")) % EXPLORED == 0
        return tried or self.pays(probability, possible, empty=empty)

    def least(self, possible: float, *, empty: bool) -> float:
        """The smallest probability at which a suggestion of so many keys pays, and 1 where none does."""
        steps = (step / _GRID for step in range(_GRID + 1))
        return next((each for each in steps if self.pays(each, possible, empty=empty)), 1.0)

    def to_record(self) -> list[list[list[float]]]:
        """What was learned, as plain lists and numbers."""
        return [[[each.weight, each.taken, each.wrong] for each in self._bins[empty]] for empty in (True, False)]

    @classmethod
    def from_record(cls, record: Sequence[Sequence[Sequence[float]]]) -> Threshold:
        """The inverse of `to_record`.

        Raises:
            ValueError: another version wrote it.
        """
        threshold = cls()
        prompt, typing = record
        if len(prompt) != _BINS or len(typing) != _BINS:
            raise ValueError("The record of the threshold has another number of bins.")
        threshold._bins = {True: [_loaded(each) for each in prompt], False: [_loaded(each) for each in typing]}
        return threshold


def _loaded(numbers: Sequence[float]) -> _Bin:
    weight, taken, wrong = numbers
    return _Bin(weight, taken, wrong)


def _bin_of(probability: float) -> int:
    return min(_BINS - 1, int(probability * _BINS))


def _rate(value: float) -> float:
    return min(1.0, max(0.0, value))


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "nan")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
