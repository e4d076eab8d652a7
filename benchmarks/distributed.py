"""How fast several processes train together: tokens a second, each number of processes against one, in one run.

A step has one batch of each process; "sync" is the part of a step that is spent on summing gradients. On a machine with
GPUs the processes are 1, 2, 4, ... GPUs (NCCL), and with `--shard` the model is split among them (FSDP2).

Run: .venv/bin/python -m benchmarks.distributed [--preset small] [--steps N] [--device cpu] [--shard]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch

from benchmarks.training import VOCAB, dataset
from delta_learn.config import TrainConfig
from delta_learn.model.config import preset
from delta_learn.model.gpt import DeltaModel
from delta_learn.trainer.determinism import deterministic
from delta_learn.trainer.distributed import joined
from delta_learn.trainer.launch import Processes, command
from delta_learn.trainer.loop import Trainer
from delta_learn.trainer.workers import Workers

WARM_UP = 3
"""Steps that are not counted: the first ones allocate what the others use again."""


def arguments() -> argparse.Namespace:
    """Of the program and of each of its processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="small")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--batch-rows", type=int, default=16)
    parser.add_argument("--shard", action="store_true")
    parser.add_argument("--out", type=Path, default=None, help="where a process writes what it measured")
    return parser.parse_args()


def measure(workers: Workers, options: argparse.Namespace) -> dict[str, float]:
    """Tokens a second, and the part of a step that the workers spend on their gradients."""
    config = TrainConfig(threads=1, batch_rows=options.batch_rows, device=options.device)
    torch.manual_seed(0)
    model = DeltaModel(preset(options.preset, VOCAB)).to(workers.device).train()
    trainer = Trainer(model, config, dataset(config.row_tokens), workers=workers)
    synced: list[float] = []
    sum_gradients = workers.sum_gradients

    def timed(model: DeltaModel) -> None:
        _wait(workers.device)
        start = time.perf_counter()
        sum_gradients(model)
        _wait(workers.device)
        synced.append(time.perf_counter() - start)

    workers.sum_gradients = timed  # type: ignore[method-assign]
    speeds, parts = [], []
    with deterministic(config.threads, workers.device):
        for step in range(WARM_UP + options.steps):
            start = time.perf_counter()
            _, tokens = trainer.accumulate(step)
            trainer.precision.step(trainer.optimizers, trainer.model, config.clip_norm)
            _wait(workers.device)
            seconds = time.perf_counter() - start
            speeds.append(tokens / seconds)
            parts.append(synced[-1] / seconds)
    return {"tokens/s": statistics.median(speeds[WARM_UP:]), "sync": statistics.median(parts[WARM_UP:])}


def run(count: int, options: argparse.Namespace, out: Path) -> dict[str, float]:
    """Measure with `count` processes, started as training starts them."""
    words = ["--preset", options.preset, "--steps", str(options.steps), "--device", options.device, "--out", str(out)]
    words += ["--batch-rows", str(options.batch_rows), *(["--shard"] if options.shard else [])]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    started = command(Processes(restarts=0), count, "benchmarks.distributed", words)
    subprocess.run([sys.executable, *started], check=True, env=environment)
    found: dict[str, float] = json.loads(out.read_text())
    out.unlink()
    return found


def counts(device: str) -> list[int]:
    """Numbers of processes to compare: powers of two up to all GPUs; on a CPU one and two."""
    gpus = 0 if device == "cpu" else torch.cuda.device_count()
    return [count for count in (1, 2, 4, 8, 16) if count <= (gpus or 2)]


def main() -> None:
    """Measure each number of processes, print a table, write JSON."""
    options = arguments()
    if options.out is not None:
        with joined(options.device, shard=options.shard) as workers:
            figures = measure(workers, options)
            if workers.rank == 0:
                options.out.write_text(json.dumps(figures))
        return
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    rows = {count: run(count, options, results / "distributed.part") for count in counts(options.device)}
    first = rows[1]["tokens/s"]
    print(f"{'processes':>9}{'tokens/s':>12}{'ratio':>8}{'of ideal':>10}{'sync':>8}")
    for count, row in rows.items():
        ratio = row["tokens/s"] / first
        print(f"{count:9}{row['tokens/s']:12,.0f}{ratio:8.2f}{ratio / count:10.0%}{row['sync']:8.1%}")
    facts = {"preset": options.preset, "shard": options.shard, "gpus": torch.cuda.device_count(), "runs": rows}
    (results / "distributed.json").write_text(json.dumps(facts, indent=1))


def _wait(device: torch.device) -> None:
    """Until the GPU has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main()
