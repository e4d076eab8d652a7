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


@pytest.mark.xfail(strict=True, reason="END has no count at first, but the total is 1: shares sum to n / (n + 1)")
@given(TOKENS)
def test_shares_sum_to_one(tokens: list[str]) -> None:
    lexicon = lexicon_of(tokens)
    assert math.fsum(lexicon.share(number) for number in range(len(lexicon))) == pytest.approx(1)
    assert lexicon.share_of_prefix("") == pytest.approx(1)


@given(TOKENS)
def test_shares_are_as_the_uses(tokens: list[str]) -> None:
    lexicon = lexicon_of(tokens)
    total = math.fsum(lexicon.share(number) for number in range(len(lexicon)))
    assert 1 - 1 / (len(tokens) + 1) <= total + 1e-9 <= 1 + 2e-9
    for one in set(tokens) - {END}:
        for other in set(tokens) - {END}:
            ratio = lexicon.share(lexicon.names.find(one)) / lexicon.share(lexicon.names.find(other))
            assert ratio == pytest.approx(tokens.count(one) / tokens.count(other))


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
