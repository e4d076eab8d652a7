"""Deadline: how long an answer is worth waiting for."""

from __future__ import annotations

import time
from collections.abc import Callable

KEYSTROKE_SECONDS = 0.005
"""What a look around may cost at a keystroke."""


class Deadline:
    """A moment after which nobody waits any more."""

    def __init__(self, seconds: float = KEYSTROKE_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left, at least 0."""
        return max(0.0, self._end - self._clock())

    @property
    def over(self) -> bool:
        """Whether the moment has passed."""
        return self._clock() >= self._end
