"""predictor/lexer.py: lines in runs of letters and digits, and of everything else."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.predictor.lexer import END, is_blank, is_word, tag, tokens

LONGEST = 64
"""Characters of a token."""

# Bytes that are no UTF-8 are surrogates in a command; hypothesis leaves surrogates out unless they are asked for.
ANY_TEXT = st.text(st.characters() | st.characters(categories=["Cs"]))


@given(ANY_TEXT)
def test_tokens_are_the_line_in_alternating_runs(line: str) -> None:
    found = tokens(line)
    assert "".join(found) == line
    assert END not in found
    for token in found:
        assert all(character.isalnum() == is_word(token) for character in token)
    for token, following in pairwise(found):
        assert is_word(token) != is_word(following) or len(token) == LONGEST


@pytest.mark.parametrize("character", ["x", "9", "-", " ", "\udce9"])
def test_long_runs_are_cut(character: str) -> None:
    """A longer run begins with the same tokens."""
    parts = tokens(character * (2 * LONGEST + 5))
    assert [len(part) for part in parts] == [LONGEST, LONGEST, 5]
    assert tokens(character * LONGEST) == parts[:1]
    assert tokens(character * (LONGEST + 1)) == [parts[0], character]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("git add src/main.py", ["git", " ", "add", " ", "src", "/", "main", ".", "py"]),
        ("  ls -la", ["  ", "ls", " -", "la"]),
        ("snake_case2", ["snake", "_", "case2"]),
        ("größe=½", ["größe", "=", "½"]),
        ("a\udce9b", ["a", "\udce9", "b"]),
        ("", []),
    ],
)
def test_runs(line: str, expected: list[str]) -> None:
    assert tokens(line) == expected


@pytest.mark.parametrize(
    ("token", "word", "blank"),
    [
        ("git", True, False),
        (" ", False, True),
        (" --", False, True),
        ("\t", False, True),
        ('"; ', False, True),
        ("/", False, False),
        ("_", False, False),
        (END, False, False),
    ],
)
def test_kinds(token: str, word: bool, blank: bool) -> None:
    assert (is_word(token), is_blank(token)) == (word, blank)


@given(ANY_TEXT, ANY_TEXT)
def test_a_tag_has_31_bits_and_stands_for_its_text(one: str, other: str) -> None:
    assert 0 <= tag(one) < 1 << 31
    assert (tag(one) == tag(other)) == (one == other)


def test_a_tag_is_the_same_in_every_process() -> None:
    script = "from delta_learn.predictor.lexer import tag; print(tag('git \\udce9'))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(done.stdout) == tag("git \udce9")
