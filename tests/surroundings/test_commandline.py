"""surroundings/commandline.py: words as a shell would read them."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.surroundings.commandline import commands, spelled, typing


def words_of(text: str) -> list[list[str]]:
    return [[word.text for word in command.words] for command in commands(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ls -la", [["ls", "-la"]]),
        ("a && b || c; d | e & f", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]),
        ("a 'b c' \"d e\" f\\ g", [["a", "b c", "d e", "f g"]]),
        ("a $(b c) d", [["a", "$", "d"], ["b", "c"]]),
        ("a `b c` d", [["a", "d"], ["b", "c"]]),
        ("(a; b) c", [["c"], ["a"], ["b"]]),
        ("a > b 2>&1 c", [["a", "c"]]),
        ("a <(b) c", [["a", "c"], ["b"]]),
        ("a\nb", [["a"], ["b"]]),
        ("a 'open b", [["a", "open b"]]),
        ("", []),
    ],
)
def test_simple_commands(text: str, words: list[list[str]]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("raw", "text", "plain"),
    [
        ("a", "a", True),
        (r"a\ b", "a b", True),
        ("'a $x'", "a $x", True),
        ('"a b"', "a b", True),
        ('"a $x"', "a $x", False),
        (r'"a \$x"', "a $x", True),
        ("$x", "$x", False),
        ("*.py", "*.py", False),
        ("{a,b}", "{a,b}", False),
        ("'open", "open", False),
        ('"open', "open", False),
        ("=ls", "=ls", False),
        (r"\rm", "rm", True),
        ("r'm'", "rm", True),
        ("~/a", "~/a", True),
        ("$'a'", "a", True),
        (r"$'\x41'", r"\x41", False),
    ],
)
def test_spelling(raw: str, text: str, plain: bool) -> None:
    word = spelled(raw)
    assert (word.text, word.plain) == (text, plain)


@pytest.mark.parametrize(
    ("line", "before", "typed"),
    [
        ("git checkout fea", ["git", "checkout"], "fea"),
        ("git checkout ", ["git", "checkout"], ""),
        ("a; b c", ["b"], "c"),
        ("a | ", [], ""),
        ("a > fi", ["a"], "fi"),
        ("a > ", ["a"], ""),
        ("a $(b c", ["b"], "c"),
        ("a $(b) c", ["a", "$"], "c"),
        (r"a My\ Fi", ["a"], r"My\ Fi"),
        ("", [], ""),
    ],
)
def test_the_word_that_is_being_typed(line: str, before: list[str], typed: str) -> None:
    command, word = typing(line)
    assert ([each.text for each in command.words], word.raw) == (before, typed)


@given(st.lists(st.text(st.characters(codec="ascii", exclude_characters="\n\0"), min_size=1), min_size=1, max_size=5))
def test_quoted_words_come_back(words: list[str]) -> None:
    assert words_of(" ".join(map(shlex.quote, words))) == [words]
