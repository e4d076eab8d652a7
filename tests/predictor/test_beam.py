from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest

from delta_learn.predictor.beam import Alphabet, search
from delta_learn.predictor.language import Floats

SPELLINGS = [b"", b"a", b"b", b"ab", b"\n"]
END = 0


class Pieces:
    """PieceTable's mask and advance, for SPELLINGS."""

    def mask(self, remainder: bytes) -> np.ndarray:
        spelled = [bool(s) and (s.startswith(remainder) or remainder.startswith(s)) for s in SPELLINGS]
        spelled[END] = not remainder
        return np.array(spelled)

    def advance(self, remainder: bytes, token: int) -> bytes:
        return remainder[len(SPELLINGS[token]) :]


class RandomState:
    """A random distribution for every row of tokens."""

    def __init__(self, rows: list[tuple[int, ...]]) -> None:
        self.rows = rows

    @property
    def logprobs(self) -> Floats:
        return np.stack([self.after(row) for row in self.rows])

    def after(self, row: tuple[int, ...]) -> Floats:
        scores = np.random.default_rng([len(row), *row]).normal(size=len(SPELLINGS)).astype(np.float32)
        return scores - np.logaddexp.reduce(scores)

    def extend(self, tokens: Sequence[int], rows: Sequence[int]) -> "RandomState":
        return RandomState([(*self.rows[row], token) for token, row in zip(tokens, rows, strict=True)])


def alphabet() -> Alphabet:
    return Alphabet(Pieces(), np.array([True, True, True, True, False]), END)


def enumerated(remainder: bytes, longest: int) -> dict[tuple[int, ...], float]:
    """Every line of at most `longest` tokens and its ln P, the end included."""
    lines = {}
    for length in range(longest + 1):
        for ids in product([1, 2, 3], repeat=length):
            spelled = b"".join(SPELLINGS[token] for token in ids)
            if spelled.startswith(remainder):
                steps = [RandomState([ids[:i]]).logprobs[0] for i in range(length + 1)]
                lines[ids] = float(sum(step[token] for step, token in zip(steps, (*ids, END), strict=True)))
    return lines


@pytest.mark.parametrize("remainder", [b"", b"a", b"ab", b"bab"])
def test_a_wide_beam_finds_the_best_lines(remainder: bytes) -> None:
    expected = sorted(enumerated(remainder, 4).items(), key=lambda item: -item[1])[:5]
    found = search(RandomState([()]), remainder, alphabet(), width=300, max_tokens=5)[:5]
    assert [(each.ids, pytest.approx(each.logprob, abs=1e-4)) for each in found] == expected


def test_a_narrow_beam_keeps_the_prefix_and_its_width() -> None:
    found = search(RandomState([()]), b"ab", alphabet(), width=2, max_tokens=30)
    assert 1 <= len(found) <= 2
    for each in found:
        assert b"".join(SPELLINGS[token] for token in each.ids).startswith(b"ab")
        assert each.logprob == pytest.approx(enumerated(b"ab", len(each.ids))[each.ids], abs=1e-4)


def test_the_search_goes_on_while_something_better_may_come() -> None:
    """The line that ends first is found first; the better one ends a token later."""

    class LateEnd(RandomState):
        def after(self, row: tuple[int, ...]) -> Floats:
            end, letter = (0.8, 0.15) if row else (0.15, 0.8)
            return np.log(np.array([end, letter, 0.02, 0.02, 0.01], np.float32))

        def extend(self, tokens: Sequence[int], rows: Sequence[int]) -> RandomState:
            return LateEnd(super().extend(tokens, rows).rows)

    (found,) = search(LateEnd([()]), b"", alphabet(), width=1, max_tokens=5)
    assert found.ids == (1,)
    assert found.logprob == pytest.approx(2 * np.log(0.8), abs=1e-4)


def test_when_the_time_is_over_the_lines_that_have_ended_are_the_answer() -> None:
    found = search(RandomState([()]), b"", alphabet(), width=300, max_tokens=9, over=lambda: True)
    assert [each.ids for each in found] == [()]


def test_a_model_at_a_loss_is_not_followed_for_long() -> None:
    class AtALoss(RandomState):
        longest = 0

        def after(self, row: tuple[int, ...]) -> Floats:
            AtALoss.longest = max(AtALoss.longest, len(row))
            return np.log(np.array([1e-6, 0.3, 0.3, 0.3, 0.1], np.float32))

        def extend(self, tokens: Sequence[int], rows: Sequence[int]) -> RandomState:
            return AtALoss(super().extend(tokens, rows).rows)

    search(AtALoss([()]), b"ab", alphabet(), width=4, max_tokens=1000)
    assert AtALoss.longest <= 2 + np.log(1e-4) / np.log(0.3)


def test_nothing_is_found_where_no_token_fits_or_no_line_ends() -> None:
    assert search(RandomState([()]), b"c", alphabet(), width=4, max_tokens=9) == []
    assert search(RandomState([()]), b"\n", alphabet(), width=4, max_tokens=9) == []
    assert search(RandomState([()]), b"abab", alphabet(), width=4, max_tokens=2) == []
