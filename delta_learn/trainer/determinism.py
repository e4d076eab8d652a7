"""The same seed gives the same weights, bit for bit: what torch must be told for that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

_ERROR = 2


@contextmanager
def deterministic(threads: int) -> Iterator[None]:
    """Deterministic kernels on a fixed number of CPU threads; the former settings come back at the end.

    The number of threads decides how sums are cut, so it is part of what makes a run repeatable.
    """
    # As `use_deterministic_algorithms(True)`, which also imports torch's compiler: seconds, for nothing here.
    mode, before = torch.get_deterministic_debug_mode(), torch.get_num_threads()
    torch.set_deterministic_debug_mode(_ERROR)
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_deterministic_debug_mode(mode)
        torch.set_num_threads(before)


@contextmanager
def step_seed(seed: int, step: int, rank: int) -> Iterator[None]:
    """Dropout as a pure function of (seed, step, rank): a resumed run needs no generator state.

    Torch's own generator is as before when the block ends.
    """
    with torch.random.fork_rng():
        torch.manual_seed(int(np.random.SeedSequence([seed, step, rank]).generate_state(1)[0]))
        yield
