"""Muon for the matrices of the blocks, AdamW for embeddings and vectors."""

from __future__ import annotations

from collections import defaultdict
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

    def __init__(
        self, matrices: Iterable[nn.Parameter], *, lr: float, weight_decay: float, batched: bool | None = None
    ) -> None:
        """`batched`: update all matrices of one shape at once; by default on GPUs, which small products leave idle."""
        super().__init__(matrices, {"lr": lr, "weight_decay": weight_decay})
        self._batched = batched

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
            alike: dict[torch.Size, list[Tensor]] = defaultdict(list)
            for matrix in group["params"]:
                if matrix.grad is None:
                    continue
                if self._is_batched(matrix):
                    alike[matrix.shape].append(matrix)
                else:
                    self._update(matrix, matrix.grad, group["lr"], group["weight_decay"])
            for matrices in alike.values():
                self._update_all(matrices, group["lr"], group["weight_decay"])
        return loss

    def _is_batched(self, matrix: Tensor) -> bool:
        wanted = matrix.device.type == "cuda" if self._batched is None else self._batched
        return wanted and not _is_split(matrix)

    def _momentum(self, matrix: Tensor) -> Tensor:
        state = self.state[matrix]
        if not state:
            state["momentum"] = torch.zeros_like(matrix)
        momentum: Tensor = state["momentum"]
        return momentum

    def _update_all(self, matrices: list[Tensor], rate: float, decay: float) -> None:
        """As `_update`, for matrices of one shape."""
        gradients = [matrix.grad for matrix in matrices if matrix.grad is not None]
        momenta = [self._momentum(matrix) for matrix in matrices]
        torch._foreach_lerp_(momenta, gradients, 1 - MOMENTUM)
        ahead = torch._foreach_lerp(gradients, momenta, MOMENTUM)  # Nesterov
        directions = orthogonalize(torch.stack(ahead)).unbind()
        rows, columns = matrices[0].shape
        torch._foreach_mul_(matrices, 1 - rate * decay)
        torch._foreach_add_(matrices, directions, alpha=-rate * max(1, rows / columns) ** 0.5)

    def _update(self, matrix: Tensor, gradient: Tensor, rate: float, decay: float) -> None:
        momentum = self._momentum(matrix).lerp_(gradient, 1 - MOMENTUM)
        direction = _of_whole(orthogonalize, gradient.lerp(momentum, MOMENTUM))  # Nesterov
        rows, columns = matrix.shape
        matrix.mul_(1 - rate * decay)
        matrix.add_(direction, alpha=-rate * max(1, rows / columns) ** 0.5)


def orthogonalize(matrix: Tensor) -> Tensor:
    """The nearest matrix whose singular values all lie near 1, by a quintic Newton-Schulz iteration.

    Of a stack (n, rows, columns): of each. The coefficients trade exactness for speed: singular values come out between
    about 0.7 and 1.2.
    """
    a, b, c = _NEWTON_SCHULZ
    tall = matrix.size(-2) > matrix.size(-1)
    x = (matrix.mT if tall else matrix).to(torch.float32 if matrix.device.type == "cpu" else torch.bfloat16)
    x = x / (x.norm() if x.dim() == 2 else x.norm(dim=(-2, -1), keepdim=True)).clamp(min=1e-7)
    add = torch.addmm if x.dim() == 2 else torch.baddbmm
    for _ in range(_ITERATIONS):
        gram = x @ x.mT
        x = add(x, add(gram, gram, gram, beta=b, alpha=c), x, beta=a)
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
            parameter = self.named()[name].param_groups[0]["params"][int(number)]
            states[name].setdefault(int(number), {})[key] = _part_of(value, parameter)
        for name, optimizer in self.named().items():
            groups = optimizer.state_dict()["param_groups"]
            optimizer.load_state_dict({"state": states[name], "param_groups": groups})


def _of_whole(function: Callable[[Tensor], Tensor], tensor: Tensor) -> Tensor:
    """`function` of a matrix, of which each worker may have a part."""
    if not _is_split(tensor):
        return function(tensor)
    from delta_learn.trainer.sharding import on_whole

    return on_whole(function, tensor)


def _part_of(state: Tensor, parameter: Tensor) -> Tensor:
    """What belongs to `parameter`, of which each worker may have a part."""
    if not _is_split(parameter):
        return state
    from delta_learn.trainer.sharding import cut

    return cut(state, parameter)


def _is_split(tensor: Tensor) -> bool:
    """Whether it is a DTensor, without the import of their module that takes half a second."""
    return hasattr(tensor, "full_tensor")


def split_parameters(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """(matrices of linear layers, everything else): embeddings are tables of vectors, not maps."""
    chosen = {id(module.weight) for module in model.modules() if isinstance(module, nn.Linear)}
    parameters = list(model.parameters())
    return [p for p in parameters if id(p) in chosen], [p for p in parameters if id(p) not in chosen]
