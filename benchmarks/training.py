"""How fast the small preset trains: tokens a second of whole steps, each recipe against the default one.

Run: .venv/bin/python benchmarks/training.py [--rounds N]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from delta_learn.config import TrainConfig
from delta_learn.dataset.windows import Dataset
from delta_learn.model.config import DeltaModelConfig, small
from delta_learn.model.gpt import DeltaModel
from delta_learn.storage.shards import TokenRun
from delta_learn.trainer.determinism import deterministic
from delta_learn.trainer.loop import Trainer
from delta_learn.trainer.optim import split_parameters

VOCAB = 2048
NIGHT_TOKENS = 130_000
"""Of 10,000 entries."""
NIGHT_EPOCHS = 10
DEFAULT = "default"

Prepare = Callable[[Trainer], None]


def torch_muon(trainer: Trainer) -> None:
    """Torch's own Muon, which iterates in bfloat16, in place of ours."""
    matrices, _ = split_parameters(trainer.model)
    trainer.optimizers.muon = torch.optim.Muon(matrices, lr=0.02)  # type: ignore[assignment]


def adam_only(trainer: Trainer) -> None:
    """AdamW for the matrices too."""
    matrices, _ = split_parameters(trainer.model)
    trainer.optimizers.muon = torch.optim.AdamW(matrices, lr=0.003, fused=True)  # type: ignore[assignment]


def nothing(trainer: Trainer) -> None:
    """As it is."""


@dataclass(frozen=True)
class Recipe:
    """What differs from the default."""

    name: str
    model: dict[str, float] = field(default_factory=dict)
    train: dict[str, float | str] = field(default_factory=dict)
    prepare: Prepare = nothing


RECIPES = [
    Recipe(DEFAULT),
    Recipe("one thread", train={"threads": 1}),
    Recipe("bf16 autocast", train={"amp": "bf16"}),
    Recipe("dropout 0.1", model={"dropout": 0.1}),
    Recipe("3 heads of 64", model={"n_head": 3}),
    Recipe("2 key/value heads", model={"n_kv_head": 2}),
    Recipe("rows of 64", train={"row_tokens": 64, "batch_rows": 32}),
    Recipe("rows of 256", train={"row_tokens": 256, "batch_rows": 8}),
    Recipe("batches of 8 rows", train={"batch_rows": 8}),
    Recipe("batches of 32 rows", train={"batch_rows": 32}),
    Recipe("torch's Muon (bf16)", prepare=torch_muon),
    Recipe("AdamW for everything", prepare=adam_only),
]


def dataset(row_tokens: int) -> Dataset:
    """Sessions of random tokens, in which four of five targets count, as in shell histories."""
    draw = np.random.default_rng(0)
    runs = []
    for number in range(200):
        ids = draw.integers(VOCAB, size=int(draw.integers(50, 600))).astype("<u2")
        weights = (draw.random(len(ids)) < 0.8).astype("<f2")
        runs.append(TokenRun(f"s{number}", None, 10, False, False, ids.tobytes(), weights.tobytes()))
    return Dataset(runs, row_tokens=row_tokens, seed=0, pad=0)


def make_trainer(recipe: Recipe) -> Trainer:
    """A trainer of the small preset with the recipe's changes."""
    shape: DeltaModelConfig = dataclasses.replace(small(VOCAB), **recipe.model)  # type: ignore[arg-type]
    config: TrainConfig = dataclasses.replace(TrainConfig(), **recipe.train)  # type: ignore[arg-type]
    trainer = Trainer(DeltaModel(shape).train(), config, dataset(config.row_tokens))
    recipe.prepare(trainer)
    return trainer


def speed(trainer: Trainer, step: int) -> float:
    """Tokens a second of one step."""
    with deterministic(trainer.config.threads):
        start = time.perf_counter()
        _, tokens = trainer.accumulate(step)
        trainer.precision.step(trainer.optimizers, trainer.model, trainer.config.clip_norm)
        return tokens / (time.perf_counter() - start)


def main() -> None:
    """Measure interleaved, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    rounds: int = parser.parse_args().rounds
    trainers = {recipe.name: make_trainer(recipe) for recipe in RECIPES}
    speeds: dict[str, list[float]] = {name: [] for name in trainers}
    for step in range(rounds + 1):
        for name, trainer in trainers.items():
            measured = speed(trainer, step)
            if step:  # the first one allocates what the others use again
                speeds[name].append(measured)
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    print(f"{'':24}{'tokens/s':>10}{'ratio':>8}{'a night':>10}")
    for name, value in medians.items():
        night = NIGHT_TOKENS * NIGHT_EPOCHS / value
        print(f"{name:24}{value:10,.0f}{value / medians[DEFAULT]:8.2f}{night:8.0f} s")
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / "training.json").write_text(json.dumps(medians, indent=1))


if __name__ == "__main__":
    main()
