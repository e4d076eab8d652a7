"""A tiny model, tiny rows and a tiny configuration: a run takes a fraction of a second."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from delta_learn.config import TrainConfig
from delta_learn.dataset.windows import Dataset
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.gpt import DeltaModel
from delta_learn.storage.shards import TokenRun

VOCAB = 20

MakeModel = Callable[..., DeltaModel]
MakeDataset = Callable[..., Dataset]


@pytest.fixture
def make_model() -> MakeModel:
    def make(seed: int = 0, dropout: float = 0.1) -> DeltaModel:
        torch.manual_seed(seed)
        return DeltaModel(
            DeltaModelConfig(block_size=16, vocab_size=VOCAB, n_layer=2, n_head=2, n_embed=16, dropout=dropout)
        )

    return make


@pytest.fixture
def make_dataset() -> MakeDataset:
    def make(sessions: int = 12, seed: int = 0, noise: float = 0.0) -> Dataset:
        """Sessions of 5 to 30 tokens that count upwards but for `noise`; weights 0, 1 and 4."""
        random = np.random.default_rng(seed)
        runs = []
        for number in range(sessions):
            length = int(random.integers(5, 31))
            ids = (random.integers(VOCAB) + np.arange(length)) % VOCAB
            ids = np.where(random.random(length) < noise, random.integers(VOCAB, size=length), ids)
            weights = random.choice([0.0, 1.0, 1.0, 4.0], length)
            runs.append(
                TokenRun(
                    f"s{number}",
                    None,
                    1,
                    False,
                    False,
                    ids.astype("<u2").tobytes(),
                    weights.astype("<f2").tobytes(),
                )
            )
        return Dataset(runs, row_tokens=16, seed=seed, pad=0)

    return make


@pytest.fixture
def config() -> TrainConfig:
    return TrainConfig(
        max_epochs=3,
        row_tokens=16,
        batch_rows=4,
        threads=1,
        checkpoint_seconds=1e9,
        learning_rate=0.01,
        adam_learning_rate=0.01,
    )
