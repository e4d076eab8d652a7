"""Muon for the matrices of the blocks, AdamW for embeddings and vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from torch import Tensor, nn

from delta_learn.config import TrainConfig

MOMENTUM = 0.95
ADAM_BETAS = (0.9, 0.95)
_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
_ITERATIONS = 5


class Muon(torch.optim.Optimizer):
    """Momentum whose updates are made orthogonal (Keller Jordan, https://kellerjordan.github.io/posts/muon/).

    As `torch.optim.Muon`, which iterates in bfloat16 whatever the device: on CPUs that takes twice as long
    as float32 (benchmarks/training.py).
    """

    def __init__(self, matrices: Iterable[nn.Parameter], *, lr: float, weight_decay: float) -> None:
        super().__init__(matrices, {"lr": lr, "weight_decay": weight_decay})

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Update every matrix that has a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for matrix in group["params"]:
                if matrix.grad is not None:
                    self._update(matrix, matrix.grad, group["lr"], group["weight_decay"])
        return loss

    def _update(self, matrix: Tensor, gradient: Tensor, rate: float, decay: float) -> None:
        state = self.state[matrix]
        if not state:
            state["momentum"] = torch.zeros_like(gradient)
        momentum = state["momentum"].lerp_(gradient, 1 - MOMENTUM)
        direction = orthogonalize(gradient.lerp(momentum, MOMENTUM))  # Nesterov
        rows, columns = matrix.shape
        matrix.mul_(1 - rate * decay)
        matrix.add_(direction, alpha=-rate * max(1, rows / columns) ** 0.5)


def orthogonalize(matrix: Tensor) -> Tensor:
    """The nearest matrix whose singular values all lie near 1, by a quintic Newton-Schulz iteration.

    The coefficients trade exactness for speed: singular values come out between about 0.7 and 1.2.
    """
    a, b, c = _NEWTON_SCHULZ
    tall = matrix.size(0) > matrix.size(1)
    x = (matrix.mT if tall else matrix).to(torch.float32 if matrix.device.type == "cpu" else torch.bfloat16)
    x = x / x.norm().clamp(min=1e-7)
    for _ in range(_ITERATIONS):
        gram = x @ x.mT
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.mT if tall else x).to(matrix.dtype)


class Optimizers:
    """Both optimizers of a model as one: rates, steps and state."""

    def __init__(self, model: nn.Module, config: TrainConfig) -> None:
        matrices, others = split_parameters(model)
        self.muon = Muon(matrices, lr=config.learning_rate, weight_decay=config.weight_decay)
        self.adam = torch.optim.AdamW(
            others,
            lr=config.adam_learning_rate,
            betas=ADAM_BETAS,
            weight_decay=config.weight_decay,
            fused=True,
        )
        self._peaks = {"muon": config.learning_rate, "adam": config.adam_learning_rate}

    def named(self) -> dict[str, torch.optim.Optimizer]:
        """The optimizers by name."""
        return {"muon": self.muon, "adam": self.adam}

    def set_rate(self, factor: float) -> None:
        """Set every learning rate to `factor` of its peak."""
        for name, optimizer in self.named().items():
            for group in optimizer.param_groups:
                group["lr"] = self._peaks[name] * factor

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for optimizer in self.named().values():
            optimizer.zero_grad(set_to_none=True)

    def tensors(self) -> dict[str, Tensor]:
        """The state, as NAME.PARAMETER.KEY -> tensor."""
        return {
            f"{name}.{number}.{key}": value
            for name, optimizer in self.named().items()
            for number, state in optimizer.state_dict()["state"].items()
            for key, value in state.items()
        }

    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Restore what `tensors` gave; rates and other settings stay those of this configuration."""
        states: dict[str, dict[int, dict[str, Any]]] = {name: {} for name in self.named()}
        for path, value in tensors.items():
            name, number, key = path.split(".")
            states[name].setdefault(int(number), {})[key] = value
        for name, optimizer in self.named().items():
            groups = optimizer.state_dict()["param_groups"]
            optimizer.load_state_dict({"state": states[name], "param_groups": groups})


def split_parameters(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """(matrices of linear layers, everything else): embeddings are tables of vectors, not maps."""
    chosen = {id(module.weight) for module in model.modules() if isinstance(module, nn.Linear)}
    parameters = list(model.parameters())
    return [p for p in parameters if id(p) in chosen], [p for p in parameters if id(p) not in chosen]
