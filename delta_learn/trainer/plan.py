"""How many steps a run has and which rows each step sees: fixed before the first step.

A wall clock that ended or bent a run would make its weights depend on the machine's load. So the time budget
is turned into a number of steps once, from a measured speed, and that number is kept with the run.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass

from delta_learn.config import TrainConfig
from delta_learn.errors import ConfigError, NotEnoughDataError

logger = logging.getLogger(__name__)

SAFETY = 0.9
"""Part of the time budget that is planned for steps; evaluations and checkpoints take the rest."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a run. Each takes `accumulation` batches from each of the `workers`."""

    steps: int
    batches_per_epoch: int
    accumulation: int = 1
    workers: int = 1

    def batch_at(self, step: int, micro: int, rank: int) -> tuple[int, int]:
        """(epoch, index in the epoch) of a worker's batch: a pure function, so resuming needs no state."""
        number = (step * self.accumulation + micro) * self.workers + rank
        return divmod(number, self.batches_per_epoch)

    def ends_epoch(self, step: int) -> bool:
        """Whether an epoch ends in this step; the last step always ends one."""
        per_step = self.accumulation * self.workers
        first, last = step * per_step, (step + 1) * per_step
        return last // self.batches_per_epoch > first // self.batches_per_epoch or step == self.steps - 1


def plan_steps(
    config: TrainConfig, rows_per_epoch: int, *, tokens_per_second: float | None = None, workers: int = 1
) -> Plan:
    """The plan for `rows_per_epoch` rows: `max_epochs`, or what fits in `max_seconds` at `tokens_per_second`
    of each worker.

    Without a speed the plan is a function of configuration and data alone.

    Raises:
        NotEnoughDataError: there are no rows.
        ConfigError: a count below 1.
    """
    if rows_per_epoch < 1:
        raise NotEnoughDataError("There are no tokens to train on: import a history or use the shell for a while.")
    for name in ("batch_rows", "accumulation", "max_epochs", "row_tokens", "threads"):
        if getattr(config, name) < 1:
            raise ConfigError(f"train.{name} must be at least 1, not {getattr(config, name)}.")
    batches = math.ceil(rows_per_epoch / config.batch_rows)
    steps = math.ceil(config.max_epochs * batches / (config.accumulation * workers))
    if tokens_per_second is not None:
        tokens = config.batch_rows * config.row_tokens * config.accumulation
        affordable = max(1, int(SAFETY * config.max_seconds * tokens_per_second / tokens))
        logger.info("%d steps planned, %d fit in %.0f s", steps, affordable, config.max_seconds)
        steps = min(steps, affordable)
    return Plan(steps, batches, config.accumulation, workers)
