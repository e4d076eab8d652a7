"""torch.compile for the objective: fewer and larger kernels on GPUs, for a minute of compilation at the start."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from delta_learn.config import TrainConfig

if TYPE_CHECKING:
    from delta_learn.trainer.objective import LossSum, TensorBatch

Objective = Callable[["TensorBatch"], Tensor]


def compiled(objective: LossSum, config: TrainConfig, device: torch.device) -> Objective:
    """`objective`, compiled where `train.compile` says so: `on`, or `auto` on a GPU whose model is not split.

    Only what this returns is compiled, not the model in it: evaluations and decoding see many shapes, each of which
    would be compiled anew.
    """
    wanted = device.type == "cuda" and not config.shard if config.compile == "auto" else config.compile == "on"
    if not wanted:
        return objective
    run: Objective = torch.compile(objective)
    return run
