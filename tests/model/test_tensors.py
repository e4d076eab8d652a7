"""model/tensors.py: what torch writes, read without it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save

from delta_learn.errors import ModelError
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.tensors import tensors_from_bytes
from delta_learn.model.weights import weights_to_bytes


@pytest.mark.parametrize("dtype", [None, torch.bfloat16, torch.float16])
def test_every_tensor_is_what_torch_reads(dtype: torch.dtype | None) -> None:
    torch.manual_seed(0)
    model = DeltaModel(DeltaModelConfig(block_size=8, vocab_size=30, n_layer=2, n_head=2, n_embed=12))
    found = tensors_from_bytes(weights_to_bytes(model, dtype))
    expected = {name: tensor.to(dtype or tensor.dtype).float().numpy() for name, tensor in model.state_dict().items()}
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert found[name].dtype == np.float32
        np.testing.assert_array_equal(found[name], tensor)


def test_damaged_bytes_are_refused() -> None:
    data = save({"a": torch.ones(5)})
    for damaged in (b"", data[:-1], data[:20], data[:8] + b"x" + data[9:], b"\xff" * len(data)):
        with pytest.raises(ModelError, match="damaged"):
            tensors_from_bytes(damaged)


def test_numbers_of_another_kind_are_refused() -> None:
    with pytest.raises(ModelError, match="I64"):
        tensors_from_bytes(save({"a": torch.ones(2, dtype=torch.int64)}))
