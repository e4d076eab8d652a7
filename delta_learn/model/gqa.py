"""A model with fewer key/value heads, from one that has more: groups of heads become their mean."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from delta_learn.errors import ModelError
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.weights import load_exactly

_POOLED = (".attention.key.", ".attention.value.")


def to_grouped(model: DeltaModel, kv_heads: int) -> DeltaModel:
    """A new model with `kv_heads` key/value heads, made by mean pooling (arXiv 2305.13245, section 2.1).

    It says the same as `model` where the heads of each group were equal. Else it has lost something; to learn it again,
    the paper trains on for a twentieth of the steps that `model` took.

    Raises:
        ModelError: `kv_heads` does not divide the number of key/value heads.
    """
    config = model.config
    if kv_heads < 1 or config.kv_heads % kv_heads:
        raise ModelError(f"{config.kv_heads} key/value heads cannot be pooled into {kv_heads} groups of equal size.")
    grouped = DeltaModel(replace(config, n_kv_head=kv_heads)).to(model.embedding.weight)
    shape = (kv_heads, config.kv_heads // kv_heads, config.head_dim)
    load_exactly(
        grouped,
        {
            name: _pooled(tensor, shape) if any(part in name for part in _POOLED) else tensor
            for name, tensor in model.state_dict().items()
        },
    )
    return grouped.train(model.training)


def _pooled(tensor: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Rows of `tensor` (kv_heads * head_dim, ...) by group, averaged over the heads of each."""
    groups = tensor.view(*shape, *tensor.shape[1:])
    return groups.mean(1).flatten(0, 1)
