"""The processes that train one model together: what the loop asks of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from delta_learn.model.gpt import DeltaModel
    from delta_learn.trainer.checkpoint import Checkpoint

Save = Callable[[], None]


class Workers:
    """One process alone. `distributed.DistributedWorkers` overrides all of it; the loop stays the same.

    All workers call the same methods in the same order, or they would wait for each other for ever.
    """

    rank = 0
    """Number of this process, from 0."""
    count = 1

    def __init__(self, device: torch.device | None = None) -> None:
        self.device = device or torch.device("cpu")
        """Where this process trains."""

    def join(self, model: DeltaModel) -> None:
        """Begin a run: every worker has rank 0's weights, or its part of them."""

    def watch(self, save: Save) -> AbstractContextManager[None]:  # noqa: ARG002
        """Around a run: where a worker is lost, what was done is saved and the run ends with LostWorkerError."""
        return nullcontext()

    def without_gradients(self) -> AbstractContextManager[object]:
        """Around an evaluation."""
        return torch.inference_mode()

    def sum(self, value: Tensor) -> Tensor:
        """The sum of `value` over all workers."""
        return value

    def sum_gradients(self, model: DeltaModel) -> None:
        """Make every gradient the sum of all workers'."""

    def lead(self, decide: Callable[[Save], float | None], save: Save) -> float:
        """What rank 0 decides, the same number in all; None is 0. What `decide` gets saves the run, of all workers."""
        return decide(save) or 0.0

    def give(self, load: Callable[[], Checkpoint | None]) -> Checkpoint | None:
        """What rank 0, and it alone, loads."""
        return load()

    def whole(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """The tensors of a run with the parts of all workers put together."""
        return tensors

    def part(self, tensors: dict[str, Tensor], model: DeltaModel) -> dict[str, Tensor]:  # noqa: ARG002
        """The weights of a whole model as this worker's `model` has them: the inverse of `whole`."""
        return tensors

    def whole_model(self, model: DeltaModel) -> DeltaModel:
        """The model with all of its weights, once the run is over."""
        return model
