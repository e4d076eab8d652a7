"""Patience: how long the search for composed lines may take where someone waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable

Over = Callable[[], bool]
"""Whether the time is over."""


def never_over() -> bool:
    """There is time enough: what is found is the same on every machine, however busy."""
    return False


def over_in(seconds: float | None, clock: Callable[[], float] = time.perf_counter) -> Over:
    """Whether `seconds` from now have passed; None: never."""
    if seconds is None:
        return never_over
    end = clock() + seconds
    return lambda: clock() >= end
