"""The processes that train one model together: what the loop asks of them."""

from __future__ import annotations

from torch import Tensor, nn


class Workers:
    """One process alone. Distributed training overrides all of it; the loop stays the same."""

    rank = 0
    """Number of this process, from 0."""
    count = 1

    def wrap(self, objective: nn.Module) -> nn.Module:
        """The module whose backward pass averages gradients over the workers (DistributedDataParallel)."""
        return objective

    def sum(self, value: Tensor) -> Tensor:
        """The sum of `value` over all workers."""
        return value
