"""What the model costs at the prompt: milliseconds of the small preset on one thread.

Continuations of one context are compared with the obvious way to compute them, a batch of rows that each
hold a copy of the context.

Run: .venv/bin/python benchmarks/engine.py [--rounds N]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from delta_learn.model.cache import KVCache
from delta_learn.model.config import small
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.onnx import onnx_model
from delta_learn.serving.onnxengine import OnnxEngine
from delta_learn.serving.torchengine import TorchEngine
from delta_learn.serving.tree import TreeEngine

CONTEXT_TOKENS = 120
LINES, LINE_TOKENS = 40, 8
STEPS = 6
STEP_ROWS = (1, 4, 10, 40)

Task = Callable[[], object]


def make_tasks() -> dict[str, Task]:
    """What is measured, by name."""
    torch.manual_seed(0)
    model = DeltaModel(small())
    tensors = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    engine = TorchEngine(model)
    engines: dict[str, TreeEngine[Any]] = {
        "torch": engine,
        "onnx": OnnxEngine(model.config, onnx_model(model.config, tensors)),
    }
    draw = np.random.default_rng(0)
    contexts = [draw.integers(2048, size=CONTEXT_TOKENS).tolist() for _ in range(2)]
    lines = draw.integers(2048, size=(LINES, LINE_TOKENS)).tolist()
    tasks: dict[str, Task] = {}
    for name, each in engines.items():
        tasks |= {f"{task}, {name}": work for task, work in tree_tasks(each, contexts, lines).items()}
    cache = engine.start(contexts[0]).cache
    tasks[f"score {LINES} lines, torch in rows"] = lambda: score_in_rows(model, cache, lines)
    for rows in STEP_ROWS:
        wide = cache.expand(rows)
        tasks[f"step of {rows}, torch in rows"] = lambda w=wide: step_in_rows(model, w)  # type: ignore[misc]
    return tasks


def tree_tasks(engine: TreeEngine[Any], contexts: list[list[int]], lines: list[list[int]]) -> dict[str, Task]:
    """What a prompt asks of an engine."""
    turn = iter(range(1 << 30))
    state = engine.start(contexts[0])
    tasks: dict[str, Task] = {
        f"read a context of {CONTEXT_TOKENS}": lambda: engine.start(contexts[next(turn) % 2]),
        f"score {LINES} lines of {LINE_TOKENS}": lambda: state.after([line[:-1] for line in lines]),
    }
    for rows in STEP_ROWS:
        tokens = [1] * rows
        beam = state.extend(tokens, [0] * rows)
        for _ in range(STEPS - 1):
            beam = beam.extend(tokens, list(range(rows)))
        tasks[f"step of {rows}"] = lambda b=beam, t=tokens: b.extend(t, list(range(len(t))))  # type: ignore[misc]
    return tasks


@torch.inference_mode()
def score_in_rows(model: DeltaModel, context: KVCache, lines: list[list[int]]) -> object:
    """One copy of the context for each line."""
    rows = context.pick(torch.arange(context.length), room=LINE_TOKENS).expand(len(lines))
    hidden = model.hidden(torch.tensor(lines), cache=rows)
    return model.logits(hidden).log_softmax(-1).numpy()


@torch.inference_mode()
def step_in_rows(model: DeltaModel, wide: KVCache) -> object:
    """Copy the rows, as reordering beams does, and add a token to each."""
    cache = wide.pick(torch.arange(wide.length), room=1)
    hidden = model.hidden(torch.ones(wide.batch, 1, dtype=torch.int64), cache=cache)
    return model.logits(hidden[:, -1]).log_softmax(-1).numpy()


def main() -> None:
    """Measure interleaved, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    rounds: int = parser.parse_args().rounds
    tasks = make_tasks()
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for number in range(rounds + 3):
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            if number >= 3:
                times[name].append((time.perf_counter() - start) * 1000)
    print(f"{'ms':36}{'median':>9}{'p99':>9}")
    figures = {name: [statistics.median(values), float(np.quantile(values, 0.99))] for name, values in times.items()}
    for name, (median, p99) in figures.items():
        print(f"{name:36}{median:9.2f}{p99:9.2f}")
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / "engine.json").write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
