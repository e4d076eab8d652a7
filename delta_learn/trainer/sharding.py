"""Weights, gradients and optimizer state split among the workers (FSDP2), for a model that outgrows a GPU."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import torch
from torch import Tensor
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard, register_fsdp_forward_method
from torch.distributed.tensor import DTensor, Replicate

from delta_learn.model.gpt import DeltaModel
from delta_learn.trainer.distributed import TIMEOUT, DistributedWorkers, watch
from delta_learn.trainer.workers import Save


class ShardedWorkers(DistributedWorkers):
    """Each worker keeps a part of every matrix and gathers a block when it computes it.

    A lost worker takes its part with it: the run goes on from the last checkpoint, not from the last step.
    """

    def __init__(self, device: torch.device, timeout: timedelta = TIMEOUT) -> None:
        super().__init__(device, timeout)
        self._mesh = init_device_mesh(device.type, (self.count,))

    def join(self, model: DeltaModel) -> None:
        """Give all of them their part of rank 0's weights; from now on parameters are DTensors."""
        super().join(model)
        for block in model.blocks:
            fully_shard(block, mesh=self._mesh)
        fully_shard(model, mesh=self._mesh)
        # The loss needs no logits of context, so it calls this and not `forward`.
        register_fsdp_forward_method(model, "hidden")
        for module in model.modules():
            if isinstance(module, FSDPModule):
                module.set_gradient_divide_factor(1.0)  # a sum, as everywhere
                module.set_force_sum_reduction_for_comms(True)  # gloo knows no multiplication on the way

    def watch(self, save: Save) -> AbstractContextManager[None]:  # noqa: ARG002
        """As `DistributedWorkers.watch`, but nothing can be saved: parts are missing."""
        return watch(None)

    def without_gradients(self) -> AbstractContextManager[object]:
        """FSDP2 keeps what it gathers, and tensors of the inference mode could not be trained with."""
        return torch.no_grad()

    def sum_gradients(self, model: DeltaModel) -> None:
        """The backward pass has summed them."""

    def whole(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """All parts put together, one tensor after the other; in rank 0 alone, the others get nothing."""
        found = {}
        for name, tensor in tensors.items():
            full = tensor.full_tensor() if isinstance(tensor, DTensor) else tensor
            if self.rank == 0:
                found[name] = full.cpu()
        return found

    def part(self, tensors: dict[str, Tensor], model: DeltaModel) -> dict[str, Tensor]:
        """This worker's part of each of the tensors, whole in all of them."""
        like = model.state_dict()
        return {name: cut(tensor, like[name]) for name, tensor in tensors.items()}

    def whole_model(self, model: DeltaModel) -> DeltaModel:
        """A plain model on the CPU; only rank 0's has the weights."""
        weights = self.whole(model.state_dict())
        whole = DeltaModel(model.config)
        if self.rank == 0:
            whole.load_state_dict(weights)
        return whole.eval()


def cut(tensor: Tensor, like: Tensor) -> Tensor:
    """The part of `tensor`, whole in every worker, that this one has of `like`; itself where `like` is whole."""
    if not isinstance(like, DTensor) or tensor.shape != like.shape:
        return tensor
    replica = DTensor.from_local(tensor.to(like.device), like.device_mesh, [Replicate()] * like.device_mesh.ndim)
    return replica.redistribute(placements=like.placements)


def on_whole(function: Callable[[Tensor], Tensor], tensor: Tensor) -> Tensor:
    """`function` of a matrix that may be split: gathered, computed by every worker, and cut again."""
    return cut(function(tensor.full_tensor()), tensor) if isinstance(tensor, DTensor) else function(tensor)
