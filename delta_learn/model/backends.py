"""Which kernel attention runs on: torch chooses by shape, device, number format and mask, and does not say."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend

from delta_learn.model.attention import Mask, session_mask
from delta_learn.model.config import DeltaModelConfig

_NAMES = {
    SDPBackend.MATH: "math",
    SDPBackend.FLASH_ATTENTION: "flash",
    SDPBackend.EFFICIENT_ATTENTION: "efficient",
    SDPBackend.CUDNN_ATTENTION: "cudnn",
}


def attention_backend(query: Tensor, key: Tensor, value: Tensor, mask: Mask) -> str:
    """`flash`, `efficient`, `cudnn`, `math` or `flex`: what `attention.attend` runs for these arguments.

    `math` writes down all scores: memory grows with the square of the tokens.
    """
    if mask is not None and not isinstance(mask, Tensor):
        return "flex"
    causal = mask is None and query.size(2) > 1
    # The question that SDPA itself asks; torch has no public one that also knows the order of preference.
    choice = torch._fused_sdp_choice(query, key, value, mask, 0.0, causal, enable_gqa=key.size(1) != query.size(1))
    return _NAMES.get(SDPBackend(choice), "math")


def backend_for(
    config: DeltaModelConfig, rows: int, tokens: int, device: torch.device, dtype: torch.dtype, *, masked: bool
) -> str:
    """The backend with which a model trains on (rows, tokens); `masked`: on rows of several sessions."""
    query = torch.empty(rows, config.n_head, tokens, config.head_dim, device=device, dtype=dtype, requires_grad=True)
    key = torch.empty(rows, config.kv_heads, tokens, config.head_dim, device=device, dtype=dtype, requires_grad=True)
    segments = torch.zeros(rows, tokens, dtype=torch.int32, device=device)
    return attention_backend(query, key, key, session_mask(segments, config.head_dim) if masked else None)
