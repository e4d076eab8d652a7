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
    """The steps of a run. Batch `number` is the same rows on every machine, however many workers there are."""

    steps: int
    batches_per_epoch: int
    batches_per_step: int = 1
    """Of all workers together: a run may go on with another number of them."""

    def share(self, step: int, rank: int, count: int) -> list[int | None]:
        """Numbers of the batches of `step` that worker `rank` of `count` takes; see `share`."""
        first = step * self.batches_per_step
        return share(range(first, first + self.batches_per_step), rank, count)

    def batch_at(self, number: int) -> tuple[int, int]:
        """(epoch, index in the epoch) of a batch: a pure function, so resuming needs no state."""
        return divmod(number, self.batches_per_epoch)

    def ends_epoch(self, step: int) -> bool:
        """Whether an epoch ends in this step; the last step always ends one."""
        first, last = step * self.batches_per_step, (step + 1) * self.batches_per_step
        return last // self.batches_per_epoch > first // self.batches_per_epoch or step == self.steps - 1


def share(numbers: range, rank: int, count: int) -> list[int | None]:
    """Those of `numbers` that worker `rank` of `count` takes in turn.

    All workers get equally many, so that all of them make the same calls; None is a turn without a batch.
    """
    turns = -(-len(numbers) // count)
    return [numbers[i] if i < len(numbers) else None for i in range(rank, turns * count, count)]


def plan_steps(
    config: TrainConfig, rows_per_epoch: int, *, tokens_per_second: float | None = None, workers: int = 1
) -> Plan:
    """The plan for `rows_per_epoch` rows: `max_epochs`, or what fits in `max_seconds` at `tokens_per_second`.

    Each of the workers takes `accumulation` batches a step; the speed is that of all together.

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
    per_step = config.accumulation * workers
    steps = math.ceil(config.max_epochs * batches / per_step)
    if tokens_per_second is not None:
        tokens = config.batch_rows * config.row_tokens * per_step
        affordable = max(1, int(SAFETY * config.max_seconds * tokens_per_second / tokens))
        logger.info("%d steps planned, %d fit in %.0f s", steps, affordable, config.max_seconds)
        steps = min(steps, affordable)
    return Plan(steps, batches, per_step)
