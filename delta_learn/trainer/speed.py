"""How fast this machine trains: measured before a run, so that its plan can be fixed."""

from __future__ import annotations

import copy
import dataclasses
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from delta_learn.config import TrainConfig
from delta_learn.model.gpt import DeltaModel
from delta_learn.trainer.loop import Trainer
from delta_learn.trainer.plan import plan_steps
from delta_learn.trainer.progress import Rest
from delta_learn.trainer.workers import Workers

if TYPE_CHECKING:
    from delta_learn.dataset.windows import Dataset


def measure_speed(
    model: DeltaModel,
    config: TrainConfig,
    train: Dataset,
    workers: Workers | None = None,
    *,
    seconds: float = 3.0,
    rest: Rest = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
) -> float:
    """Tokens a second of real steps on a copy of `model`, over at least `seconds` and three steps.

    All workers measure together, and rank 0's figure counts, so that they make the same plan. `rest` is as the
    trainer's, and not counted.

    Raises:
        ConfigError, NotEnoughDataError: as `plan_steps`.
    """
    times: list[float] = []
    rested, workers = 0.0, workers or Workers()

    def uncounted(save: Callable[[], None]) -> None:
        nonlocal rested
        start = clock()
        rest(save)
        rested += clock() - start

    plan = dataclasses.replace(plan_steps(config, train.rows_per_epoch(), workers=workers.count), steps=1 << 30)
    trainer = Trainer(
        copy.deepcopy(model),
        config,
        train,
        plan=plan,
        on_step=lambda _: times.append(clock() - rested),
        # The first step allocates what the others use again, so it is not counted.
        stop=lambda: len(times) > 3 and times[-1] - times[0] >= seconds,
        rest=uncounted,
        workers=workers,
    )
    result = trainer.fit()
    return workers.lead(
        lambda _: result.tokens / result.steps * (len(times) - 1) / (times[-1] - times[0]), lambda: None
    )
