"""Attention kernels beside the math backend, at block sizes from 256 to 8,192: difference, time, memory.

Rows of one session (no mask): what SDPA chooses. Rows of sessions of about 200 tokens: SDPA with a mask of bools, and
FlexAttention. Four query heads share two key/value heads; each size has as many rows as make 8,192 tokens. Memory is
what a forward and backward pass needs above its arguments. On CPUs FlexAttention is forward only.
Run: .venv/bin/python -m benchmarks.attention [--rounds N] [--sizes 256 512 ...] [--threads N]
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import statistics
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from benchmarks.histories import write
from delta_learn.model.attention import Mask, attend, segment_mask
from delta_learn.model.backends import attention_backend
from delta_learn.model.flex import block_mask, compiled_flex
from delta_learn.serving.memory import give_back_memory
from delta_learn.trainer.throughput import memory_bytes

SIZES = (256, 512, 1024, 2048, 4096, 8192)
TOKENS = 8192
"""Of a batch."""
SESSION = 200
HEADS, KV_HEADS, HEAD_DIM = 4, 2, 64
_PROC = Path("/proc/self")


@dataclass(frozen=True)
class Inputs:
    """What one size is measured with."""

    query: Tensor
    key: Tensor
    value: Tensor
    segments: Tensor
    weight: Tensor
    """Of the output, in the sum whose gradient is taken."""

    @classmethod
    def make(cls, size: int, device: torch.device) -> Inputs:
        """In bf16 on GPUs, float32 on CPUs."""
        dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
        rows = TOKENS // size
        torch.manual_seed(size)
        query, weight = (torch.randn(rows, HEADS, size, HEAD_DIM, device=device, dtype=dtype) for _ in range(2))
        key, value = (torch.randn(rows, KV_HEADS, size, HEAD_DIM, device=device, dtype=dtype) for _ in range(2))
        segments = (torch.rand(rows, size, device=device) < 1 / SESSION).cumsum(1).int()
        return cls(query, key, value, segments, weight)


@dataclass(frozen=True)
class Case:
    """One way to attend."""

    name: str
    mask: Callable[[Tensor], Mask]
    backend: SDPBackend | None = None
    flex: bool = False


def no_mask(_: Tensor) -> None:
    """Causal."""


CASES = {
    "one session": [Case("math", no_mask, SDPBackend.MATH), Case("chosen", no_mask)],
    "sessions": [
        Case("math", segment_mask, SDPBackend.MATH),
        Case("mask of bools", segment_mask),
        Case("flex", block_mask, flex=True),
    ],
}


@dataclass(frozen=True)
class Figures:
    """Of one case at one size."""

    size: int
    rows: str
    name: str
    backend: str
    difference: float
    """The largest from the math backend's outputs, or gradients where there are any, over their largest number."""
    forward_ms: float
    backward_ms: float | None
    """Of forward and backward pass; None where there is no backward pass."""
    memory_mb: float


def run(case: Case, inputs: Inputs, *, backward: bool) -> list[Tensor]:
    """Output, and the gradients of query, key and value."""
    arguments = [t.detach().requires_grad_(backward) for t in (inputs.query, inputs.key, inputs.value)]
    with nullcontext() if case.backend is None else sdpa_kernel(case.backend):
        out = attention(case, arguments, inputs.segments)
        gradients = torch.autograd.grad(out, arguments, inputs.weight) if backward else ()
    return [out.detach(), *gradients]


def attention(case: Case, arguments: list[Tensor], segments: Tensor) -> Tensor:
    """As a model attends, but for FlexAttention on CPUs: there a model has the mask of bools."""
    query, key, value = arguments
    mask = case.mask(segments)
    if mask is not None and not isinstance(mask, Tensor):
        return compiled_flex()(query, key, value, block_mask=mask, enable_gqa=True)
    return attend(query, key, value, mask)


def timed(function: Callable[[], object], rounds: int, device: torch.device) -> float:
    """Median milliseconds, after one round that compiles and allocates."""
    times = []
    for number in range(rounds + 1):
        start = time.perf_counter()
        function()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        if number:
            times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def needed_mb(function: Callable[[], object], device: torch.device) -> float:
    """Peak memory of a call above what there was before."""
    if device.type == "cuda":
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        function()
        return (torch.cuda.max_memory_allocated(device) - before) / 1e6
    give_back_memory()
    before = memory_bytes(device)
    (_PROC / "clear_refs").write_text("5")  # the peak begins anew (proc(5))
    function()
    peak = next(line for line in (_PROC / "status").read_text().splitlines() if line.startswith("VmHWM"))
    return (1024 * int(peak.split()[1]) - before) / 1e6


def difference(ours: list[Tensor], theirs: list[Tensor]) -> float:
    """The largest, over the largest number that there is."""
    pairs = list(zip(ours, theirs, strict=False))
    return max(float((a - b).abs().max() / b.abs().max()) for a, b in pairs)


def measure(size: int, device: torch.device, rounds: int) -> list[Figures]:
    """All cases at one size."""
    inputs, found = Inputs.make(size, device), []
    for rows, cases in CASES.items():
        expected = run(cases[0], inputs, backward=True)
        for case in cases:
            found.append(_figures(case, rows, inputs, expected, rounds))
            print(line(found[-1]), flush=True)
    return found


def _figures(case: Case, rows: str, inputs: Inputs, expected: list[Tensor], rounds: int) -> Figures:
    device, size = inputs.query.device, inputs.query.size(2)
    backward = not (case.flex and device.type == "cpu")
    with nullcontext() if case.backend is None else sdpa_kernel(case.backend):
        backend = attention_backend(inputs.query, inputs.key, inputs.value, case.mask(inputs.segments))
    forward_ms = timed(lambda: run(case, inputs, backward=False), rounds, device)
    backward_ms = timed(lambda: run(case, inputs, backward=True), rounds, device) if backward else None
    memory = needed_mb(lambda: run(case, inputs, backward=backward), device)
    off = difference(run(case, inputs, backward=backward), expected)
    return Figures(size, rows, case.name, backend, off, forward_ms, backward_ms, memory)


def line(figures: Figures) -> str:
    """A row of the table."""
    both = "-" if figures.backward_ms is None else f"{figures.backward_ms:.1f}"
    return (
        f"{figures.size:6} {figures.rows:12} {figures.name:14} {figures.backend:10}{figures.difference:10.1e}"
        f"{figures.forward_ms:11.1f}{both:>12}{figures.memory_mb:9.0f} MB"
    )


def main() -> None:
    """Print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    print(f"{name}, torch {torch.__version__}")
    print(f"{'size':>6} {'rows':12} {'case':14} {'backend':10}", end="")
    print(f"{'differs':>10}{'forward ms':>11}{'+ backward':>12}{'memory':>12}")
    found = [figures for size in arguments.sizes for figures in measure(size, device, arguments.rounds)]
    rows = [dataclasses.asdict(figures) for figures in found]
    write(f"attention-{device.type}", {"device": name, "torch": torch.__version__, "figures": rows})


if __name__ == "__main__":
    main()
