"""Keystrokes of one line: an example computed by hand, and properties against a plain simulation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.evaluation.metrics import Accept, Keys, count_keys, keys_full, keys_part, keys_word, word_accepts

# Suggested is the newest line with the typed prefix, nothing at the empty prompt. Accepted text in brackets.
BY_HAND = [
    # 10 characters, no history: all typed.
    ("git status", 10, 10, 10),
    # full: never right, 12. word: g [it ] then "status" disagrees, a d d space a . p y typed: 1 + 1 + 8.
    ("git add a.py", 12, 10, 10),
    # full: newest is "git add a.py" until "git s": 5 typed + 1. word: g [it ] s [tatus]: 4.
    ("git status", 6, 4, 4),
    ("ls", 2, 2, 2),
    # After "l" only one character is left: an accept key would cost what it saves.
    ("ls", 2, 2, 2),
    ("vim src/a.py", 12, 12, 12),
    # word: v [im ] then "src/a.py" disagrees: s r c / b . p y: 1 + 1 + 8.
    # part: v [im ] [src/] then "a." disagrees: b . p y: 1 + 1 + 1 + 4.
    ("vim src/b.py", 12, 10, 7),
    # word: g [it ] a [dd ] b . p y: 8; "a." is no part of it either.
    ("git add b.py", 12, 8, 8),
    # full: newest is "src/b.py" until "vim src/a": 9 + 1. word: v [im ] s r c / a [.py]: 8.
    # part: v [im ] [src/] a [.py]: 5.
    ("vim src/a.py", 10, 8, 5),
    # word: g [it ] s [tatus], then the suggestion ends: space - s: 7.
    ("git status -s", 13, 7, 7),
]


def newest_with_prefix(history: Sequence[str]) -> Callable[[str], str | None]:
    newest_first = history[::-1]
    return lambda prefix: next((line for line in newest_first if prefix and line.startswith(prefix)), None)


def test_ten_commands_by_hand() -> None:
    history: list[str] = []
    total = Keys(0, 0, 0)
    for line, *expected in BY_HAND:
        keys = count_keys(line, newest_with_prefix(history))
        assert (line, keys) == (line, Keys(*expected))
        total = Keys(total.full + keys.full, total.word + keys.word, total.part + keys.part)
        history.append(line)
    # 97 characters: KSR-full 6/97, KSR-word 24/97, KSR-part 30/97.
    assert sum(len(line) for line, *_ in BY_HAND) == 97
    assert total == Keys(full=91, word=73, part=67)


def test_accept_keys_by_hand() -> None:
    suggest = newest_with_prefix(["git status", "git add a.py"])
    # g [it ] s [tatus] space - s
    assert word_accepts("git status -s", suggest) == [Accept(1, 3), Accept(5, 5)]
    keys = count_keys("git status -s", suggest)
    assert (keys.accepts, keys.word) == ((Accept(1, 3), Accept(5, 5)), 7)


def test_whole_line_at_the_empty_prompt_is_one_key() -> None:
    assert count_keys("git push", lambda _: "git push") == Keys(1, 1, 1)


@pytest.mark.parametrize("line", ["", "x"])
def test_nothing_to_save_on_the_shortest_lines(line: str) -> None:
    assert count_keys(line, lambda _: line) == Keys(len(line), len(line), len(line))


def test_a_word_of_one_character_is_typed() -> None:
    # "a" is as cheap to type; "a " saves one key.
    assert keys_word("a.", lambda _: "a") == 2
    assert keys_word("a b", lambda _: "a c") == 2


def test_a_suggestion_that_does_not_go_on_from_the_prefix_is_ignored() -> None:
    assert keys_part("abcd", lambda prefix: "zzcd" if prefix else None) == 4


def test_leading_blanks_belong_to_the_next_word_and_only_one_after_it() -> None:
    # [git] typed as g i t, then one key takes " commit " and one "-m" (no blank follows).
    suggestion = {"git": "git commit -m"}
    assert keys_word("git commit x", lambda prefix: suggestion.get(prefix)) == 3 + 1 + 1


def at_the_empty_prompt(suggestion: str) -> Callable[[str], str | None]:
    return lambda prefix: None if prefix else suggestion


def test_a_word_ends_with_one_blank() -> None:
    # [ab ] then space c d.
    assert keys_word("ab  cd", at_the_empty_prompt("ab  ce")) == 4


def test_a_part_ends_with_all_its_separators() -> None:
    # [ab--] then c d.
    assert keys_part("ab--cd", at_the_empty_prompt("ab--ef")) == 3


def test_a_part_is_taken_only_where_the_word_disagrees() -> None:
    # [ab-cd ] then x; by part it would be [ab-] c d space x.
    assert keys_part("ab-cd x", at_the_empty_prompt("ab-cd y")) == 2


def test_each_prefix_is_asked_once() -> None:
    asked: list[str] = []

    def suggest(prefix: str) -> None:
        asked.append(prefix)

    count_keys("make test", suggest)
    assert sorted(asked) == sorted(set(asked))


pieces = st.sampled_from(["a", "b", "ab", " ", "  ", "\t", "/", ".", "--", "_a", "=b"])
texts = st.lists(pieces, max_size=9).map("".join)
histories = st.lists(texts, max_size=8)


@given(texts, histories)
def test_agrees_with_a_plain_simulation(line: str, history: list[str]) -> None:
    suggest = newest_with_prefix(history)
    assert keys_full(line, suggest) == simulate(line, suggest, [])
    assert keys_word(line, suggest) == simulate(line, suggest, [word_length])
    assert keys_part(line, suggest) == simulate(line, suggest, [word_length, part_length])


@given(texts, st.dictionaries(st.integers(0, 18), texts))
def test_no_fewer_keys_than_the_shortest_path(line: str, tails: dict[int, str]) -> None:
    def suggest(prefix: str) -> str | None:
        return prefix + tails[len(prefix)] if len(prefix) in tails else None

    keys = count_keys(line, suggest)
    best = shortest_path(line, suggest)
    assert best <= min(keys.word, keys.part) and best <= keys.full
    assert max(keys.full, keys.word, keys.part) <= len(line)


@given(texts, histories)
def test_accept_keys_and_typed_characters_make_the_line(line: str, history: list[str]) -> None:
    suggest = newest_with_prefix(history)
    keys = count_keys(line, suggest)
    assert keys.word == len(line) - sum(accept.saved for accept in keys.accepts)
    end = 0
    for accept in keys.accepts:
        assert accept.position >= end and accept.length >= 2
        end = accept.position + accept.length
        suggestion = suggest(line[: accept.position])
        assert suggestion is not None and suggestion[accept.position :].startswith(line[accept.position : end])
    assert end <= len(line)


def word_length(text: str) -> int:
    """Blanks, other characters, one blank: written out without a regular expression."""
    i = blanks(text)
    j = i
    while j < len(text) and not text[j].isspace():
        j += 1
    return 0 if i == j else j + (j < len(text))


def part_length(text: str) -> int:
    i = blanks(text)
    while i < len(text) and not text[i].isspace() and text[i] not in "/=:,.@_-":
        i += 1
    while i < len(text) and text[i] in "/=:,.@_-":
        i += 1
    return i + (i < len(text) and text[i].isspace())


def blanks(text: str) -> int:
    return len(text) - len(text.lstrip())


def simulate(line: str, suggest: Callable[[str], str | None], lengths: list[Callable[[str], int]]) -> int:
    """Delete what is entered from the front of the line, key by key."""
    typed, left, keys = "", line, 0
    while left:
        taken = left[0]
        suggestion = suggest(typed)
        if suggestion is not None:
            offered = suggestion[len(typed) :]
            choices = [offered] if offered == left else [offered[: length(offered)] for length in lengths]
            good = [text for text in choices if len(text) > 1 and left[: len(text)] == text]
            taken = good[0] if good else taken
        typed, left, keys = typed + taken, left[len(taken) :], keys + 1
    return keys


def shortest_path(line: str, suggest: Callable[[str], str | None]) -> int:
    """Fewest keys over every choice of accepting whole, word, part, or typing."""
    cost = [0] + [len(line)] * len(line)
    for i in range(len(line)):
        suggestion = suggest(line[:i])
        offered = suggestion[i:] if suggestion else ""
        for size in (1, len(offered), word_length(offered), part_length(offered)):
            if size and (size == 1 or line[i : i + size] == offered[:size]):
                cost[min(i + size, len(line))] = min(cost[min(i + size, len(line))], cost[i] + 1)
    return cost[-1]
