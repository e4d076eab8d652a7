"""PagedCache: keys and values of many rows of different lengths, in blocks of one store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from delta_learn.errors import ModelError
from delta_learn.model.cache import KVCache
from delta_learn.model.config import DeltaModelConfig


@dataclass(frozen=True, slots=True)
class Row:
    """Tokens that a row reads in one pass."""

    tokens: Sequence[int]
    """At least one."""
    start: int
    """Tokens that were read before: their keys and values are in the blocks."""
    table: Sequence[int]
    """Blocks with room for all of them, see blocks.py."""


class PagedCache(KVCache):
    """A KVCache for `DeltaModel.hidden_at`: a pass is a rectangle of rows, padded to the longest.

    `aim` says which rows the next pass reads. Padding is written to a block that belongs to nobody.
    """

    def __init__(
        self,
        config: DeltaModelConfig,
        blocks: int,
        block_tokens: int,
        *,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Room for `blocks` blocks; all of it is taken now."""
        super().__init__(config, batch=0, capacity=0, device=device, dtype=dtype)
        # Keys and values: (n_layer, 2, slots, kv_heads, head_dim), a slot a token. Zeros, as what is masked counts zero
        # times, and zero times NaN is NaN.
        slots = (blocks + 1) * block_tokens
        self.data = torch.zeros(
            (config.n_layer, 2, slots, config.kv_heads, config.head_dim), device=device, dtype=dtype
        )
        self._nobodys = blocks
        self._block_tokens = block_tokens
        self._within = torch.arange(block_tokens, device=device)
        self._rows = 0
        self._read = self._written = torch.empty(0, dtype=torch.int64, device=device)
        """Slots whose keys and values a pass attends to, row by row, and those that it fills."""

    @property
    def bytes(self) -> int:
        """Size of the store."""
        return self.data.nbytes

    @property
    def batch(self) -> int:
        """Rows of the next pass."""
        return self._rows

    def aim(self, rows: Sequence[Row]) -> tuple[Tensor, Tensor, Tensor]:
        """Prepare a pass over `rows`, one at least.

        Returns:
            ids (R, T) int64, positions (R, 1, T) and mask (R, 1, T, L) for `hidden_at`; padding comes last in a row.
        """
        device = self.data.device
        self._rows = len(rows)
        width = max(len(row.tokens) for row in rows)
        ids = torch.tensor([_padded(row.tokens, width, 0) for row in rows], dtype=torch.int64, device=device)
        start = torch.tensor([row.start for row in rows], dtype=torch.int64, device=device)[:, None]
        count = torch.tensor([len(row.tokens) for row in rows], dtype=torch.int64, device=device)[:, None]
        place = torch.arange(width, device=device)[None]  # (1, T)
        real = place < count  # (R, T)
        positions = torch.where(real, start + place, 0)
        most = max(len(row.table) for row in rows)
        tables = [_padded(row.table, most, self._nobodys) for row in rows]
        blocks = torch.tensor(tables, dtype=torch.int64, device=device)[..., None]
        slots = (blocks * self._block_tokens + self._within).flatten(1)  # (R, L)
        self._read = slots.flatten()
        nowhere = self._nobodys * self._block_tokens
        self._written = torch.where(real, slots.gather(1, positions), nowhere).flatten()
        sees = torch.arange(slots.size(1), device=device) <= positions[..., None]  # (R, T, L)
        return ids, positions[:, None], sees[:, None]

    def check_room(self, batch: int, tokens: int) -> None:
        """Check that the pass is the one prepared.

        Raises:
            ModelError: it is not.
        """
        if batch * tokens != len(self._written) or batch != self._rows:
            raise ModelError(f"The pass reads {batch} rows of {tokens} tokens: prepare it with aim first.")

    def write(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Store keys and values (R, kv_heads, T, head_dim) in blocks; return those of whole rows, (R, .., L, ..)."""
        stored = self.data[layer]  # (2, slots, kv_heads, head_dim)
        for part, new in zip(stored, (key, value), strict=True):
            part.index_copy_(0, self._written, new.transpose(1, 2).flatten(0, 1).to(part.dtype))
        rows = stored.index_select(1, self._read)
        rows = rows.view(2, self._rows, -1, *stored.shape[2:])  # (2, R, L, kv_heads, head_dim)
        keys, values = rows.transpose(2, 3)
        return keys, values

    def advance(self, tokens: int) -> None:
        """Whoever holds the tables counts."""


def _padded(values: Sequence[int], length: int, filler: int) -> list[int]:
    return [*values, *[filler] * (length - len(values))]
