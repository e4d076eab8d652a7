from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from delta_learn.config import TrainConfig
from delta_learn.dataset.windows import Dataset
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.gpt import DeltaModel
from delta_learn.storage.shards import TokenRun
from delta_learn.trainer.loop import Trainer
from delta_learn.trainer.objective import mean_loss

WORDS = ("git status", "git add -u", "git commit", "make test", "ls -l", "cd src", "vim a.py", "cat notes")


@pytest.mark.slow
def test_fifty_commands_are_learnt_by_heart() -> None:
    """Bytes for tokens, one session: what comes next is always determined by what came before."""
    commands = [f"{WORDS[i * i % 8]} {i}" for i in range(50)]
    ids = np.frombuffer(("\0" + "\n".join(commands) + "\n").encode(), dtype=np.uint8).astype("<u2")
    run = TokenRun("s", None, 50, False, False, ids.tobytes(), np.ones(len(ids), "<f2").tobytes())
    train = Dataset([run], row_tokens=64, seed=0, pad=0)
    torch.manual_seed(0)
    model = DeltaModel(DeltaModelConfig(128, 128, n_layer=2, n_head=4, n_embed=64, dropout=0.0))
    config = TrainConfig(max_epochs=60, row_tokens=64, batch_rows=4, threads=1)
    Trainer(model, dataclasses.replace(config, max_seconds=1e9), train).fit()
    assert mean_loss(model, train, 4) < 0.05
