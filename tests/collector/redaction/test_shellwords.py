"""collector/redaction/shellwords.py: words as the shell sees them, each at its place in the text."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.collector.redaction.shellwords import Word, closed, simple_commands, unquote, without_parameters

shell_text = st.lists(st.sampled_from([*"ab'\"\\$`|&;<>() \n=", "$'", "<secret:x>"]), max_size=15).map("".join)


def words(text: str) -> list[list[str]]:
    return [[word.text for word in command.words] for command in simple_commands(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("git commit -m 'a b'", [["git", "commit", "-m", "a b"]]),
        ('a "b \\" c" d', [["a", 'b \\" c', "d"]]),
        ("a $'b\\'c' d", [["a", "b\\'c", "d"]]),
        ("a x'b c'y d", [["a", "x'b c'y", "d"]]),
        ("a b\\ c", [["a", "b\\ c"]]),
        ("a; b && c | d &\ne", [["a"], ["b"], ["c"], ["d"], ["e"]]),
        ("a $(b c) `d`", [["b", "c"], ["d"], ["a", "$"]]),
        ("a $(b)c d", [["b"], ["a", "$", "d"]]),
        ("a() { b c; }", [["{", "b", "c"], ["}"]]),
        ("a (b", [["b"], ["a"]]),
        ("a) b", [["a"], ["b"]]),
        ("a >b 2>&1 <c d", [["a", ">", ">", "<", "d"]]),
        ("a &> b 2>> c", [["a", ">", ">"]]),
        ("a <(b c) d", [["b", "c"], ["a", "<", "d"]]),
        ("a \\\n  b", [["a", "b"]]),
        ("a <secret:token> b", [["a", "<secret:token>", "b"]]),
        ("a 'b c", [["a", "'b c"]]),
        ("", []),
        (" ;\n; ", []),
    ],
)
def test_words_of_simple_commands(text: str, expected: list[list[str]]) -> None:
    assert words(text) == expected


@given(shell_text, st.integers(0, 5))
def test_every_word_is_at_its_place(text: str, offset: int) -> None:
    for command in simple_commands(text, offset):
        end = offset
        for word in command.words:
            assert end <= word.start
            assert text[word.start - offset : word.end - offset] == word.text
            end = word.end


def inputs(text: str) -> list[list[str]]:
    return [[word.text for word in command.inputs] for command in simple_commands(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a <<< b c", [["b"]]),
        ("a <<<'b c'", [["b c"]]),
        ("a <<E b\nc\nd\nE\nf", [["c\nd\n"], []]),
        ("a <<-'E'\n\tc\n\tE\nf", [["\tc\n"], []]),
        ("a <<A <<B\n1\nA\n2\nB\n", [["1\n", "2\n"]]),
        ("a <<E\nb", [["b"]]),
        ("a <<E", [[]]),
        ("a < b", [[]]),
    ],
)
def test_what_a_command_reads(text: str, expected: list[list[str]]) -> None:
    assert inputs(text) == expected


@given(shell_text, st.integers(0, 5))
def test_every_input_is_at_its_place(text: str, offset: int) -> None:
    for command in simple_commands(text, offset):
        for word in (*command.inputs, *command.outputs):
            assert text[word.start - offset : word.end - offset] == word.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a | b", ["a"]),
        ("a; b | c", ["b"]),
        ("a && b |& c", ["b"]),
        ("(a; b) | c", ["a", "b"]),
        ("x; { a; b; } | c", ["{", "b", "}"]),
        ("a || b", []),
        ("a; b", []),
    ],
)
def test_what_is_piped_into_the_last_command(text: str, expected: list[str]) -> None:
    assert [command.words[0].text for command in simple_commands(text)[-1].feeds] == expected


def test_files_written() -> None:
    (command,) = simple_commands("a > b 2>> 'c d' < e")
    assert [word.text for word in command.outputs] == ["b", "c d"]


@given(st.lists(st.text("ab \"'\\$", min_size=1, max_size=6), min_size=1))
def test_what_shlex_quotes_is_one_word_each(texts: list[str]) -> None:
    assert len(words(shlex.join(texts))[0]) == len(texts)


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        ("a", Word(7, "a")),
        ("'a b'", Word(8, "a b", "'")),
        ('"a"', Word(8, "a", '"')),
        ("$'a'", Word(9, "a", "$'")),
        ("''", Word(8, "", "'")),
        ("'a'b'", Word(7, "'a'b'")),
        ("'a''b'", Word(7, "'a''b'")),
        ('"a\\"', Word(7, '"a\\"')),
        ("'", Word(7, "'")),
        ("", Word(7, "")),
    ],
)
def test_quotes_come_off_when_one_pair_holds_the_word(raw: str, word: Word) -> None:
    assert unquote(7, raw) == word


@pytest.mark.parametrize(
    ("word", "text"),
    [
        (Word(3, "ab"), "ab"),
        (Word(3, "a'b c'\"d\""), "a'b c'\"d\""),
        (Word(3, "a 'b"), "a "),
        (Word(3, 'a\\"b"c'), 'a\\"b'),
        (Word(3, "a\\"), "a"),
        (Word(3, "'a \"b"), 'a "b'),
        (Word(3, "a'b", '"'), "a'b"),
    ],
)
def test_other_text_can_stand_for_what_is_closed(word: Word, text: str) -> None:
    assert closed(word).text == text


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("a$B-${C:-x}y", "a-y"),
        ("$(pass show a", ""),
        ("`cat a`b", "b"),
        ("a\\$b", "a\\$b"),
        ("$1$2$@$?", ""),
        ("100$", "100"),
    ],
)
def test_parameters_are_what_is_not_spelt_out(text: str, rest: str) -> None:
    assert without_parameters(text) == rest
