"""The learning rate over a run: linear warm-up, then a cosine down to a floor (arXiv 1608.03983)."""

from __future__ import annotations

import math

FLOOR = 0.1
"""Of the peak rate, reached at the last step."""


def rate_factor(step: int, steps: int, warmup_fraction: float) -> float:
    """What the peak rates are multiplied with at `step` (from 0) of `steps`; in (0, 1].

    The first step already has a part of the rate, the last one has `FLOOR`.
    """
    warmup = round(warmup_fraction * steps)
    if step < warmup:
        return (step + 1) / (warmup + 1)
    progress = (step - warmup) / max(1, steps - 1 - warmup)
    return FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * progress))
