"""predictor/commandwords.py: which words of a line can be misspelt, and where they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.predictor.commandwords import MAX_CHARS, command_words, substitute_of, substituted


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("git", [["git"]]),
        ("git status -s", [["git", "status"]]),
        ("  git\tpush origin", [["git", "push"]]),
        ("ls -la src", [["ls"]]),
        ("sudo apt install x", [["apt", "install"]]),
        ("LANG=C sudo time make test", [["make", "test"]]),
        ("make && make install; ls|wc", [["make"], ["make", "install"], ["ls"], ["wc"]]),
        ("(cd build; cmake ..)", [["cd", "build"], ["cmake"]]),
        ("./run now", []),
        ("cat ~/x notes.txt", [["cat"]]),
        ("vim notes.txt", [["vim", "notes.txt"]]),
        ("echo 'a b'", [["echo"]]),
        ("kill 123", [["kill"]]),
        ("", []),
    ],
)
def test_words(line: str, words: list[list[str]]) -> None:
    found = command_words(line)
    assert [[word.text for word in each] for each in found] == words
    for each in found:
        assert [word.place for word in each] == ["command", "argument"][: len(each)]
        assert [word.group for word in each] == ["", each[0].text][: len(each)]
        assert all(line[word.start : word.end] == word.text for word in each)


def test_what_was_never_typed_by_hand_has_no_words() -> None:
    assert command_words("a" * MAX_CHARS)
    assert command_words("a" * (MAX_CHARS + 1)) == []


def test_words_are_replaced_in_their_places() -> None:
    line = "sudo gti  stauts --short"
    ((command, argument),) = command_words(line)
    assert substituted(line, [(command, "git"), (argument, "status")]) == "sudo git  status --short"
    assert substituted(line, []) == line


@pytest.mark.parametrize(
    ("other", "right"),
    [
        ("sudo git push x", "git"),
        ("sudo gti push x", None),
        ("sudo git push y", None),
        ("git push x", None),
        ("sudo git stash push x", None),
        ("sudo  push x", None),
        ("", None),
    ],
)
def test_what_stands_in_its_place(other: str, right: str | None) -> None:
    line = "sudo gti push x"
    ((command, _),) = command_words(line)
    assert substitute_of(command, line, other) == right


@given(st.text(alphabet="ab1 =|;&('\".-/\n\t", max_size=30))
def test_places_are_those_of_the_words(line: str) -> None:
    for each in command_words(line):
        for word in each:
            assert line[word.start : word.end] == word.text
            assert substitute_of(word, line, substituted(line, [(word, "zz")])) == "zz"
