"""How well a run uses its hardware: tokens a second, part of the peak (MFU), memory."""

from __future__ import annotations

import logging
import os
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from delta_learn.config import TrainConfig
from delta_learn.model.backends import backend_for
from delta_learn.model.gpt import DeltaModel
from delta_learn.trainer.precision import Precision

logger = logging.getLogger(__name__)

PEAKS: dict[str, dict[str, float]] = {
    "B200": {"bf16": 2250e12, "fp16": 2250e12},
    "H200": {"bf16": 989e12, "fp16": 989e12, "fp32": 67e12},
    "H100 NVL": {"bf16": 835e12, "fp16": 835e12, "fp32": 60e12},
    "H100 PCIe": {"bf16": 756e12, "fp16": 756e12, "fp32": 51e12},
    "H100": {"bf16": 989e12, "fp16": 989e12, "fp32": 67e12},
    "A100": {"bf16": 312e12, "fp16": 312e12, "fp32": 19.5e12},
    "L40S": {"bf16": 362e12, "fp16": 362e12, "fp32": 91.6e12},
    "L4": {"bf16": 121e12, "fp16": 121e12, "fp32": 30.3e12},
    "A10": {"bf16": 125e12, "fp16": 125e12, "fp32": 31.2e12},
    "V100": {"fp16": 125e12, "fp32": 15.7e12},
    "T4": {"fp16": 65e12, "fp32": 8.1e12},
    "RTX 4090": {"bf16": 165.2e12, "fp16": 165.2e12, "fp32": 82.6e12},
    "RTX 3090": {"bf16": 71e12, "fp16": 71e12, "fp32": 35.6e12},
}
"""FLOP/s of dense matrix products that add up in fp32, as their makers state them; fp32 without TF32, which torch uses
only when told to. Where one name is a part of another, the longer one comes first."""

_WINDOW = 20
"""Steps that a figure is of: the first ones, in which kernels are compiled, soon no longer count."""
_LOG_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Rates:
    """Of the newest steps."""

    tokens_per_second: float
    """Of all workers."""
    mfu: float | None
    """Part of the GPUs' peak that the model's own arithmetic takes; None on CPUs and unknown GPUs."""
    memory_bytes: int
    """On a GPU the most that this worker had allocated, else what this process has in memory now."""

    def __str__(self) -> str:
        used = "" if self.mfu is None else f"MFU {100 * self.mfu:.0f} %, "
        return f"{self.tokens_per_second:,.0f} tokens/s, {used}{self.memory_bytes / 1e9:.1f} GB"


def flops_per_token(model: DeltaModel, tokens: int) -> float:
    """Of forward and backward pass in rows of `tokens`: 6 N + 12 L H Q T (PaLM, arXiv 2204.02311, appendix B).

    N counts the embedding once, which is also the output layer. As there, causal and session masks are not taken off,
    and what is computed twice to save memory is not added.
    """
    config = model.config
    return 6 * model.parameter_count() + 12 * config.n_layer * config.n_head * config.head_dim * tokens


def peak_flops(name: str, precision: str) -> float | None:
    """FLOP/s of the GPU that calls itself `name`, in `bf16`, `fp16` or `fp32`; None where it is not known."""
    for known, peaks in PEAKS.items():
        if re.search(rf"\b{known.replace(' ', '.*')}\b", name):
            return peaks.get(precision)
    return None


class Meter:
    """Measures a run, step by step, and writes a line to the log every minute."""

    def __init__(
        self,
        model: DeltaModel,
        config: TrainConfig,
        precision: Precision,
        workers: int = 1,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Log what is going to run: size, arithmetic, the kernel of attention, bytes of a KV cache."""
        self._device = precision.device
        self._flops = flops_per_token(model, config.row_tokens)
        gpu = torch.cuda.get_device_name(self._device) if self._device.type == "cuda" else ""
        peak = peak_flops(gpu, precision.name)
        self._peak = None if peak is None else peak * workers
        self._steps: deque[tuple[int, float]] = deque(maxlen=_WINDOW)
        self._clock = clock
        self._logged = clock()
        backend = backend_for(
            model.config, config.batch_rows, config.row_tokens, self._device, precision.dtype, masked=True
        )
        logger.info(
            "%.1fM parameters on %s in %s: %.1f MFLOPs a token, %s attention, %d bytes of KV cache a token",
            model.parameter_count() / 1e6, gpu or self._device.type, precision.name, self._flops / 1e6, backend,
            model.config.kv_bytes_per_token(precision.dtype),
        )  # fmt: skip

    def step(self, tokens: int, seconds: float) -> Rates:
        """Count a step of `tokens`, of all workers, that took `seconds`."""
        self._steps.append((tokens, seconds))
        rate = sum(t for t, _ in self._steps) / max(sum(s for _, s in self._steps), 1e-9)
        mfu = None if self._peak is None else rate * self._flops / self._peak
        rates = Rates(rate, mfu, memory_bytes(self._device))
        if self._clock() - self._logged >= _LOG_SECONDS:
            self._logged = self._clock()
            logger.info("%s", rates)
        return rates


def memory_bytes(device: torch.device) -> int:
    """The most that was allocated on a GPU; on a CPU, what this process holds now. 0 where the system does not say."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
