"""predictor/wordcounts.py: words become established by use, and only these are found."""

from __future__ import annotations

import msgpack
import pytest

from delta_learn.predictor import wordcounts as module
from delta_learn.predictor.wordcounts import WordCounts


def test_only_established_words_of_the_group_are_found() -> None:
    words = WordCounts()
    words.add("", "git", 1)
    assert words.near("", "gti", 1) == []
    words.add("", "git", 1)
    words.add("", "git", 5)
    assert words.near("", "gti", 1) == [("git", 7)]
    assert words.near("apt", "gti", 1) == []
    assert (words.uses("", "git"), words.uses("", "gti"), words.uses("apt", "git")) == (7, 0, 0)


def test_the_most_used_of_the_nearest_comes_first() -> None:
    words = WordCounts()
    for word, uses in (("cat", 2), ("bat", 9), ("mat", 4), ("rats", 50)):
        words.add("", word, uses)
    assert words.near("", "xat", 2) == [("bat", 9), ("mat", 4), ("cat", 2)]


def test_two_mistakes_are_for_commands() -> None:
    words = WordCounts()
    words.add("", "docker", 2)
    words.add("git", "status", 2)
    assert words.near("", "dcoekr", 2) == [("docker", 2)]
    assert words.near("", "dcoekr", 1) == words.near("git", "tsatsu", 2) == []
    assert words.near("git", "staus", 2) == [("status", 2)]


def test_rare_words_go_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WORDS", 4)
    words = WordCounts()
    for number in range(4):
        words.add("cd", f"once{number}", 1)
    words.add("", "cd", 7)
    assert words.to_record() == {"": {"cd": 7}}
    words.add("cd", "site", 2)
    assert words.near("cd", "stie", 1) == [("site", 2)]


def test_it_is_the_same_after_saving() -> None:
    words = WordCounts()
    for word, uses in (("git", 3), ("docker", 2), ("gtk", 1)):
        words.add("", word, uses)
    again = WordCounts(msgpack.unpackb(msgpack.packb(words.to_record())))
    assert again.to_record() == words.to_record()
    assert again.near("", "gtt", 1) == words.near("", "gtt", 1) == [("git", 3)]
    again.add("", "gtk", 1)
    assert words.uses("", "gtk") == 1
    assert again.near("", "gtt", 1) == [("git", 3), ("gtk", 2)]
