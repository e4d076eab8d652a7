"""predictor/lexicon.py: P(token) over what was typed, and over what was not."""

from __future__ import annotations

import math

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.predictor.lexer import END
from delta_learn.predictor.lexicon import Lexicon
from delta_learn.predictor.names import UNKNOWN

TOKENS = st.lists(st.sampled_from(["git", "gist", "g", "ls", " ", " -", END]), max_size=40)


def lexicon_of(tokens: list[str]) -> Lexicon:
    lexicon = Lexicon()
    for position, token in enumerate(tokens):
        lexicon.add(token, position)
    return lexicon


def test_uses_are_counted_with_their_newest_place() -> None:
    lexicon = lexicon_of(["git", " ", "ls", END, "git", END])
    assert [lexicon.names.find(name) for name in ("git", " ", "ls", "l")] == [1, 2, 3, UNKNOWN]
    assert lexicon.count[1:].tolist() == [2, 1, 1]
    assert lexicon.newest[[0, 1, 2, 3]].tolist() == [5, 4, 1, 2]
    assert len(lexicon) == 4
    assert Lexicon().newest.tolist() == [UNKNOWN]


@given(TOKENS)
def test_shares_sum_to_one(tokens: list[str]) -> None:
    lexicon = lexicon_of(tokens)
    shares = [lexicon.share(number) for number in range(len(lexicon))]
    assert math.fsum(shares) == pytest.approx(1)
    assert lexicon.share_of_prefix("") == pytest.approx(1)
    assert min(shares) > 0
    order = sorted(range(len(lexicon)), key=lambda number: (lexicon.count[number], number))
    assert order == sorted(range(len(lexicon)), key=lambda number: (shares[number], number))


def test_shares_are_about_as_the_uses() -> None:
    lexicon = lexicon_of(["git"] * 300 + ["ls"] * 100)
    git, ls = (lexicon.share(lexicon.names.find(name)) for name in ("git", "ls"))
    assert git / ls == pytest.approx(3, rel=0.02)


@given(TOKENS, st.sampled_from(["", "g", "gi", "git", "gits", " ", "x"]))
def test_the_share_of_a_prefix_is_that_of_its_tokens(tokens: list[str], part: str) -> None:
    lexicon = lexicon_of(tokens)
    fitting = [number for number, name in enumerate(lexicon.names.to_record()) if name.startswith(part)]
    assert sorted(lexicon.matching(part).tolist()) == fitting
    expected = math.fsum(lexicon.share(number) for number in fitting)
    assert lexicon.share_of_prefix(part) == pytest.approx(expected)


def test_spelling_is_learned_once_for_each_token() -> None:
    once, often = lexicon_of(["make", "test"]), lexicon_of(["make", "test", *["make"] * 50])
    assert once.spelled("makes") == often.spelled("makes")
    assert once.spelled("mak", whole=False) > once.spelled("mak") > 0
    assert once.spelled("make") > Lexicon().spelled("make")


@given(TOKENS)
def test_it_is_the_same_after_saving(tokens: list[str]) -> None:
    lexicon = lexicon_of([*tokens, "caf\udce9"])
    packed = msgpack.packb(lexicon.to_record(), unicode_errors="surrogateescape")
    again = Lexicon.from_record(msgpack.unpackb(packed, unicode_errors="surrogateescape"))
    for each in (lexicon, again):
        each.add("gimp", 100)
    assert again.to_record() == lexicon.to_record()
    assert again.share_of_prefix("g") == lexicon.share_of_prefix("g")
    assert again.spelled("gimps") == lexicon.spelled("gimps")


def test_a_record_of_another_version_is_refused() -> None:
    record = lexicon_of(["git"]).to_record()
    with pytest.raises((KeyError, ValueError)):
        Lexicon.from_record({name: value for name, value in record.items() if name != "letters"})
    with pytest.raises(ValueError, match="missing"):
        Lexicon.from_record({**record, "table": {}})
