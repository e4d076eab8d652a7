"""predictor/letters.py: a distribution over the spellings of words that were never seen."""

from __future__ import annotations

import math
from itertools import product

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.predictor.letters import LetterModel

SEEN = st.lists(st.text("ab-", min_size=1, max_size=5), max_size=12)
LONGEST = 4


def model_of(words: list[str]) -> LetterModel:
    model = LetterModel()
    for word in words:
        model.add(word)
    return model


def probability(model: LetterModel, text: str, *, whole: bool = True) -> float:
    return math.exp(model.log_probability(text, whole=whole))


@given(SEEN, st.text("ab-é", max_size=4))
def test_what_comes_after_some_letters_sums_to_one(words: list[str], before: str) -> None:
    """100 characters, the end among them: those that were seen, and others that stand for the rest."""
    model = model_of(words)
    letters = "ab-" + "".join(map(chr, range(0x1000, 0x1000 + 96)))
    longer = [probability(model, before + letter, whole=False) for letter in letters]
    total = math.fsum([*longer, probability(model, before)])
    assert total == pytest.approx(probability(model, before, whole=False), rel=1e-9)


@given(SEEN)
def test_all_words_and_the_beginnings_of_longer_ones_sum_to_no_more_than_one(words: list[str]) -> None:
    model = model_of(words)
    shorter = ("".join(each) for length in range(LONGEST) for each in product("ab-", repeat=length))
    longest = ("".join(each) for each in product("ab-", repeat=LONGEST))
    total = math.fsum(probability(model, word) for word in shorter)
    total += math.fsum(probability(model, word, whole=False) for word in longest)
    assert total <= 1 + 1e-9
    if len(words) >= 5:
        assert total > 0.25  # the rest is for letters that were not seen


def test_before_anything_is_known_all_letters_are_equal() -> None:
    model = LetterModel()
    assert model.log_probability("ab") == pytest.approx(3 * math.log(1 / 100))
    assert model.log_probability("ab", whole=False) == pytest.approx(2 * math.log(1 / 100))
    assert model.log_probability("", whole=False) == 0


def test_method_c() -> None:
    """One word `aa`; by hand: after the start a letter has (1 + 1 * shorter) / (1 + 1), and so on."""
    model = model_of(["aa"])
    unigram = (2 + 2 / 100) / (3 + 2)
    assert probability(model, "a", whole=False) == pytest.approx(1 - (1 - unigram) / 8)
    unseen = (0 + 2 / 100) / (3 + 2)
    assert probability(model, "z", whole=False) == pytest.approx(unseen / 8)


def test_words_like_those_that_were_seen_are_more_probable() -> None:
    model = model_of([f"feature{number}" for number in range(20)])
    assert model.log_probability("feature77") > model.log_probability("erutaef77") + 10
    assert math.isfinite(model.log_probability("\udcff日本" * 50))


@given(SEEN, st.text("ab-é\udc80", max_size=6))
def test_it_is_the_same_after_saving(words: list[str], text: str) -> None:
    model = model_of([*words, "\udc80x"])
    packed = msgpack.packb(model.to_record(), unicode_errors="surrogateescape")
    again = LetterModel(msgpack.unpackb(packed, unicode_errors="surrogateescape"))
    assert again.log_probability(text) == model.log_probability(text)
    again.add("abba")
    assert again.log_probability("abba") > model.log_probability("abba")


@given(st.lists(st.text("a\x00\x01\x02\x03", min_size=1, max_size=6), min_size=1, max_size=8))
def test_control_characters_are_letters_like_others(words: list[str]) -> None:
    model = model_of(words)
    for word in words:
        assert model.log_probability(word, whole=False) <= 1e-9
    letters = [probability(model, letter, whole=False) for letter in "a\x00\x01\x02\x03"]
    assert math.fsum(letters) + probability(model, "") <= 1 + 1e-9
