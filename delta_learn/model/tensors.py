"""Tensors of a model file as numpy arrays: weights.py without torch, for a process that only predicts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize

from delta_learn.errors import ModelError

Floats = NDArray[np.float32]


def tensors_from_bytes(data: bytes) -> dict[str, Floats]:
    """What `weights_to_bytes` made, by name; lower precisions are widened.

    Raises:
        ModelError: `data` is damaged, or holds numbers of another kind.
    """
    try:
        views = deserialize(data)  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise ModelError(f"The weights are damaged ({error}): train a new model.") from error
    return {name: _widened(view["dtype"], view["data"]).reshape(view["shape"]) for name, view in views}


def _widened(kind: str, data: bytes) -> Floats:
    if kind == "F32":
        return np.frombuffer(data, "<f4")
    if kind == "F16":
        return np.frombuffer(data, "<f2").astype(np.float32)
    if kind == "BF16":  # the upper half of a float32
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    raise ModelError(f"The weights are {kind} numbers, which this delta_learn does not know: update it.")
