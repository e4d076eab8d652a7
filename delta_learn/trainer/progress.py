"""What a run says about itself, during and after."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Rest = Callable[[Callable[[], None]], None]
"""Gives the machine to others for a while; gets what saves the run, and may raise to leave it."""

Stopped = Literal["done", "patience", "stopped"]
"""All planned steps were made; the held-out loss no longer fell; the caller's `stop` asked for it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One step, as `on_step` gets it."""

    step: int
    """Steps made."""
    steps: int
    """Steps planned."""
    loss: float
    """Of this step's batches, nats a token."""
    held_out_loss: float | None
    """The best so far, nats a token; None without held-out rows."""
    learning_rate: float
    """Muon's."""
    tokens_per_second: float
    """Of the newest steps; this and what follows as `throughput.Rates`."""
    mfu: float | None = None
    memory_bytes: int = 0


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What came out of a run."""

    steps: int
    planned_steps: int
    tokens: int
    """Positions computed, padding included."""
    seconds: float
    """Of all processes that worked on this run."""
    best_loss: float | None
    """Held-out, nats a token; None without held-out rows."""
    stopped: Stopped

    @property
    def bits_per_token(self) -> float | None:
        """`best_loss` in bits."""
        return None if self.best_loss is None else self.best_loss / math.log(2)
