"""Several shells at the prompt's own path, whose requests are reads of trees (serving/tree.py).

merged: the reads of several shells in one pass, side by side under a mask that keeps them apart, beside one after the
other; milliseconds for all of them, the small preset. contexts: a key of one of several shells that type by turns, with
the contexts of all of them kept (predictor/neural.py) and with that of the last one only; processor time.

Run: .venv/bin/python -m benchmarks.shells [--rounds 15]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any
from unittest import mock

import numpy as np
import torch

from benchmarks.histories import write
from delta_learn.base.shipped import shipped_base
from delta_learn.collector.sample.generator import sample_entries
from delta_learn.errors import ModelError
from delta_learn.model.cache import KVCache
from delta_learn.model.config import small
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.onnx import onnx_model
from delta_learn.predictor import neural
from delta_learn.predictor.contexts import contexts
from delta_learn.predictor.suggest import Predictor
from delta_learn.serving.onnxengine import OnnxEngine
from delta_learn.serving.prediction import neural_expert
from delta_learn.serving.torchengine import TorchEngine
from delta_learn.serving.tree import Reading, TreeEngine

SHELLS = (1, 4, 16)
CONTEXT = 120
READS = {"a token": (1, True), "a beam of 4": (4, True), "6 words": (6, False)}
"""Tokens, and whether anything is read after them."""
REMEMBERED, SESSION, KEYS = 1_500, 14, 12


def median_ms(work: Callable[[], object], rounds: int) -> float:
    """Of one call, after one that does not count."""
    work()
    spent = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        spent.append((time.perf_counter() - begin) * 1000)
    return statistics.median(spent)


def engines() -> dict[str, TreeEngine[Any]]:
    """The small preset in both."""
    torch.manual_seed(0)
    model = DeltaModel(small())
    tensors = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    return {"onnx": OnnxEngine(model.config, onnx_model(model.config, tensors)), "torch": TorchEngine(model)}


def side_by_side(caches: list[Any]) -> Any:
    """The columns of all of them in one cache."""
    if isinstance(caches[0], tuple):
        return tuple(np.concatenate(parts, axis=2) for parts in zip(*caches, strict=True))
    merged = KVCache(caches[0].config, capacity=sum(cache.length for cache in caches))
    merged.data = torch.cat([cache.data[..., : cache.length, :] for cache in caches], 4)
    merged.length = merged.capacity
    return merged


def reading(shells: int, tokens: int, *, kept: bool) -> Reading:
    """`tokens` after the context of each shell, that see it and themselves."""
    count = shells * tokens
    own = np.kron(np.eye(shells, dtype=np.bool_), np.ones((tokens, CONTEXT), np.bool_))
    sees = np.concatenate((own, np.eye(count, dtype=np.bool_)), axis=1)
    places = np.full(count, CONTEXT)
    return Reading(np.ones(count, np.int64), places, np.arange(shells * CONTEXT), sees, count, kept)


def merging(rounds: int) -> Iterator[tuple[str, str, int, float, float]]:
    """Engine, what is read, shells, milliseconds one after the other and merged."""
    draw = np.random.default_rng(0)
    for name, engine in engines().items():
        caches = [engine.start(draw.integers(2048, size=CONTEXT).tolist()).cache for _ in range(max(SHELLS))]
        for what, (tokens, kept) in READS.items():
            alone = reading(1, tokens, kept=kept)
            for shells in SHELLS:
                chosen, together = caches[:shells], reading(shells, tokens, kept=kept)
                in_turn = median_ms(lambda: [engine.read(cache, alone) for cache in chosen], rounds)  # noqa: B023
                merged = median_ms(lambda: engine.read(side_by_side(chosen), together), rounds)  # noqa: B023
                yield name, what, shells, in_turn, merged


def typing(shells: int, kept: int) -> dict[str, float]:
    """A key at one of `shells` prompts by turns, where the contexts of `kept` prompts are kept."""
    base = shipped_base()
    if base is None:
        raise ModelError("This installation carries no base model.")
    entries = sample_entries(REMEMBERED + SESSION * max(SHELLS))
    prompts = list(zip(entries, contexts(entries), strict=True))[REMEMBERED + SESSION // 2 :: SESSION]
    with mock.patch.object(neural, "_KEPT_PROMPTS", kept):
        predictor = Predictor.from_entries(entries[:REMEMBERED], neural_expert(base, "onnx"))
        predictor.hurry(0.006)
        spent = []
        for typed in range(1, KEYS + 1):
            for entry, (_, context) in islice(prompts, shells):
                begin = time.process_time_ns()
                predictor.suggest(entry.command[:typed], context, 8)
                spent.append((time.process_time_ns() - begin) / 1e6)
    return {"ms_p50": statistics.median(spent), "ms_mean": statistics.fmean(spent)}


def main() -> None:
    """Measure, print both tables, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds: int = parser.parse_args().rounds
    rows = []
    print(f"{'engine':8}{'read':14}{'shells':>7}{'in turn ms':>12}{'merged ms':>11}{'x':>6}")
    for name, what, shells, in_turn, merged in merging(rounds):
        rows.append([name, what, shells, in_turn, merged])
        print(f"{name:8}{what:14}{shells:7}{in_turn:12.2f}{merged:11.2f}{in_turn / merged:6.2f}")
    print(f"\n{'shells':>6}{'contexts kept':>15}{'ms p50':>9}{'ms mean':>9}")
    keys = {}
    for shells in SHELLS:
        for kept in (1, max(SHELLS)):
            row = keys[f"{shells}, {kept} kept"] = typing(shells, kept)
            print(f"{shells:6}{kept:15}{row['ms_p50']:9.2f}{row['ms_mean']:9.2f}")
    write("shells", {"merged": rows, "contexts": keys})


if __name__ == "__main__":
    main()
