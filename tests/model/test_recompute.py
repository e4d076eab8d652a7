from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from delta_learn.model.cache import KVCache
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.gpt import DeltaModel

CONFIG = DeltaModelConfig(block_size=16, vocab_size=12, n_layer=3, n_head=4, n_kv_head=2, n_embed=32, dropout=0.3)
IDS = torch.arange(32).view(2, 16) % 12
SEGMENTS = torch.tensor([[0] * 9 + [1] * 7, [0] * 12 + [-1] * 4])


def model(config: DeltaModelConfig = CONFIG) -> DeltaModel:
    torch.manual_seed(0)
    drawn = DeltaModel(config).train()
    with torch.no_grad():
        for parameter in drawn.parameters():
            parameter.normal_(std=0.2)
    return drawn


def gradients(subject: DeltaModel, *, recompute: bool) -> tuple[dict[str, Tensor], int]:
    """(gradients by name, bytes kept for the backward pass)."""
    subject.recompute = recompute
    subject.zero_grad()
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.data_ptr()] = tensor.nbytes
        return tensor

    torch.manual_seed(1)
    with saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = subject(IDS, SEGMENTS).square().mean()
    loss.backward()
    return {name: p.grad.clone() for name, p in subject.named_parameters() if p.grad is not None}, sum(kept.values())


def test_gradients_are_the_same_bit_for_bit_with_dropout_and_sessions() -> None:
    subject = model()
    plain, _ = gradients(subject, recompute=False)
    again, _ = gradients(subject, recompute=True)
    assert plain.keys() == again.keys()
    assert all(torch.equal(plain[name], again[name]) for name in plain)


def test_less_is_kept_for_the_backward_pass() -> None:
    subject = model(dataclasses.replace(CONFIG, n_layer=12))
    _, plain = gradients(subject, recompute=False)
    _, again = gradients(subject, recompute=True)
    assert again < plain / 4


@torch.no_grad()
def test_decoding_with_a_cache_recomputes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = model().eval()
    expected = subject(IDS)
    subject.recompute = True
    monkeypatch.setattr("delta_learn.model.gpt.checkpoint", lambda *_, **__: pytest.fail("nothing to recompute"))
    with torch.enable_grad():
        decoded = subject(IDS, cache=KVCache(CONFIG, 2))
    torch.testing.assert_close(decoded, expected)
    torch.testing.assert_close(subject(IDS), expected)
