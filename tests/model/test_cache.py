from __future__ import annotations

import pytest
import torch

from delta_learn.errors import ModelError
from delta_learn.model.cache import KVCache
from delta_learn.model.config import DeltaModelConfig

CONFIG = DeltaModelConfig(block_size=8, vocab_size=16, n_layer=2, n_head=4, n_kv_head=2, n_embed=16)


def filled(tokens: int) -> KVCache:
    """Token i has i in all keys and 100 + i in all values."""
    cache = KVCache(CONFIG)
    numbers = torch.arange(tokens, dtype=torch.float32)[None, None, :, None].expand(1, 2, tokens, 4)
    for layer in range(2):
        cache.write(layer, numbers, numbers + 100)
    cache.advance(tokens)
    return cache


def read(cache: KVCache, layer: int = 1) -> tuple[list[float], list[float]]:
    empty = torch.zeros(cache.batch, 2, 0, 4)
    keys, values = cache.write(layer, empty, empty)
    return keys[-1, -1, :, -1].tolist(), values[-1, -1, :, -1].tolist()


def test_what_is_written_is_read_with_what_came_before() -> None:
    cache = filled(3)
    keys, values = cache.write(0, torch.full((1, 2, 2, 4), 7.0), torch.full((1, 2, 2, 4), 8.0))
    assert keys[0, 0, :, 0].tolist() == [0, 1, 2, 7, 7]
    assert values[0, 1, :, 3].tolist() == [100, 101, 102, 8, 8]
    assert cache.length == 3, "the other layers have yet to write"


def test_truncate_rolls_back() -> None:
    cache = filled(5)
    cache.truncate(2)
    assert read(cache) == ([0, 1], [100, 101])
    for length in (3, -1):
        with pytest.raises(ModelError, match="rolled back"):
            cache.truncate(length)


def test_expanded_rows_are_copies() -> None:
    cache = filled(3)
    copy = cache.expand(4)
    copy.data.zero_()
    assert copy.batch == 4
    assert read(cache) == ([0, 1, 2], [100, 101, 102])
    with pytest.raises(ModelError, match="one row"):
        copy.expand(2)


def test_picked_tokens_are_copied_in_order() -> None:
    cache = filled(5)
    copy = cache.pick(torch.tensor([4, 0, 0]), room=2)
    assert (copy.length, copy.capacity) == (3, 5)
    assert read(copy) == ([4, 0, 0], [104, 100, 100])
    copy.data.zero_()
    assert read(cache)[0] == [0, 1, 2, 3, 4]


def test_a_cache_of_grouped_heads_is_smaller() -> None:
    assert KVCache(CONFIG).data.shape == (2, 2, 1, 2, 8, 4)
