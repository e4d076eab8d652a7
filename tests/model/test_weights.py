from __future__ import annotations

import pytest
import torch
from safetensors.torch import load

from delta_learn.errors import ModelError
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.weights import load_exactly, weights_from_bytes, weights_to_bytes

CONFIG = DeltaModelConfig(block_size=8, vocab_size=16, n_layer=2, n_head=2, n_embed=16)


def test_weights_survive_bytes() -> None:
    model, other = DeltaModel(CONFIG), DeltaModel(CONFIG)
    weights_from_bytes(other, weights_to_bytes(model))
    for name, tensor in model.state_dict().items():
        assert torch.equal(other.state_dict()[name], tensor)


def test_the_bytes_are_the_same_for_the_same_weights() -> None:
    model = DeltaModel(CONFIG)
    assert weights_to_bytes(model) == weights_to_bytes(model)


def test_a_block_size_more_or_less_changes_no_weights() -> None:
    longer = DeltaModelConfig(block_size=16, vocab_size=16, n_layer=2, n_head=2, n_embed=16)
    weights_from_bytes(DeltaModel(longer), weights_to_bytes(DeltaModel(CONFIG)))


@pytest.mark.parametrize(
    "other",
    [
        DeltaModelConfig(block_size=8, vocab_size=17, n_layer=2, n_head=2, n_embed=16),
        DeltaModelConfig(block_size=8, vocab_size=16, n_layer=3, n_head=2, n_embed=16),
        DeltaModelConfig(block_size=8, vocab_size=16, n_layer=1, n_head=2, n_embed=16),
    ],
    ids=["shape", "missing", "unknown"],
)
def test_another_models_weights_are_refused(other: DeltaModelConfig) -> None:
    model = DeltaModel(CONFIG)
    before = weights_to_bytes(model)
    with pytest.raises(ModelError, match="another model's"):
        weights_from_bytes(model, weights_to_bytes(DeltaModel(other)))
    assert weights_to_bytes(model) == before


@pytest.mark.parametrize("cut", [0, 4, 100, -1])
def test_damaged_weights_are_refused(cut: int) -> None:
    model = DeltaModel(CONFIG)
    with pytest.raises(ModelError, match="damaged"):
        weights_from_bytes(model, weights_to_bytes(model)[:cut])


def test_a_missing_tensor_is_named() -> None:
    model = DeltaModel(CONFIG)
    tensors = model.state_dict()
    del tensors["embedding.weight"]
    with pytest.raises(ModelError, match=r"embedding\.weight has shape none, \(16, 16\) is expected"):
        load_exactly(model, tensors)


def test_weights_in_bf16_are_half_as_large_and_widened() -> None:
    model, other = DeltaModel(CONFIG), DeltaModel(CONFIG)
    data = weights_to_bytes(model, torch.bfloat16)
    weights_from_bytes(other, data)
    for name, tensor in other.state_dict().items():
        assert tensor.dtype == torch.float32
        assert torch.equal(tensor, model.state_dict()[name].bfloat16().float())
    assert sum(t.numel() * t.element_size() for t in load(data).values()) * 2 == sum(
        t.numel() * t.element_size() for t in model.state_dict().values()
    )
