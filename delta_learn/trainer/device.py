"""Which device trains: `train.device` and what there is."""

from __future__ import annotations

import os

import torch

from delta_learn.errors import ConfigError


def training_device(wanted: str, local_rank: int = 0) -> torch.device:
    """The device of this process: `wanted` is `cpu`, `cuda`, or `auto`, a GPU if there is one.

    Args:
        wanted: `train.device`.
        local_rank: number of this process on this machine; each has a GPU of its own.

    Raises:
        ConfigError: there is no such GPU.
    """
    if wanted == "cpu" or (wanted == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    gpus = torch.cuda.device_count()
    if local_rank >= gpus:
        raise ConfigError(
            f"Training on GPU {local_rank} was asked for, and this machine shows {gpus} to PyTorch: set train.device "
            "to cpu, or ask for fewer."
        )
    # cuBLAS reads it when the first handle is made; without it matrix products are not repeatable.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    device = torch.device("cuda", local_rank)
    torch.cuda.set_device(device)
    return device
