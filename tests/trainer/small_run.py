"""A run that takes a second: the same model, rows and plan in every process that makes it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import torch

from delta_learn.config import TrainConfig
from delta_learn.dataset.windows import Dataset
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.gpt import DeltaModel
from delta_learn.storage.shards import TokenRun
from delta_learn.trainer.loop import Trainer
from delta_learn.trainer.plan import plan_steps
from delta_learn.trainer.workers import Workers

ROOT = Path(__file__).parents[2]
STEPS = 50
CONFIG = TrainConfig(
    max_epochs=1, row_tokens=16, batch_rows=3, threads=1, checkpoint_seconds=1e9, learning_rate=0.01, patience=99
)


def dataset(sessions: int, seed: int) -> Dataset:
    """Sessions of 5 to 30 tokens, so that batches differ in weight."""
    draw, runs = np.random.default_rng(seed), []
    for _ in range(sessions):
        length = int(draw.integers(5, 31))
        ids = ((draw.integers(20) + np.arange(length)) % 20).astype("<u2")
        weights = draw.choice([0.0, 1.0, 1.0, 4.0], length).astype("<f2")
        runs.append(TokenRun("s", None, 1, False, False, ids.tobytes(), weights.tobytes()))
    return Dataset(runs, row_tokens=16, seed=seed, pad=0)


def trainer(
    workers: Workers | None = None,
    per_step: int = 2,
    steps: int = STEPS,
    config: TrainConfig = CONFIG,
    **options: Any,
) -> Trainer:
    torch.manual_seed(0)
    shape = DeltaModelConfig(block_size=16, vocab_size=20, n_layer=1, n_head=2, n_embed=16, dropout=0.2)
    model, train = DeltaModel(shape), dataset(24, 0)
    plan = dataclasses.replace(plan_steps(config, train.rows_per_epoch()), steps=steps, batches_per_step=per_step)
    model.to(workers.device if workers else "cpu")
    return Trainer(model, config, train, dataset(7, 1), plan=plan, workers=workers, **options)


def distance(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> float:
    """The largest difference of two weights of the same name."""
    assert one.keys() == other.keys()
    return max(float((one[name].cpu() - other[name].cpu()).abs().max()) for name in one)
