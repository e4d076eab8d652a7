"""The loss: the one place where token losses are summed; who accumulates divides once, by the weight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F  # noqa: N812 (PyTorch's own name for it)
from torch import Tensor, nn

from delta_learn.dataset.windows import Batch, Dataset
from delta_learn.model.gpt import DeltaModel
from delta_learn.trainer.plan import share
from delta_learn.trainer.workers import Workers


@dataclass(frozen=True, slots=True)
class TensorBatch:
    """A `Batch` on the model's device; every field is (B, T)."""

    ids: Tensor
    targets: Tensor
    segments: Tensor
    weights: Tensor

    @classmethod
    def of(cls, batch: Batch, device: torch.device) -> TensorBatch:
        """Copy the arrays of `batch` to `device`; to a GPU without waiting for it."""
        tensors = [torch.from_numpy(array) for array in (batch.ids, batch.targets, batch.segments, batch.weights)]
        if device.type == "cuda":
            tensors = [tensor.pin_memory() for tensor in tensors]
        return cls(*(tensor.to(device, non_blocking=True) for tensor in tensors))

    def weightless(self) -> TensorBatch:
        """The same rows without a say: what a worker works on while others have a batch left."""
        return replace(self, weights=torch.zeros_like(self.weights))


class LossSum(nn.Module):
    """Sum of weight * -ln P(target) over a batch: not a mean, because batches weigh differently."""

    def __init__(self, model: DeltaModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: TensorBatch) -> Tensor:
        """The sum, in nats, as a scalar."""
        if batch.weights.device.type != "cpu" or torch.compiler.is_compiling():
            return self._over_all(batch)
        counts = batch.weights > 0
        # The output layer is a fifth of the work: context-only tokens are spared it.
        hidden = self.model.hidden(batch.ids, batch.segments)[counts]  # (N, n_embed)
        losses = F.cross_entropy(self.model.logits(hidden).float(), batch.targets[counts], reduction="none")
        return losses @ batch.weights[counts]

    def _over_all(self, batch: TensorBatch) -> Tensor:
        """The sum again, in shapes that do not depend on the data: a GPU would wait for them, a compiler begin anew."""
        logits = self.model.logits(self.model.hidden(batch.ids, batch.segments)).float()
        losses = F.cross_entropy(logits.flatten(0, 1), batch.targets.flatten(), reduction="none")
        return losses @ batch.weights.flatten()


def mean_loss(
    model: DeltaModel,
    dataset: Dataset,
    rows: int,
    before_batch: Callable[[], None] = lambda: None,
    workers: Workers | None = None,
) -> float:
    """Weighted mean of -ln P(target) over one epoch of `dataset`, in nats a token, without dropout.

    The workers share the batches; all get the same mean.
    """
    workers, device = workers or Workers(), model.embedding.weight.device
    objective, training = LossSum(model), model.training
    model.eval()
    loss = weight = 0.0
    with workers.without_gradients():
        for index in share(range(-(-dataset.rows_per_epoch() // rows)), workers.rank, workers.count):
            before_batch()
            batch = TensorBatch.of(dataset.batch(0, index or 0, rows), device)
            batch = batch.weightless() if index is None else batch
            loss += float(objective(batch))
            weight += float(batch.weights.sum())
    model.train(training)
    totals = workers.sum(torch.tensor([loss, weight], dtype=torch.float64, device=device))
    return float(totals[0]) / max(float(totals[1]), 1e-8)
