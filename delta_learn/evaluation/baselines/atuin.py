"""Atuin's frecency: the score by which its search ranks equally good matches (atuin 18.13, daemon index)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from delta_learn.evaluation.baselines.lines import EmptyPrompt, Ids, LineRanker, Scores
from delta_learn.predictor.context import Context

_AGE_HOURS = np.array([1, 7, 25, 73, 169, 721])
"""Whole hours since the last use at which the next recency score begins."""

_RECENCY = np.array([100.0, 90.0, 70.0, 50.0, 30.0, 15.0, 5.0])


class Atuin(LineRanker):
    """score = recency (a step function of hours) + min(100, 20 ln count), rounded.

    Ranked on request, so nothing is visible at the empty prompt. A typed prefix filters, as in search mode
    `prefix`. Lines without a time count as just used: without times the score orders by frequency.
    """

    empty_prompt: ClassVar[EmptyPrompt] = "hidden"

    def scores(self, prefix: str, lines: Ids, context: Context) -> Scores:  # noqa: ARG002
        """Frecency of each line at the time of the prompt."""
        now = np.nan if context.timestamp is None else context.timestamp
        hours = np.nan_to_num((now - self.table.last_time[lines]) // 3600.0, nan=0.0)
        recency = _RECENCY[np.searchsorted(_AGE_HOURS, hours, side="right")]
        frequency = np.minimum(np.log(self.table.counts[lines]) * 20.0, 100.0)
        return np.round(recency + frequency)
