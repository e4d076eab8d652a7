"""FlexAttention (arXiv 2412.05496): masks by blocks, so that sessions that do not see each other cost no time.

A mask of bools, one for each pair of tokens, would keep SDPA from its flash kernels. torch imports its compiler for
this, which takes seconds: only where a GPU trains.
"""

from __future__ import annotations

from functools import cache
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask, flex_attention

BLOCK = 128
"""Queries and keys in a block."""


class _Attend(Protocol):
    def __call__(
        self, query: Tensor, key: Tensor, value: Tensor, *, block_mask: BlockMask, enable_gqa: bool
    ) -> Tensor: ...


def block_mask(segments: Tensor) -> BlockMask:
    """`attention.segment_mask` of `segments` (B, T) int, by blocks.

    A pair of blocks is left out where no segment can be in both, and computed without looking at single tokens where
    both are of one segment, and the keys come before the queries.
    """
    tokens = segments.size(1)
    least, most = _ranges(segments)
    queries, keys = (least[:, :, None], most[:, :, None]), (least[:, None, :], most[:, None, :])
    overlap = (keys[1] >= queries[0]) & (keys[0] <= queries[1])  # (B, blocks, blocks)
    alike = (least == most)[:, :, None] & (least == most)[:, None, :] & overlap
    full = alike.tril(-1)
    partial = overlap.tril() & ~full

    def sees(row: Tensor, _head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        return (segments[row, query] == segments[row, key]) & (key <= query)

    return BlockMask.from_kv_blocks(
        *_listed(partial), *_listed(full), BLOCK_SIZE=BLOCK, mask_mod=sees, seq_lengths=(tokens, tokens)
    )


def flex_attend(query: Tensor, key: Tensor, value: Tensor, mask: BlockMask) -> Tensor:
    """As `attention.attend`; (B, n_head, T, head_dim).

    Autocast does not know FlexAttention, so this casts as it would for SDPA: RoPE's float32 tables widen queries and
    keys, and the values stay narrow.
    """
    device = query.device.type
    if torch.is_autocast_enabled(device):
        dtype = torch.get_autocast_dtype(device)
        query, key, value = query.to(dtype), key.to(dtype), value.to(dtype)
    run: _Attend = compiled_flex() if device == "cuda" else flex_attention
    return run(query, key, value, block_mask=mask, enable_gqa=key.size(1) != query.size(1))


def _ranges(segments: Tensor) -> tuple[Tensor, Tensor]:
    """The least and the greatest segment in each block, (B, blocks) each."""
    rows, tokens = segments.shape
    filled = torch.cat((segments, segments[:, -1:].expand(-1, -tokens % BLOCK)), dim=1).view(rows, -1, BLOCK)
    return filled.amin(-1), filled.amax(-1)


def _listed(blocks: Tensor) -> tuple[Tensor, Tensor]:
    """The blocks of keys of each block of queries, as FlexAttention wants them: (how many, their numbers first)."""
    numbers = blocks.int().argsort(dim=-1, descending=True, stable=True)
    return blocks.sum(-1, dtype=torch.int32)[:, None], numbers.int()[:, None]  # (B, 1, blocks[, blocks])


@cache
def compiled_flex() -> _Attend:
    """FlexAttention as one kernel; uncompiled it writes down all scores, which is slower than any mask."""
    return torch.compile(flex_attention)
