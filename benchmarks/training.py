"""How fast training is: tokens a second of whole steps, each recipe and a plain PyTorch loop against the default.

The plain loop has the same model, batches and optimizers, and computes every logit. With --gpu: model FLOPs
utilisation (MFU) of the large preset in bf16 by rows in a batch, and what its time goes to.
Run: .venv/bin/python -m benchmarks.training [--rounds N] [--only NAME ...] [--gpu]
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 (PyTorch's own name for it)
from torch import nn

from benchmarks.histories import write
from delta_learn.config import TrainConfig
from delta_learn.dataset.windows import Dataset
from delta_learn.model.config import DeltaModelConfig, small
from delta_learn.model.gpt import DeltaModel
from delta_learn.storage.shards import TokenRun
from delta_learn.trainer.determinism import deterministic
from delta_learn.trainer.loop import Trainer
from delta_learn.trainer.optim import Optimizers, split_parameters

VOCAB = 2048
NIGHT_TOKENS = 130_000
"""Of 10,000 entries."""
NIGHT_EPOCHS = 10
DEFAULT = "default"
PLAIN = "plain PyTorch loop"

Prepare = Callable[[Trainer], None]
Step = Callable[[int], int]
"""Makes step number N; returns its tokens."""


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
    Recipe("no dropout", model={"dropout": 0.0}),
    Recipe("3 heads of 64", model={"n_head": 3}),
    Recipe("2 key/value heads", model={"n_kv_head": 2}),
    Recipe("blocks recomputed", train={"recompute": True}),
    Recipe("rows of 64", train={"row_tokens": 64, "batch_rows": 32}),
    Recipe("rows of 256", train={"row_tokens": 256, "batch_rows": 8}),
    Recipe("batches of 8 rows", train={"batch_rows": 8}),
    Recipe("batches of 32 rows", train={"batch_rows": 32}),
    Recipe("torch's Muon (bf16)", prepare=torch_muon),
    Recipe("AdamW for everything", prepare=adam_only),
]


def dataset(row_tokens: int, *, vocab: int = VOCAB, sessions: int = 200, longest: int = 600) -> Dataset:
    """Sessions of random tokens, in which four of five targets count, as in shell histories."""
    draw = np.random.default_rng(0)
    runs = []
    for number in range(sessions):
        ids = draw.integers(vocab, size=int(draw.integers(50, longest))).astype("<u2")
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


def ours(trainer: Trainer) -> Step:
    """What the training loop does in a step."""

    def step(number: int) -> int:
        with deterministic(trainer.config.threads, trainer.device):
            loss, tokens = trainer.accumulate(number)
            float(loss)
            trainer.precision.step(trainer.optimizers, trainer.model, trainer.config.clip_norm)
            return tokens

    return step


def plain(model: DeltaModel, config: TrainConfig, train: Dataset, dtype: torch.dtype | None = None) -> Step:
    """What one writes without this package: forward, cross entropy of every token, backward, clip, step."""
    optimizers = Optimizers(model, config)
    device = model.embedding.weight.device
    batches = -(-train.rows_per_epoch() // config.batch_rows)

    def step(number: int) -> int:
        torch.set_num_threads(config.threads)
        batch = train.batch(number // batches, number % batches, config.batch_rows)
        arrays = (batch.ids, batch.targets, batch.segments, batch.weights)
        ids, targets, segments, weights = (torch.from_numpy(array).to(device) for array in arrays)
        with torch.autocast(device.type, dtype, enabled=dtype is not None):
            logits = model(ids, segments)
            losses = F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), reduction="none")
            loss = losses @ weights.flatten() / weights.sum()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
        for optimizer in optimizers.named().values():
            optimizer.step()
            optimizer.zero_grad()
        loss.item()
        return ids.numel()

    return step


def speed(step: Step, number: int) -> float:
    """Tokens a second of one step."""
    start = time.perf_counter()
    tokens = step(number)
    return tokens / (time.perf_counter() - start)


def interleaved(steps: dict[str, Step], rounds: int) -> dict[str, list[float]]:
    """Tokens a second by round; all take turns, so that what else the machine does falls on all alike."""
    speeds: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds + 2):
        for name, step in steps.items():
            measured = speed(step, number)
            if number >= 2:  # the first ones allocate what the others use again
                speeds[name].append(measured)
    return speeds


def compare(rounds: int, only: list[str] | None) -> None:
    """Measure, print a table, write JSON where all were measured."""
    chosen = [recipe for recipe in RECIPES if not only or recipe.name in (DEFAULT, *only)]
    steps = {recipe.name: ours(make_trainer(recipe)) for recipe in chosen}
    if not only or PLAIN in only:
        steps[PLAIN] = plain(DeltaModel(small(VOCAB)).train(), TrainConfig(), dataset(TrainConfig().row_tokens))
    speeds = interleaved(steps, rounds)
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    ratios = {
        name: statistics.median(a / b for a, b in zip(values, speeds[DEFAULT], strict=True))
        for name, values in speeds.items()
    }
    print(f"{'':24}{'tokens/s':>10}{'ratio':>8}{'a night':>10}")
    for name, value in medians.items():
        night = NIGHT_TOKENS * NIGHT_EPOCHS / value
        print(f"{name:24}{value:10,.0f}{ratios[name]:8.2f}{night:8.0f} s")
    if PLAIN in ratios:
        print(f"The default trains {1 / ratios[PLAIN]:.2f} times as fast as the plain loop.")
    if not only:
        write("training", {"tokens_per_second": medians, "ratios": ratios})


def main() -> None:
    """Compare recipes here, or measure the large preset on a GPU."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--only", nargs="*", help="names of recipes; the default always takes part")
    parser.add_argument("--gpu", action="store_true", help="the large preset on a GPU")
    arguments = parser.parse_args()
    if arguments.gpu:
        from benchmarks.training_gpu import measure

        measure(arguments.rounds)
    else:
        compare(arguments.rounds, arguments.only)


if __name__ == "__main__":
    main()
