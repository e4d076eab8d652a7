"""Automatic mixed precision: the number format of the forward pass, and gradient scaling for fp16."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from delta_learn.errors import ConfigError
from delta_learn.trainer.optim import Optimizers

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class Precision:
    """Autocast, backward and optimizer step in one number format; weights stay float32.

    `auto` is bf16 on GPUs that compute in it and fp32 elsewhere. On a CPU with AVX512-BF16 but without AMX,
    bf16 autocast runs the small preset at 0.6 times the speed of fp32 (benchmarks/training.py).
    """

    def __init__(self, name: str, device: torch.device) -> None:
        """Raises:
        ConfigError: there is no such format.
        """
        if name != "auto" and name not in _DTYPES:
            raise ConfigError(f"train.amp must be auto, {', '.join(_DTYPES)}, not {name!r}.")
        self.name = _automatic(device) if name == "auto" else name
        self.dtype = _DTYPES[self.name]
        self.device = device
        self._scaler = torch.amp.GradScaler(device.type, enabled=self.name == "fp16")

    def autocast(self) -> torch.autocast:
        """The context of the forward pass."""
        return torch.autocast(self.device.type, self.dtype, enabled=self.name != "fp32")

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of `loss`, scaled so that small ones do not vanish in fp16."""
        torch.autograd.backward(self._scaler.scale(loss))

    def step(self, optimizers: Optimizers, model: nn.Module, clip_norm: float) -> None:
        """Unscale, clip the norm of all gradients together, step; with fp16, an overflow skips the step.

        It skips it for both optimizers, wherever the overflow is: clipped by an infinite norm, the other's gradients
        would be zeros, of which AdamW makes a step of its momentum.
        """
        for optimizer in optimizers.named().values():
            self._scaler.unscale_(optimizer)
        norm = nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
        if not self._scaler.is_enabled() or norm.isfinite():
            for optimizer in optimizers.named().values():
                self._scaler.step(optimizer)
        self._scaler.update()
        optimizers.zero_grad()

    def state(self) -> dict[str, float]:
        """The scaler's numbers; empty without fp16."""
        return self._scaler.state_dict()

    def load_state(self, state: dict[str, float]) -> None:
        """Restore what `state` gave."""
        if state:
            self._scaler.load_state_dict(state)


def _automatic(device: torch.device) -> str:
    return "bf16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "fp32"
