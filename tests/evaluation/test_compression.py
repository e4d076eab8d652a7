"""xz with the past as dictionary: what repetition is worth, however far back."""

from __future__ import annotations

import random

from delta_learn.entry import CommandEntry
from delta_learn.evaluation.compression import xz_bits


def noise(lines: int, seed: int) -> list[CommandEntry]:
    """Lines of 32 random hexadecimal digits: 128 bits each, whatever the compressor."""
    chance = random.Random(seed)
    return [CommandEntry(f"{chance.getrandbits(128):032x}") for _ in range(lines)]


def test_what_came_before_costs_next_to_nothing_again() -> None:
    past = noise(200, seed=1)
    new = xz_bits(past, noise(200, seed=2))
    again = xz_bits(past, past)
    assert 128 * 200 <= new <= 1.2 * 128 * 200
    assert again < 0.02 * new


def test_the_dictionary_reaches_over_the_whole_past() -> None:
    far = noise(100, seed=1)
    past = [*far, *noise(40_000, seed=2)]  # 1.3 MB between
    assert xz_bits(past, far) < 0.05 * xz_bits([], far)


def test_nothing_scored_costs_nothing_and_bytes_need_not_be_text() -> None:
    assert xz_bits(noise(5, seed=1), []) == 0.0
    assert xz_bits([], [CommandEntry("é\udcff")]) > 0
