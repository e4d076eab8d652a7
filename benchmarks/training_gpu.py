"""The large preset on one GPU, in bf16: MFU by rows in a batch, beside a plain PyTorch loop; where the time goes.

Run: .venv/bin/python -m benchmarks.training --gpu [--rounds N]
"""

from __future__ import annotations

import dataclasses
import statistics
from dataclasses import dataclass

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.histories import write
from benchmarks.training import dataset, interleaved, ours, plain
from delta_learn.config import TrainConfig
from delta_learn.dataset.windows import Dataset
from delta_learn.model.backends import backend_for
from delta_learn.model.config import DeltaModelConfig, large
from delta_learn.model.gpt import DeltaModel
from delta_learn.trainer.loop import Trainer
from delta_learn.trainer.throughput import flops_per_token, memory_bytes, peak_flops

ROWS = (2, 4, 8, 16, 32, 64)
PROFILED_STEPS = 3
PROFILE_LINES = 20


@dataclass(frozen=True)
class Case:
    """One way to train."""

    name: str
    rows: int
    settings: dict[str, str | bool] = dataclasses.field(default_factory=dict)
    is_plain: bool = False


CASES = [
    *(Case("compiled", rows) for rows in ROWS),
    Case("compiled, blocks recomputed", 64, {"recompute": True}),
    Case("not compiled", 8, {"compile": "off"}),
    Case("plain PyTorch loop", 8, is_plain=True),
]


@dataclass(frozen=True)
class Figures:
    """What a case came to; None where it needs more memory than there is."""

    name: str
    rows: int
    tokens_per_second: float | None = None
    mfu: float | None = None
    memory_bytes: int | None = None


def measure(rounds: int, shape: DeltaModelConfig | None = None) -> None:
    """Print a table of all cases and a profile of the fastest one, write JSON."""
    if not torch.cuda.is_available():
        raise SystemExit("There is no GPU here that PyTorch can use.")
    shape, device = shape or large(), torch.device("cuda")
    data = dataset(shape.block_size, vocab=shape.vocab_size, sessions=2000, longest=4 * shape.block_size)
    name = torch.cuda.get_device_name(device)
    backend = backend_for(shape, 8, shape.block_size, device, torch.bfloat16, masked=True)
    alone = backend_for(shape, 8, shape.block_size, device, torch.bfloat16, masked=False)
    print(f"{name}, torch {torch.__version__}: {backend} attention, {alone} for rows of one session")
    print(f"{'':30}{'rows':>6}{'tokens/s':>12}{'MFU':>8}{'memory':>10}")
    found = []
    for case in CASES:
        figures = of_case(case, shape, data, device, rounds)
        found.append(figures)
        print(line(figures), flush=True)
    best = max((f for f in found if f.name == "compiled"), key=lambda f: f.tokens_per_second or 0)
    table = profiled(shape, data, device, best.rows)
    print(table)
    write("training-gpu", {"gpu": name, "cases": [dataclasses.asdict(f) for f in found], "profile": table})


def of_case(case: Case, shape: DeltaModelConfig, data: Dataset, device: torch.device, rounds: int) -> Figures:
    """Measure one case with memory of its own."""
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(device)
    try:
        return _figures(case, shape, data, device, rounds)
    except torch.cuda.OutOfMemoryError:
        return Figures(case.name, case.rows)


def _figures(case: Case, shape: DeltaModelConfig, data: Dataset, device: torch.device, rounds: int) -> Figures:
    config = _config(shape, case)
    model = DeltaModel(shape).to(device).train()
    trainer = Trainer(model, config, data)
    with trainer.feed:
        step = plain(model, config, data, torch.bfloat16) if case.is_plain else ours(trainer)
        speeds = interleaved({case.name: step}, rounds)[case.name]
    rate = statistics.median(speeds)
    peak = peak_flops(torch.cuda.get_device_name(device), "bf16")
    mfu = None if peak is None else rate * flops_per_token(model, shape.block_size) / peak
    return Figures(case.name, case.rows, rate, mfu, memory_bytes(device))


def _config(shape: DeltaModelConfig, case: Case) -> TrainConfig:
    changes: dict[str, object] = {"amp": "bf16", "row_tokens": shape.block_size, "batch_rows": case.rows}
    return dataclasses.replace(TrainConfig(), **changes, **case.settings)  # type: ignore[arg-type]


def profiled(shape: DeltaModelConfig, data: Dataset, device: torch.device, rows: int) -> str:
    """The kernels of a few compiled steps, the longest first."""
    torch.cuda.empty_cache()
    trainer = Trainer(DeltaModel(shape).to(device).train(), _config(shape, Case("compiled", rows)), data)
    step = ours(trainer)
    with trainer.feed:
        for number in range(2):
            step(number)
        with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as profiler:
            for number in range(2, 2 + PROFILED_STEPS):
                step(number)
            torch.cuda.synchronize(device)
    return str(profiler.key_averages().table(sort_by="self_cuda_time_total", row_limit=PROFILE_LINES))


def line(figures: Figures) -> str:
    """A row of the table."""
    start = f"{figures.name:30}{figures.rows:6}"
    if figures.tokens_per_second is None or figures.memory_bytes is None:
        return f"{start}{'more memory than there is':>30}"
    mfu = "-" if figures.mfu is None else f"{100 * figures.mfu:.1f} %"
    return f"{start}{figures.tokens_per_second:12,.0f}{mfu:>8}{figures.memory_bytes / 1e9:7.1f} GB"
