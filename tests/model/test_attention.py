from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from delta_learn.model import attention
from delta_learn.model.attention import (
    Attention,
    cached_mask,
    rms_norm,
    rope_table,
    rotate,
    segment_mask,
)
from delta_learn.model.config import DeltaModelConfig

CONFIG = DeltaModelConfig(block_size=32, vocab_size=16, n_layer=1, n_head=4, n_embed=32, dropout=0.0)
GROUPED = DeltaModelConfig(block_size=32, vocab_size=16, n_layer=1, n_head=4, n_kv_head=2, n_embed=32, dropout=0.0)


def double_rope(config: DeltaModelConfig, tokens: int) -> tuple[Tensor, Tensor]:
    cosine, sine = rope_table(config)
    return cosine[:tokens].double(), sine[:tokens].double()


def complex_rope(x: NDArray[np.float64], theta: float) -> NDArray[np.float64]:
    """RoFormer's own formula, for x (heads, T, head_dim): pair i is a complex number turned by e^{i t f}."""
    half = x.shape[-1] // 2
    frequency = theta ** (-2 * np.arange(half) / x.shape[-1])
    turn = np.exp(1j * np.arange(x.shape[1])[:, None] * frequency)
    turned = (x[..., :half] + 1j * x[..., half:]) * turn
    return np.concatenate((turned.real, turned.imag), axis=-1)


def test_rope_is_multiplication_by_complex_numbers() -> None:
    x = torch.randn(2, 4, 32, 8, dtype=torch.float64)
    expected = np.stack([complex_rope(row.numpy(), CONFIG.rope_theta) for row in x])
    np.testing.assert_allclose(rotate(x, *double_rope(CONFIG, 32)), expected, atol=1e-6)


def test_rope_turns_by_position_and_not_by_head() -> None:
    x = torch.randn(8, dtype=torch.float64).expand(1, 4, 32, 8)
    turned = rotate(x, *double_rope(CONFIG, 32))
    assert torch.equal(turned[:, 0], turned[:, 3])
    assert not torch.allclose(turned[:, :, 0], turned[:, :, 3])


def test_scores_under_rope_depend_on_distance_alone() -> None:
    query, key = torch.randn(2, 8, dtype=torch.float64)
    q = rotate(query.expand(1, 1, 32, 8), *double_rope(CONFIG, 32))[0, 0]
    k = rotate(key.expand(1, 1, 32, 8), *double_rope(CONFIG, 32))[0, 0]
    scores = q @ k.T
    for distance in range(32):
        diagonal = scores.diagonal(-distance)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal), atol=1e-5, rtol=0)


def test_rms_norm_scales_and_does_not_shift() -> None:
    x = 5 + 3 * torch.randn(4, 32, dtype=torch.float64)
    expected = x / (x**2).mean(-1, keepdim=True).sqrt()
    torch.testing.assert_close(rms_norm(x), expected)


def test_plain_attention_is_torchs_multi_head_attention(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without rotation and normalisation, which torch's does not have, nothing else may differ."""
    monkeypatch.setattr(attention, "rms_norm", lambda x: x)
    ours = Attention(CONFIG, 0).double()
    theirs = nn.MultiheadAttention(32, 4, bias=False, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat((ours.query.weight, ours.key.weight, ours.value.weight)))
        theirs.out_proj.weight.copy_(ours.out.weight)
    x = torch.randn(3, 10, 32, dtype=torch.float64)
    still = torch.ones(10, 4, dtype=torch.float64), torch.zeros(10, 4, dtype=torch.float64)
    future = torch.ones(10, 10, dtype=torch.bool).triu(1)
    expected, _ = theirs(x, x, x, attn_mask=future, need_weights=False)
    torch.testing.assert_close(ours(x, still, None, None), expected)


def reference(layer: Attention, x: NDArray[np.float64], config: DeltaModelConfig) -> NDArray[np.float64]:
    """Causal grouped-query attention of one row x (T, n_embed), written out head by head."""

    def heads(linear: nn.Linear, count: int) -> NDArray[np.float64]:
        projected = x @ linear.weight.detach().numpy().T
        return projected.reshape(len(x), count, config.head_dim).swapaxes(0, 1)

    def normed(y: NDArray[np.float64]) -> NDArray[np.float64]:
        return y / np.sqrt((y**2).mean(-1, keepdims=True))

    query = complex_rope(normed(heads(layer.query, config.n_head)), config.rope_theta)
    key = complex_rope(normed(heads(layer.key, config.kv_heads)), config.rope_theta)
    value = heads(layer.value, config.kv_heads)
    outputs = []
    for head in range(config.n_head):
        shared = head // (config.n_head // config.kv_heads)
        scores = np.exp(query[head] @ key[shared].T / np.sqrt(config.head_dim))
        scores *= np.tril(np.ones_like(scores))
        outputs.append(scores / scores.sum(-1, keepdims=True) @ value[shared])
    return np.asarray(np.concatenate(outputs, axis=-1) @ layer.out.weight.detach().numpy().T)


@pytest.mark.parametrize("config", [CONFIG, GROUPED], ids=["n_kv_head=n_head", "n_kv_head<n_head"])
def test_attention_is_the_formula_written_out(config: DeltaModelConfig) -> None:
    layer = Attention(config, 0).double()
    x = torch.randn(2, 10, 32, dtype=torch.float64)
    out = layer(x, double_rope(config, 10), None, None).detach().numpy()
    for row in range(2):
        np.testing.assert_allclose(out[row], reference(layer, x[row].numpy(), config), atol=1e-6)


def test_grouped_heads_are_plain_heads_with_repeated_keys_and_values() -> None:
    grouped, plain = Attention(GROUPED, 0).double(), Attention(CONFIG, 0).double()
    with torch.no_grad():
        plain.query.weight.copy_(grouped.query.weight)
        plain.out.weight.copy_(grouped.out.weight)
        for name in ("key", "value"):
            weight = getattr(grouped, name).weight.unflatten(0, (2, 8))
            getattr(plain, name).weight.copy_(weight.repeat_interleave(2, dim=0).flatten(0, 1))
    x, rope = torch.randn(2, 10, 32, dtype=torch.float64), double_rope(CONFIG, 10)
    for mask in (None, segment_mask(torch.tensor([[0] * 6 + [1] * 4, [0] * 10]))):
        torch.testing.assert_close(grouped(x, rope, mask, None), plain(x, rope, mask, None))


def test_a_token_sees_itself_and_what_came_before_it_in_its_segment() -> None:
    mask = segment_mask(torch.tensor([[0, 0, 1, 1, -1, -1]]))[0, 0].int().tolist()
    assert mask == [
        [1, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0],
        [0, 0, 1, 0, 0, 0],
        [0, 0, 1, 1, 0, 0],
        [0, 0, 0, 0, 1, 0],
        [0, 0, 0, 0, 1, 1],
    ]  # fmt: skip


def test_new_tokens_see_all_that_is_cached() -> None:
    mask = cached_mask(3, 2, torch.device("cpu")).int().tolist()
    assert mask == [[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]]
