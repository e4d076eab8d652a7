"""Keys and values of the tokens seen so far: what makes decoding linear in the number of tokens."""

from __future__ import annotations

import torch
from torch import Tensor

from delta_learn.errors import ModelError
from delta_learn.model.config import DeltaModelConfig


class KVCache:
    """Preallocated keys and values of every layer; the first `length` positions of each row are filled.

    All rows have the same length. Made for one model and filled by its forward pass; no gradient flows
    through it.
    """

    def __init__(
        self,
        config: DeltaModelConfig,
        batch: int = 1,
        *,
        capacity: int | None = None,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Room for `batch` rows of `capacity` tokens, by default as many as the model can see."""
        self.config = config
        self.capacity = config.block_size if capacity is None else capacity
        self.length = 0
        """Tokens in the cache."""
        # keys and values: (n_layer, 2, B, kv_heads, capacity, head_dim)
        self.data = torch.empty(
            (config.n_layer, 2, batch, config.kv_heads, self.capacity, config.head_dim),
            device=device,
            dtype=dtype,
        )

    @property
    def batch(self) -> int:
        """Rows."""
        return self.data.size(2)

    def write(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Store the keys and values (B, kv_heads, T, head_dim) of T new tokens; return those of all tokens.

        `length` stays until `advance`, because every layer writes at the same positions.
        """
        keys, values = self.data[layer, 0], self.data[layer, 1]
        end = self.length + key.size(2)
        with torch.no_grad():
            keys[:, :, self.length : end] = key
            values[:, :, self.length : end] = value
        return keys[:, :, :end], values[:, :, :end]  # (B, kv_heads, length + T, head_dim)

    def check_room(self, batch: int, tokens: int) -> None:
        """Check that `tokens` more fit.

        Raises:
            ModelError: they do not, or the cache has another number of rows.
        """
        if batch != self.batch:
            raise ModelError(f"The cache has {self.batch} rows and the input {batch}: expand the cache first.")
        if self.length + tokens > self.capacity:
            raise ModelError(
                f"{tokens} tokens do not fit in a cache that holds {self.length} of {self.capacity}: truncate it first."
            )

    def advance(self, tokens: int) -> None:
        """Count what every layer has written."""
        self.length += tokens

    def truncate(self, length: int) -> None:
        """Roll back to the first `length` tokens.

        Raises:
            ModelError: there are fewer.
        """
        if not 0 <= length <= self.length:
            raise ModelError(f"A cache of {self.length} tokens cannot be rolled back to {length}.")
        self.length = length

    def expand(self, batch: int) -> KVCache:
        """A copy of a one-row cache for `batch` continuations of the same context.

        Raises:
            ModelError: this cache has several rows.
        """
        if self.batch != 1:
            raise ModelError(f"Only a cache of one row can be expanded, this one has {self.batch}.")
        copy = self._like(batch, self.capacity)
        copy.data[..., : self.length, :] = self.data[..., : self.length, :]
        copy.length = self.length
        return copy

    def pick(self, tokens: Tensor, room: int) -> KVCache:
        """A copy of only the tokens at the indices `tokens` (n,), in that order, with room for `room` more.

        Keys keep the positions that they were turned to, wherever they lie in the cache.
        """
        copy = self._like(self.batch, len(tokens) + room)
        copy.data[..., : len(tokens), :] = self.data.index_select(4, tokens)
        copy.length = len(tokens)
        return copy

    def _like(self, batch: int, capacity: int) -> KVCache:
        return KVCache(self.config, batch, capacity=capacity, device=self.data.device, dtype=self.data.dtype)
