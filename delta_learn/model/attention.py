"""Causal self-attention with rotary positions, normalised queries and keys, and grouped key/value heads."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812 (PyTorch's own name for it)
from torch import Tensor, nn

from delta_learn.model.cache import KVCache
from delta_learn.model.config import DeltaModelConfig

if TYPE_CHECKING:
    from torch.nn.attention.flex_attention import BlockMask

Mask: TypeAlias = "Tensor | BlockMask | None"
"""What each token sees: bool, broadcast to (B, n_head, T, keys); blocks of it, for FlexAttention; or None: what came
before it, itself included."""

MIN_FLEX_HEAD_DIM = 16
"""Triton multiplies no smaller matrices."""


def rms_norm(x: Tensor) -> Tensor:
    """Scale the last dimension to a root mean square of 1, without weights (arXiv 1910.07467)."""
    return F.rms_norm(x, (x.size(-1),))


def rope_table(config: DeltaModelConfig) -> tuple[Tensor, Tensor]:
    """Cosine and sine of every position's angles, each (block_size, head_dim / 2), float32.

    Channel pair i turns by theta ** (-2i / head_dim) per position (arXiv 2104.09864, equation 15).
    """
    pair = torch.arange(0, config.head_dim, 2, dtype=torch.float64)
    frequency = config.rope_theta ** (-pair / config.head_dim)
    angle = torch.outer(torch.arange(config.block_size, dtype=torch.float64), frequency)
    return angle.cos().float(), angle.sin().float()


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turn channel pairs (i, i + head_dim / 2) of `x` (B, heads, T, head_dim) by angles (T, head_dim / 2).

    T is the third dimension: turning along the second would code the head and not the position.
    """
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cosine - second * sine, second * cosine + first * sine), dim=-1)


def segment_mask(segments: Tensor) -> Tensor:
    """What each token may see, (B, 1, T, T) bool: itself and what came before it in its own segment.

    Padding (segment -1) is a segment of its own: no real token sees it, and its rows are not empty, of
    which a softmax would make NaN.
    """
    same = segments[:, None, :, None] == segments[:, None, None, :]
    return same.tril()


def session_mask(segments: Tensor, head_dim: int) -> Mask:
    """`segment_mask` in the form that this device attends with fastest; made once a batch, for all layers."""
    if segments.device.type != "cuda" or head_dim < MIN_FLEX_HEAD_DIM:
        return segment_mask(segments)
    from delta_learn.model.flex import block_mask

    return block_mask(segments)


def cached_mask(cached: int, new: int, device: torch.device) -> Tensor:
    """What `new` tokens after `cached` ones may see, (new, cached + new) bool.

    `is_causal=True` would align the triangle top-left and hide most of the cache.
    """
    return torch.ones(new, cached + new, dtype=torch.bool, device=device).tril(cached)


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Mask) -> Tensor:
    """Softmax attention of `query` (B, n_head, T, head_dim) over the keys that `mask` shows: the same shape.

    Without a mask, flash kernels run where there are any: a mask of bools is what they do not take.
    """
    if mask is not None and not isinstance(mask, Tensor):
        from delta_learn.model.flex import flex_attend

        return flex_attend(query, key, value, mask)
    # A single query sees the whole cache: no mask, and not causal.
    causal = mask is None and query.size(2) > 1
    return F.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, is_causal=causal, enable_gqa=key.size(1) != query.size(1)
    )


class Attention(nn.Module):
    """Multi-head attention; `n_kv_head` < `n_head` shares each key/value head among several query heads."""

    def __init__(self, config: DeltaModelConfig, layer: int) -> None:
        super().__init__()
        self.layer = layer
        self.n_head, self.kv_heads, self.head_dim = config.n_head, config.kv_heads, config.head_dim
        self.query = nn.Linear(config.n_embed, config.n_embed, bias=config.bias)
        self.key = nn.Linear(config.n_embed, config.kv_heads * config.head_dim, bias=config.bias)
        self.value = nn.Linear(config.n_embed, config.kv_heads * config.head_dim, bias=config.bias)
        self.out = nn.Linear(config.n_embed, config.n_embed, bias=config.bias)

    def forward(self, x: Tensor, rope: tuple[Tensor, Tensor], mask: Mask, cache: KVCache | None) -> Tensor:
        """Attend from `x` (B, T, n_embed), at the positions of `rope`, to what `mask` shows; None: causal."""
        query = rotate(rms_norm(self._heads(self.query(x), self.n_head)), *rope)
        key = rotate(rms_norm(self._heads(self.key(x), self.kv_heads)), *rope)
        value = self._heads(self.value(x), self.kv_heads)
        if cache is not None:
            key, value = cache.write(self.layer, key, value)
        y = attend(query, key, value, mask)  # (B, n_head, T, head_dim)
        out: Tensor = self.out(y.transpose(1, 2).flatten(2))
        return out

    def _heads(self, x: Tensor, heads: int) -> Tensor:
        batch, tokens, _ = x.shape
        return x.view(batch, tokens, heads, self.head_dim).transpose(1, 2)  # (B, heads, T, head_dim)
