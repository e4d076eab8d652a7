"""The loss: the one place where token losses are summed; who accumulates divides once, by the weight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 (PyTorch's own name for it)
from torch import Tensor, nn

from delta_learn.dataset.windows import Batch, Dataset
from delta_learn.model.gpt import DeltaModel


@dataclass(frozen=True, slots=True)
class TensorBatch:
    """A `Batch` on the model's device; every field is (B, T)."""

    ids: Tensor
    targets: Tensor
    segments: Tensor
    weights: Tensor

    @classmethod
    def of(cls, batch: Batch, device: torch.device) -> TensorBatch:
        """Copy the arrays of `batch` to `device`."""
        arrays = (batch.ids, batch.targets, batch.segments, batch.weights)
        return cls(*(torch.from_numpy(array).to(device) for array in arrays))


class LossSum(nn.Module):
    """Sum of weight * -ln P(target) over a batch: not a mean, because batches weigh differently."""

    def __init__(self, model: DeltaModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: TensorBatch) -> Tensor:
        """The sum, in nats, as a scalar."""
        counts = batch.weights > 0
        # The output layer is a fifth of the work: context-only tokens are spared it.
        hidden = self.model.hidden(batch.ids, batch.segments)[counts]  # (N, n_embed)
        losses = F.cross_entropy(self.model.logits(hidden).float(), batch.targets[counts], reduction="none")
        return losses @ batch.weights[counts]


@torch.inference_mode()
def mean_loss(model: DeltaModel, dataset: Dataset, rows: int, before_batch: Callable[[], None] = lambda: None) -> float:
    """Weighted mean of -ln P(target) over one epoch of `dataset`, in nats a token, without dropout."""
    device = model.embedding.weight.device
    objective, training = LossSum(model), model.training
    model.eval()
    loss = weight = 0.0
    for index in range(-(-dataset.rows_per_epoch() // rows)):
        before_batch()
        batch = TensorBatch.of(dataset.batch(0, index, rows), device)
        loss += float(objective(batch))
        weight += float(batch.weights.sum())
    model.train(training)
    return loss / max(weight, 1e-8)
