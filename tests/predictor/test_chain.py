"""predictor/chain.py: the newest positions of a key."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.predictor.chain import Chain

KEYS = st.lists(st.integers(0, 9), max_size=60)
"""Keys that are too small to share a slot."""


def chain_of(keys: Sequence[int]) -> Chain:
    chain = Chain()
    for key in keys:
        chain.add(key)
    return chain


def rebuilt(keys: Sequence[int]) -> Chain:
    chain = Chain()
    chain.rebuild(np.array(keys, np.int64))
    return chain


def newest(keys: Sequence[int], key: int, limit: int) -> list[int]:
    return [position for position, each in enumerate(keys) if each == key][::-1][:limit]


@given(KEYS, KEYS, st.integers(0, 9), st.integers(0, 12))
def test_positions_come_newest_first_however_the_chain_was_made(
    keys: list[int], more: list[int], key: int, limit: int
) -> None:
    grown = chain_of(keys)
    grown.rebuild(np.array(keys, np.int64))
    for chain in (chain_of(keys), rebuilt(keys), grown):
        assert chain.newest(key, limit) == newest(keys, key, limit)
        for each in more:
            chain.add(each)
        assert chain.newest(key, limit) == newest(keys + more, key, limit)


@given(st.lists(st.sampled_from([3, 3 + (1 << 20), 3 + (1 << 30), 4])), st.sampled_from([3, 3 + (1 << 20)]))
def test_keys_that_share_a_slot_lose_nothing(keys: list[int], key: int) -> None:
    for chain in (chain_of(keys), rebuilt(keys)):
        found = chain.newest(key, len(keys))
        assert found == sorted(found, reverse=True)
        assert set(newest(keys, key, len(keys))) <= set(found) <= {i for i, each in enumerate(keys) if each != 4}


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 10_000])
def test_a_rebuilt_chain_has_room_and_holds_the_same(size: int) -> None:
    keys = [(7 * number) % 97 for number in range(size)]
    chain = chain_of(keys)
    assert chain.full == (size >= 4096)
    chain.rebuild(np.array(keys, np.int64))
    assert not chain.full
    for key in (0, 50, 96, 97):
        assert chain.newest(key, 40) == newest(keys, key, 40)


def test_keys_that_share_a_slot_are_told_apart() -> None:
    keys = [1, 1 + 4096] * 2000
    chain = chain_of(keys)
    assert chain.newest(1, 3) == [3998, 3996, 3994]
    chain.grow()
    assert chain.newest(1, 3) == [3998, 3996, 3994]
    assert chain.newest(1 + 4096, 2) == [3999, 3997]
