"""predictor/spelling.py: distances by hand, and no neighbour is missed."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.predictor.spelling import Spelling, allowed, distance

WORDS = st.text(alphabet="abc", min_size=2, max_size=9)


@pytest.mark.parametrize(
    ("a", "b", "mistakes"),
    [
        ("git", "git", 0),
        ("gti", "git", 1),
        ("gt", "git", 1),
        ("giit", "git", 1),
        ("gut", "git", 1),
        ("igt", "git", 1),
        ("dokcer", "docker", 1),
        ("dcoekr", "docker", 2),
        ("ca", "abc", 3),  # 2 if a swapped pair could be edited again
        ("", "ab", 2),
        ("kitten", "sitting", 3),
    ],
)
def test_distances(a: str, b: str, mistakes: int) -> None:
    assert distance(a, b, 5) == distance(b, a, 5) == mistakes
    if mistakes:
        assert distance(a, b, mistakes - 1) == mistakes, "more than the limit"


def slips(word: str) -> set[str]:
    letters = string.ascii_lowercase
    splits = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    left_out = {a + b[1:] for a, b in splits if b}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in splits if len(b) > 1}
    replaced = {a + c + b[1:] for a, b in splits if b for c in letters}
    added = {a + c + b for a, b in splits for c in letters}
    return (left_out | swapped | replaced | added) - {word}


@pytest.mark.parametrize("mistakes", [1, 2])
@pytest.mark.parametrize("word", ["ls", "git", "docker", "terraform"])
def test_every_slip_is_found(word: str, mistakes: int) -> None:
    spelling = Spelling(mistakes)
    spelling.add(word)
    typed = [slip for slip in slips(word) if len(slip) > 1]
    assert len(typed) > 100
    assert all(spelling.near(slip, 1) == [word] for slip in typed)


def test_two_slips_are_found_in_words_of_six_letters() -> None:
    spelling = Spelling(2)
    rng = random.Random(1)
    words = ["docker", "terraform", "shutdown"]
    for word in words:
        spelling.add(word)
    for _ in range(300):
        word = rng.choice(words)
        twice = rng.choice(sorted(slips(rng.choice(sorted(slips(word))))))
        if distance(twice, word, 2) == 2 and len(twice) >= 6:
            assert spelling.near(twice, 2) == [word]
            assert spelling.near(twice, 1) == []
    short = Spelling(2)
    short.add("mv")
    short.add("make")
    assert short.near("cp", 2) == short.near("mkea", 2) == []


def test_the_nearest_are_found_and_never_the_word_itself() -> None:
    spelling = Spelling(2)
    for word in ("docker", "rocker", "locket"):
        spelling.add(word)
    assert sorted(spelling.near("bocker", 2)) == ["docker", "rocker"]
    assert spelling.near("docker", 2) == ["rocker"]
    assert spelling.near("d", 2) == spelling.near("x" * 40, 2) == []


@given(st.lists(WORDS, max_size=12, unique=True), WORDS, st.sampled_from([1, 2]))
def test_it_finds_what_comparing_with_all_words_finds(words: list[str], word: str, mistakes: int) -> None:
    spelling = Spelling(mistakes)
    for each in words:
        spelling.add(each)
    far = {other: distance(word, other, 3) for other in words if other != word}
    near = {other: d for other, d in far.items() if d <= min(mistakes, allowed(word, other))}
    assert sorted(spelling.near(word, mistakes)) == sorted(o for o, d in near.items() if d == min(near.values()))
