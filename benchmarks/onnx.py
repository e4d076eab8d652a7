"""The model in ONNX Runtime (int8) beside the same model in torch: agreement, difference, time and memory.

A personal model is trained on the built-in sample; both engines then predict what comes next in it, at the empty
prompt and after each quarter of the line: the predictor with all its experts, and the model alone. Times are processor
time, and medians; memory and loading are those of a process that only loads the model and composes a line.
Run: .venv/bin/python -m benchmarks.onnx [--commands 100] [--seconds 60]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from statistics import fmean, median
from typing import TypeVar

import numpy as np

from benchmarks.histories import write
from delta_learn.base.shipped import shipped_base
from delta_learn.collector.sample.generator import sample_entries
from delta_learn.config import Config
from delta_learn.entry import CommandEntry, split_sessions
from delta_learn.nightly.learning import prepare, train
from delta_learn.predictor.context import Context
from delta_learn.predictor.contexts import contexts
from delta_learn.predictor.suggest import Predictor
from delta_learn.registry import ModelFile
from delta_learn.serving.prediction import neural_expert

T = TypeVar("T")

LEARNED = 2_000
"""Commands that the model is trained on, and that both predictors remember."""
ENGINES = ("torch", "onnx")
BUDGET_AGREEMENT = 0.98

_PROCESS = """
import json, os, sys, time
from pathlib import Path
from delta_learn.predictor.context import Context
from delta_learn.registry import ModelFile
from delta_learn.serving.prediction import neural_expert
folder, engine = Path(sys.argv[1]), sys.argv[2]
model = ModelFile(json.loads((folder / "meta").read_text()), (folder / "tokenizer").read_bytes(), b"")
begin = time.perf_counter()
if engine != "none":
    expert = neural_expert(ModelFile(model.meta, model.tokenizer, (folder / "weights").read_bytes()), engine)
    expert.propose("git ", Context(), 5)
print(time.perf_counter() - begin)
print(int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6)
"""


def personal(entries: Sequence[CommandEntry], seconds: float) -> ModelFile:
    """A model trained on `entries`, from the shipped base, in about so many seconds."""
    settings = Config()
    settings = replace(settings, train=replace(settings.train, max_seconds=seconds))
    base = shipped_base()
    return train(prepare(split_sessions(entries), settings, base), settings, base=base).file


def prefixes(line: str) -> list[str]:
    """Nothing, then what is typed after each quarter of the line."""
    return list(dict.fromkeys(line[: len(line) * quarter // 4] for quarter in range(4)))


class Comparison:
    """Both engines, asked the same."""

    def __init__(self, entries: Sequence[CommandEntry], model: ModelFile) -> None:
        self.experts = {engine: neural_expert(model, engine) for engine in ENGINES}
        self.predictors = {name: Predictor.from_entries(entries, expert) for name, expert in self.experts.items()}
        self.times: dict[str, dict[str, list[float]]] = defaultdict(lambda: {engine: [] for engine in ENGINES})
        self.agreed: dict[str, list[bool]] = defaultdict(list)
        self.differences: list[float] = []

    def ask(self, entry: CommandEntry, context: Context) -> None:
        """One command: what is suggested before it and while it is typed, and how probable it was."""
        for prefix in prefixes(entry.command):
            self._suggest(prefix, context)
        lines = [entry.command]
        scores = [float(self.experts[engine].log_probabilities(lines, context)[0]) for engine in ENGINES]
        self.differences.append(abs(scores[0] - scores[1]))
        for predictor in self.predictors.values():
            predictor.observe(entry, context)

    def _suggest(self, prefix: str, context: Context) -> None:
        view = "keystroke" if prefix else "prompt"
        shown = self._timed(view, lambda engine: self.predictors[engine].suggest(prefix, context, 5))
        first = [[each.command for each in shown[engine][:1]] for engine in ENGINES]
        self.agreed[view].append(first[0] == first[1])
        composed = [[line for line, _ in self.experts[engine].propose(prefix, context, 1)] for engine in ENGINES]
        self.agreed[f"{view}, model alone"].append(composed[0] == composed[1])

    def _timed(self, view: str, ask: Callable[[str], T]) -> dict[str, T]:
        answers = {}
        for engine in ENGINES:
            begin = time.process_time_ns()
            answers[engine] = ask(engine)
            self.times[view][engine].append((time.process_time_ns() - begin) / 1e6)
        return answers


def processes(model: ModelFile) -> dict[str, dict[str, float]]:
    """Seconds to load the model in each engine and compose a line, and MB then; of one without it too."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (("tokenizer", model.tokenizer), ("weights", model.weights)):
            (Path(folder) / name).write_bytes(data)
        (Path(folder) / "meta").write_text(json.dumps({"model": model.meta["model"]}))
        figures = {}
        for engine in ("none", *ENGINES):
            command = [sys.executable, "-c", _PROCESS, folder, engine]
            run = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
            seconds, resident = map(float, run.stdout.split())
            figures[engine] = {"seconds": seconds, "resident_mb": resident}
    return figures


def summary(compared: Comparison, loaded: dict[str, dict[str, float]]) -> dict[str, object]:
    """The figures that are kept."""
    both = compared.agreed["prompt"] + compared.agreed["keystroke"]
    return {
        "first_suggestion_agrees": fmean(both),
        "agrees": {view: {"n": len(each), "share": fmean(each)} for view, each in compared.agreed.items()},
        "line_logprob_difference": {
            "mean": fmean(compared.differences),
            "p99": float(np.quantile(compared.differences, 0.99)),
            "max": max(compared.differences),
        },
        "ms": {view: {engine: median(each[engine]) for engine in ENGINES} for view, each in compared.times.items()},
        "loaded": loaded,
    }


def show(compared: Comparison, figures: dict[str, object], loaded: dict[str, dict[str, float]]) -> None:
    """One table a subject."""
    print(f"{'':24}{'asked':>7}{'agree':>8}{'torch ms':>10}{'onnx ms':>10}{'ratio':>8}")
    for view, agreed in compared.agreed.items():
        print(f"{view:24}{len(agreed):7}{fmean(agreed):8.3f}", end="")
        torch, onnx = (median(compared.times[view][engine]) if view in compared.times else 0.0 for engine in ENGINES)
        print(f"{torch:10.2f}{onnx:10.2f}{onnx / torch:8.2f}" if torch else "")
    print(f"first suggestion agrees: {figures['first_suggestion_agrees']:.4f} (at least {BUDGET_AGREEMENT})")
    print(f"difference of a line's ln P: {figures['line_logprob_difference']}")
    for name, each in loaded.items():
        print(f"a process with {name}: {each['resident_mb']:.0f} MB, loaded in {each['seconds']:.2f} s")


def main() -> None:
    """Train, compare, print tables, write JSON; exits 1 where too few agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    entries = sample_entries(LEARNED + arguments.commands)
    model = personal(entries[:LEARNED], arguments.seconds)
    compared = Comparison(entries[:LEARNED], model)
    for entry, (_, context) in islice(zip(entries, contexts(entries), strict=True), LEARNED, None):
        compared.ask(entry, context)
    loaded = processes(model)
    figures = summary(compared, loaded)
    show(compared, figures, loaded)
    write("onnx", figures)
    if fmean(compared.agreed["prompt"] + compared.agreed["keystroke"]) < BUDGET_AGREEMENT:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
