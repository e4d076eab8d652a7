"""kill -9 in the middle of training: a child process runs this file and ends itself without warning."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from delta_learn.config import TrainConfig
from delta_learn.dataset.windows import Dataset
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.weights import weights_to_bytes
from delta_learn.storage.seal import Keyring
from delta_learn.storage.shards import TokenRun
from delta_learn.trainer.checkpoint import CheckpointStore
from delta_learn.trainer.loop import Trainer
from delta_learn.trainer.progress import Progress

CONFIG = TrainConfig(max_epochs=4, row_tokens=16, batch_rows=3, accumulation=2, threads=1, checkpoint_seconds=0)


def dataset(sessions: int, seed: int) -> Dataset:
    draw = np.random.default_rng(seed)
    ids = [(draw.integers(20) + np.arange(20)) % 20 for _ in range(sessions)]
    ones = np.ones(20, "<f2").tobytes()
    runs = [TokenRun("s", None, 1, False, False, i.astype("<u2").tobytes(), ones) for i in ids]
    return Dataset(runs, row_tokens=16, seed=seed, pad=0)


def train(root: Path, kill_at: int | None = None) -> bytes:
    """The weights; steps made are appended to ROOT/steps, and step `kill_at` is the process's last."""

    def on_step(progress: Progress) -> None:
        with (root / "steps").open("a") as file:
            file.write(f"{progress.step}\n")
        if progress.step == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    torch.manual_seed(0)
    shape = DeltaModelConfig(block_size=16, vocab_size=20, n_layer=2, n_head=2, n_embed=16, dropout=0.2)
    model = DeltaModel(shape)
    store = CheckpointStore(root, Keyring(b"k" * 32), "night")
    Trainer(model, CONFIG, dataset(24, 0), dataset(4, 1), checkpoint=store, on_step=on_step).fit()
    return weights_to_bytes(model)


def steps_made(root: Path) -> list[int]:
    return [int(line) for line in (root / "steps").read_text().split()]


@pytest.mark.slow
def test_killed_at_five_random_steps_it_ends_with_the_same_weights(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for root in (whole, broken):
        root.mkdir()
    expected = train(whole)
    kills = sorted(random.Random(7).sample(steps_made(whole)[:-1], 5))
    for kill_at in kills:
        child = subprocess.run([sys.executable, __file__, str(broken), str(kill_at)], check=False)
        assert child.returncode == -signal.SIGKILL
    assert train(broken) == expected
    # The step in which it was killed had no checkpoint yet and is made again; those before it are not.
    made = [*steps_made(whole), *kills]
    assert sorted(steps_made(broken)) == sorted(made)


if __name__ == "__main__":
    train(Path(sys.argv[1]), int(sys.argv[2]))
