"""predictor/chain.py: the newest positions of a key."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.predictor import chain as module
from delta_learn.predictor.chain import Chain

KEYS = st.lists(st.sampled_from([3, 3 + (1 << 20), 3 + (1 << 30), 4, 5]), max_size=60)
"""Three of them share a slot; there are fewer of all than are passed over for the least limit below."""


def chain_of(keys: Sequence[int]) -> Chain:
    chain = Chain()
    for key in keys:
        chain.add(key)
    return chain


def rebuilt(keys: Sequence[int]) -> Chain:
    chain = Chain()
    chain.rebuild(np.array(keys, np.int64))
    return chain


def found(chain: Chain, keys: Sequence[int], key: int, limit: int) -> list[int]:
    return chain.newest(key, limit, keys, key)


def newest(keys: Sequence[int], key: int, limit: int) -> list[int]:
    return [position for position, each in enumerate(keys) if each == key][::-1][:limit]


@given(KEYS, KEYS, st.sampled_from([3, 3 + (1 << 20), 4, 6]), st.integers(15, 30))
def test_positions_come_newest_first_however_the_chain_was_made(
    keys: list[int], more: list[int], key: int, limit: int
) -> None:
    grown = chain_of(keys)
    grown.rebuild(np.array(keys, np.int64))
    for chain in (chain_of(keys), rebuilt(keys), grown):
        assert found(chain, keys, key, limit) == newest(keys, key, limit)
        for each in more:
            chain.add(each)
        assert found(chain, keys + more, key, limit) == newest(keys + more, key, limit)


@pytest.mark.parametrize("size", [0, 1, 4096, 16_383, 16_384, 16_385, 40_000])
def test_a_rebuilt_chain_has_room_and_holds_the_same(size: int) -> None:
    keys = [(7 * number) % 97 for number in range(size)]
    chain = chain_of(keys)
    assert chain.full == (size >= 16_384)
    chain.rebuild(np.array(keys, np.int64))
    assert not chain.full
    for key in (0, 50, 96, 97):
        assert found(chain, keys, key, 40) == newest(keys, key, 40)


def test_keys_that_share_a_slot_are_told_apart() -> None:
    keys = [1, 1 + 4096] * 2000
    for chain in (chain_of(keys), rebuilt(keys)):
        assert found(chain, keys, 1, 3) == [3998, 3996, 3994]
        assert found(chain, keys, 1 + 4096, 2) == [3999, 3997]


def test_a_rare_key_in_the_slot_of_a_frequent_one_is_not_searched_for_ever() -> None:
    class Counting(list[int]):
        looked_at = 0

        def __getitem__(self, position: int) -> int:  # type: ignore[override]
            self.looked_at += 1
            return super().__getitem__(position)

    keys = Counting([1, *[1 + 4096] * 5000])
    assert found(chain_of(keys), keys, 1, 10) == []
    assert keys.looked_at <= 10 * module._PATIENCE
