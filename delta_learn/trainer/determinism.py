"""The same seed gives the same weights, bit for bit: what torch must be told for that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

_WARN, _ERROR = 1, 2


@contextmanager
def deterministic(threads: int, device: torch.device | None = None) -> Iterator[None]:
    """Deterministic kernels on a fixed number of CPU threads; the former settings come back at the end.

    The number of threads decides how sums are cut, so it is part of what makes a run repeatable. torchrun allows
    one (OMP_NUM_THREADS); this overrides it. On GPUs an operation that has no such kernel warns and goes on.
    """
    # As `use_deterministic_algorithms(True)`, which also imports torch's compiler: seconds, for nothing here.
    mode, before = torch.get_deterministic_debug_mode(), torch.get_num_threads()
    torch.set_deterministic_debug_mode(_WARN if device is not None and device.type == "cuda" else _ERROR)
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_deterministic_debug_mode(mode)
        torch.set_num_threads(before)


@contextmanager
def batch_seed(seed: int, number: int, device: torch.device) -> Iterator[None]:
    """Dropout as a pure function of (seed, number of the batch), whichever worker has it: no generator state to keep.

    Torch's own generators are as before when the block ends.
    """
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(int(np.random.SeedSequence([seed, number]).generate_state(1)[0]))
        yield
