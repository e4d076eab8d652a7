"""predictor/sortednames.py: names by number, and by what they begin with."""

from __future__ import annotations

import msgpack
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.predictor.names import UNKNOWN
from delta_learn.predictor.sortednames import SortedNames

NAME = st.text("ab/é\udc80", max_size=4)
NAMES = st.lists(NAME, unique=True, max_size=30)


def matching(names: list[str], prefix: str) -> list[int]:
    """Numbers of the names that begin with `prefix`, by name."""
    return [number for name, number in sorted(zip(names, range(len(names)), strict=True)) if name.startswith(prefix)]


@given(NAMES, NAMES, st.lists(NAME, min_size=1, max_size=8))
def test_names_are_found_by_what_they_begin_with(first: list[str], more: list[str], prefixes: list[str]) -> None:
    names = SortedNames(first)
    expected = first.copy()
    for name in more:
        if name not in expected:
            expected.append(name)
        assert names.add(name) == expected.index(name)
        assert names.matching(name[:1]).tolist() == matching(expected, name[:1])
    for prefix in ["", *prefixes]:
        assert names.matching(prefix).tolist() == matching(expected, prefix)


def test_a_name_is_added_once() -> None:
    names = SortedNames()
    assert [names.add(name) for name in ("ls", "git", "ls")] == [0, 1, 0]
    assert (len(names), names[1], names.find("git"), names.find("gi")) == (2, "git", 1, UNKNOWN)
    assert names.matching("l").tolist() == [0]


@given(NAMES, NAME)
def test_it_is_the_same_after_saving(first: list[str], added: str) -> None:
    names = SortedNames()
    for name in first:
        names.add(name)
    packed = msgpack.packb(names.to_record(), unicode_errors="surrogateescape")
    again = SortedNames(msgpack.unpackb(packed, unicode_errors="surrogateescape"))
    assert names.add(added) == again.add(added)
    for prefix in ("", "a", "/b", "\udc80", added):
        assert again.matching(prefix).tolist() == names.matching(prefix).tolist()


def test_thousands_of_names() -> None:
    names = SortedNames()
    every = [f"{(number * 7919) % 5000:x}" for number in range(5000)]
    for name in every:
        names.add(name)
    for prefix in ("", "1", "12", "fff", "zz"):
        assert names.matching(prefix).tolist() == matching(every, prefix)
