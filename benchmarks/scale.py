"""The figures that docs/scale.md reckons with, measured in one run on this machine.

`person`: a night over the built-in sample: seconds of each step, bytes that stay on disk. `corpus`: reading, tokenizing
and planning a corpus, by token. `step`: tokens a second of whole training steps by preset, and the bytes of their
gradients. Training is on one thread unless --threads says otherwise.

Run: .venv/bin/python -m benchmarks.scale [--entries N] [--tokens N] [--corpus FILE ...] [--only person corpus step]
"""

from __future__ import annotations

import argparse
import dataclasses
import logging
import re
import resource
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from benchmarks.histories import write
from benchmarks.training import dataset, ours
from delta_learn.collector.sample.generator import sample_entries
from delta_learn.collector.store import Store
from delta_learn.config import Config, TrainConfig
from delta_learn.dataset.corpus import read_corpus
from delta_learn.dataset.windows import Dataset, Tokens
from delta_learn.model.config import preset
from delta_learn.model.gpt import DeltaModel
from delta_learn.nightly.pipeline import run_night
from delta_learn.paths import Paths
from delta_learn.tokenizer.tokenizer import Tokenizer
from delta_learn.trainer.loop import Trainer
from delta_learn.trainer.pretrain import PERSON
from delta_learn.trainer.throughput import flops_per_token

VOCAB = 2048
RUN_TOKENS = 100
"""Tokens of a session of the corpus, roughly."""
STEPS = 3
Figures = dict[str, float]


class StepSeconds(logging.Handler):
    """What the night's log says of each step."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.seconds: Figures = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the seconds of a step."""
        if match := re.fullmatch(r"([a-z]+): ([\d.]+) s", record.getMessage()):
            self.seconds[match[1]] = float(match[2])


def size(place: Path) -> int:
    """Bytes of the files below."""
    return sum(path.stat().st_size for path in place.rglob("*") if path.is_file())


def person(entries: int, threads: int) -> Figures:
    """A first night over the sample, and what it leaves on disk."""
    with tempfile.TemporaryDirectory() as home:
        paths = Paths(Path(home) / "data", Path(home) / "state")
        store = Store.open(paths)
        start = time.process_time()
        store.add(sample_entries(entries))
        imported = time.process_time() - start
        log = StepSeconds()
        logging.getLogger("delta_learn").addHandler(log)
        config = Config(train=TrainConfig(threads=threads))
        start = time.process_time()
        night = run_night(store, config)
        spent = time.process_time() - start
        assert night.personal is not None
        return {
            "entries": entries,
            "import processor ms/entry": 1000 * imported / entries,
            "raw bytes/entry": size(paths.raw) / entries,
            "token bytes/entry": size(paths.processed) / entries,
            "model bytes": size(paths.models),
            "night processor seconds": spent,
            "night peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "trained tokens": night.personal.result.tokens,
            **{f"seconds: {name}": seconds for name, seconds in log.seconds.items()},
        }


def corpus(files: list[Path], tokens: int) -> Figures:
    """Reading and tokenizing `files`; planning rows of `tokens` tokens."""
    figures = _planned(tokens)
    if files:
        start = time.process_time()
        pages = read_corpus(files)
        read = time.process_time()
        tokenizer = Tokenizer.train(pages.lines(), vocab_size=VOCAB, normalizer=PERSON)
        lines = list(pages.lines())
        learned = time.process_time()
        count = sum(len(tokenizer.encode(line)) + 1 for line in lines)
        encoded = time.process_time()
        figures |= {
            "corpus commands": pages.counts["read"],
            "reading and redacting, us/token": 1e6 * (read - start) / count,
            "vocabulary, us/token": 1e6 * (learned - read) / count,
            "tokenizing, us/token": 1e6 * (encoded - learned) / count,
            "tokens/command": count / len(lines),
            "bytes/token": sum(len(line.encode()) + 1 for line in lines) / count,
        }
    return figures


def _planned(count: int) -> Figures:
    ids = np.zeros(count, dtype=np.uint16)
    weights = np.ones(count, dtype=np.float16)
    weights[::RUN_TOKENS] = 0
    tokens = Tokens(ids, weights, np.arange(RUN_TOKENS, count + 1, RUN_TOKENS, dtype=np.int64), count // 10)
    start = time.process_time()
    rows = Dataset(tokens, row_tokens=128, seed=1, pad=0)
    seconds = time.process_time() - start
    del rows
    tracemalloc.start()
    rows = Dataset(tokens, row_tokens=128, seed=1, pad=0)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {
        "planned tokens": count,
        "planning, us/token": 1e6 * seconds / count,
        "plan, bytes/token": held / count,
        "planning peak, bytes/token": peak / count,
        "rows": rows.rows_per_epoch(),
    }


def step(threads: int) -> dict[str, Figures]:
    """Whole training steps by preset; of `large`, whose step takes minutes on a CPU, the arithmetic alone."""
    figures = {}
    for name in ("small", "base", "large"):
        config = dataclasses.replace(preset(name, VOCAB if name == "small" else 8192), dropout=0.0)
        with torch.device("meta" if name == "large" else "cpu"):
            model = DeltaModel(config)
        count = model.parameter_count()
        figures[name] = {
            "parameters": count,
            "gradient bytes/step": 4 * count,
            "GFLOP/token": flops_per_token(model, 2048 if name == "large" else 128) / 1e9,
        }
        if name != "large":
            figures[name]["tokens/s"] = _speed(model, threads)
    return figures


def _speed(model: DeltaModel, threads: int) -> float:
    config = TrainConfig(threads=threads)
    trainer = Trainer(model, config, dataset(config.row_tokens, vocab=VOCAB))
    run = ours(trainer)
    run(0)
    start = time.perf_counter()
    tokens = sum(run(number) for number in range(1, STEPS + 1))
    return tokens / (time.perf_counter() - start)


def main() -> None:
    """Measure, print, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--tokens", type=int, default=2_000_000)
    parser.add_argument("--corpus", type=Path, nargs="*", default=[])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", nargs="*", choices=["person", "corpus", "step"], default=["person", "corpus", "step"])
    asked = parser.parse_args()
    parts: dict[str, Callable[[], object]] = {
        "person": lambda: person(asked.entries, asked.threads),
        "corpus": lambda: corpus(asked.corpus, asked.tokens),
        "step": lambda: step(asked.threads),
    }
    results = {name: parts[name]() for name in asked.only}
    for name, figures in results.items():
        print(f"== {name}")
        rows = figures if isinstance(figures, dict) else {}
        print("\n".join(f"{key:34} {value}" for key, value in rows.items()))
    write("scale", results)


if __name__ == "__main__":
    main()
