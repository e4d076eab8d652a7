"""predictor/counts.py: a table that counts as a dictionary does."""

from __future__ import annotations

from collections import Counter

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.predictor import counts as module
from delta_learn.predictor.counts import Counts

TEXTS = st.lists(st.text(max_size=3) | st.sampled_from(["", "\udc80", "\U0010ffff"]), max_size=60)


@pytest.fixture(autouse=True)
def small_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """It fills and grows."""
    monkeypatch.setattr(module, "_FIRST_SIZE", 4)


@given(TEXTS)
def test_it_counts_as_a_dictionary_does(texts: list[str]) -> None:
    table, expected = Counts(), Counter[str]()
    for text in texts:
        assert table.add(text) == expected[text]
        expected[text] += 1
    assert {text: table[text] for text in expected} == dict(expected)
    assert len(table) == len(expected)
    assert table["not there"] == 0


@given(TEXTS, TEXTS)
def test_it_goes_on_after_saving(before: list[str], after: list[str]) -> None:
    table = Counts()
    for text in before:
        table.add(text)
    again = Counts(msgpack.unpackb(msgpack.packb(table.to_record())))
    for text in after:
        assert again.add(text) == table.add(text)
    assert again.to_record() == table.to_record()
    assert len(again) == len(table)


def test_texts_that_share_a_slot_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_key", lambda text: 8 * len(text))
    table = Counts()
    for text in ("a", "bb", "ccc", "bb"):
        table.add(text)
    assert [table[text] for text in ("a", "bb", "ccc", "dddd")] == [1, 2, 1, 0]


@pytest.mark.parametrize(
    "broken", [{"keys": b""}, {"keys": b"1234", "values": b""}, {"keys": b"x" * 12, "values": b"x" * 12}]
)
def test_a_record_of_another_version_is_refused(broken: dict[str, bytes]) -> None:
    with pytest.raises((KeyError, ValueError)):
        Counts(broken)
