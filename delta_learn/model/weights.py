"""Weights as safetensors bytes: named tensors and no code, unlike a pickle."""

from __future__ import annotations

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from delta_learn.errors import ModelError
from delta_learn.model.gpt import DeltaModel


def weights_to_bytes(model: DeltaModel, dtype: torch.dtype | None = None) -> bytes:
    """The model's weights, rounded to `dtype` where one is given; their names are those of `state_dict`."""
    return save({name: tensor.to(dtype or tensor.dtype).contiguous() for name, tensor in model.state_dict().items()})


def weights_from_bytes(model: DeltaModel, data: bytes) -> None:
    """Give `model` the weights that `weights_to_bytes` made of a model with the same configuration.

    The model keeps its own precision: weights in bf16 are widened.

    Raises:
        ModelError: `data` is damaged, or its names or shapes are not this model's.
    """
    try:
        tensors = load(data)
    except SafetensorError as error:
        raise ModelError(f"The weights are damaged ({error}): train a new model.") from error
    load_exactly(model, tensors)


def load_exactly(model: DeltaModel, tensors: dict[str, Tensor]) -> None:
    """Copy `tensors` into the model, all of them and nothing else.

    Raises:
        ModelError: a name is missing or unknown, or a shape differs.
    """
    expected = {name: tensor.shape for name, tensor in model.state_dict().items()}
    found = {name: tensor.shape for name, tensor in tensors.items()}
    wrong = sorted(n for n in expected.keys() | found.keys() if expected.get(n) != found.get(n))
    if wrong:
        raise ModelError(
            f"The weights are another model's: {wrong[0]} has shape {_shape(found, wrong[0])}, "
            f"{_shape(expected, wrong[0])} is expected; train a new model."
        )
    with torch.no_grad():
        model.load_state_dict(tensors)


def _shape(shapes: dict[str, torch.Size], name: str) -> str:
    return str(tuple(shapes[name])) if name in shapes else "none"
