"""predictor/meanings.py: words lead to the command that was taught with them."""

from __future__ import annotations

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.entry import CommandEntry
from delta_learn.predictor.context import Context
from delta_learn.predictor.meanings import Meanings

TAUGHT = {
    "undo last commit": "git reset --soft HEAD~",
    "undo changes in a file": "git checkout --",
    "show last commit": "git show --stat",
    "size of the directory": "du -sh .",
    "free space on the disk": "df -h",
}


def taught(pairs: list[tuple[str, str]]) -> Meanings:
    meanings = Meanings()
    for meaning, command in pairs:
        said = CommandEntry(f"# {meaning}", source="taught")
        meanings.observe(said, Context())
        meanings.observe(CommandEntry(command, source="taught"), Context(previous=(said,)))
    return meanings


@pytest.fixture
def meanings() -> Meanings:
    return taught(list(TAUGHT.items()))


@pytest.mark.parametrize("meaning", TAUGHT)
def test_its_own_words_find_a_command_first(meanings: Meanings, meaning: str) -> None:
    assert meanings.suggest(f"# {meaning}", 1)[0][0] == TAUGHT[meaning]
    assert meanings.suggest(f"# {' '.join(reversed(meaning.upper().split()))} ", 1)[0][0] == TAUGHT[meaning]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("# und", "git reset --soft HEAD~"),  # the other has more words that nobody asked for
        ("# undo la", "git reset --soft HEAD~"),
        ("# last commit undo", "git reset --soft HEAD~"),
        ("# disk", "df -h"),
        ("# how is the disk space", "df -h"),
        ("# last free ", "df -h"),  # rare words tell more
    ],
)
def test_some_of_its_words_find_it(meanings: Meanings, typed: str, first: str) -> None:
    assert meanings.suggest(typed, 1)[0][0] == first


@pytest.mark.parametrize("typed", ["", "# ", "#", "#undo", "undo last commit", "# zebra", "# las ", "# ?!"])
def test_where_no_word_fits_there_is_nothing(meanings: Meanings, typed: str) -> None:
    assert meanings.suggest(typed, 5) == []


def test_scores_say_how_well_it_fits(meanings: Meanings) -> None:
    def score(typed: str) -> float:
        return dict(meanings.suggest(typed, 5))["git reset --soft HEAD~"]

    assert 0.9 < score("# undo last commit") < 1
    assert score("# undo last commit") > score("# undo last com") > score("# undo last") > score("# undo") > 0
    assert score("# undo last commit") > score("# undo last commit quickly")
    ranked = [score for _, score in meanings.suggest("# undo last commit", 5)]
    assert ranked == sorted(ranked, reverse=True)
    assert len(ranked) == 3


def test_only_what_was_taught_as_a_pair_counts() -> None:
    meanings = Meanings()
    for said, command in (
        (CommandEntry("# undo"), CommandEntry("typed", source="taught")),
        (CommandEntry("# undo", source="taught"), CommandEntry("typed")),
        (CommandEntry("make", source="taught"), CommandEntry("make undo", source="taught")),
        (CommandEntry("#undo", source="taught"), CommandEntry("x", source="taught")),
    ):
        meanings.observe(command, Context(previous=(said,)))
    meanings.observe(CommandEntry("git undo", source="taught"), Context())
    assert meanings.to_record() == []


def test_a_command_comes_once_and_the_last_taught_first() -> None:
    meanings = taught(
        [("clean up", "make clean"), ("clean", "make clean"), ("clean", "git clean"), ("clean", "cargo clean")]
    )
    assert [command for command, _ in meanings.suggest("# clean", 9)] == ["cargo clean", "git clean", "make clean"]
    again = taught([("clean", "git clean"), ("clean", "cargo clean"), ("clean", "git clean")])
    assert [command for command, _ in again.suggest("# clean", 9)] == ["git clean", "cargo clean"]
    assert len(again.suggest("# clean", 1)) == 1


def test_it_is_the_same_after_saving(meanings: Meanings) -> None:
    again = Meanings.from_record(msgpack.unpackb(msgpack.packb(meanings.to_record())))
    for typed in ("# und", "# last commit", "# the"):
        assert again.suggest(typed, 5) == meanings.suggest(typed, 5)
        assert meanings.suggest(typed, 5)


@given(st.lists(st.tuples(st.text(max_size=20), st.text(min_size=1, max_size=5)), max_size=6), st.text(max_size=20))
def test_scores_are_probabilities(pairs: list[tuple[str, str]], words: str) -> None:
    assert all(0 < score < 1 for _, score in taught(pairs).suggest(f"# {words}", 9))
