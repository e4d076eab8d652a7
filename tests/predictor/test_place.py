"""predictor/place.py: two places have a number in common where they have the same tokens before them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.predictor.lexer import is_blank, is_word, tokens
from delta_learn.predictor.place import COLUMNS, Place, mix

NUMBERS = st.integers(0, (1 << 31) - 1)

LINES = st.lists(st.sampled_from(["git", "a", "b", " ", " -", "/", "."]), max_size=7).map("".join).map(tokens)
"""Lines over few tokens, so that contexts are often the same."""


def place_after(line: Sequence[str]) -> Place:
    return reduce(Place.after, line, Place())


def newest(count: int) -> Callable[[list[str]], tuple[str | None, ...]]:
    return lambda line: (*[None] * count, *line)[-count:]


def first_word(line: list[str]) -> list[str] | None:
    """The tokens before the first space, once there is one."""
    blanks = [end for end, token in enumerate(line) if is_blank(token)]
    return line[: blanks[0]] if blanks else None


def word_so_far(line: list[str]) -> list[str]:
    """The tokens from the last one with a space in it."""
    blanks = [end for end, token in enumerate(line) if is_blank(token)]
    return line[blanks[-1] :] if blanks else ["start", *line]


MEANINGS: dict[str, Callable[[list[str]], object]] = {
    "last": newest(1),
    "pair": newest(2),
    "triple": newest(3),
    "line": list,
    "head": first_word,
    "word": word_so_far,
    "slot": lambda line: sum(map(is_blank, line)),
}


@pytest.mark.parametrize("column", COLUMNS)
@given(one=LINES, other=LINES)
def test_a_number_is_shared_by_lines_that_have_its_tokens_in_common(
    column: str, one: list[str], other: list[str]
) -> None:
    numbers = [dict(zip(COLUMNS, place_after(line).numbers(), strict=True))[column] for line in (one, other)]
    meanings = [MEANINGS[column](line) for line in (one, other)]
    assert (numbers[0] == numbers[1]) == (meanings[0] == meanings[1])


@given(LINES)
def test_numbers_fit_the_columns_of_the_memory(line: list[str]) -> None:
    numbers = place_after(line).numbers()
    assert len(numbers) == len(COLUMNS)
    assert all(0 <= number < 1 << 31 for number in numbers)


@given(LINES)
def test_words_alternate_with_what_is_between_them(line: list[str]) -> None:
    for before, token in pairwise(line):
        assert place_after([before]).word_next == is_word(token)
    assert Place().word_next


def test_the_first_word_is_known_once_it_is_complete() -> None:
    assert place_after(tokens("./configure")).head == Place().head
    assert place_after(tokens("./configure --x")).head == place_after(tokens("./configure ; ls -l")).head
    assert place_after(tokens("./configure --x")).head != place_after(tokens("./configured --x")).head


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1))
def test_scalars_and_arrays_mix_alike(pairs: list[tuple[int, int]]) -> None:
    one, other = np.array(pairs, np.int64).T
    assert mix(one, other).tolist() == [mix(*pair) for pair in pairs]


@given(NUMBERS, NUMBERS)
def test_what_is_mixed_has_31_bits_and_an_order(one: int, other: int) -> None:
    assert 0 <= mix(one, other) < 1 << 31
    assert (mix(one, other) == mix(other, one)) == (one == other)


def test_mixed_numbers_spread_over_the_slots_of_a_chain() -> None:
    low, high = np.divmod(np.arange(64 * 64, dtype=np.int64), 64)
    slots = np.unique(mix(low, high) & 4095)
    assert len(slots) > 0.55 * 4096  # 1 - 1/e of them, were they drawn at random
