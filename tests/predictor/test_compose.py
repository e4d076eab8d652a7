"""predictor/compose.py: the search finds the most probable lines of a small automaton, all of them known."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.predictor import compose
from delta_learn.predictor.compose import Beginning, search
from delta_learn.predictor.lexer import END

Automaton = dict[tuple[str, ...], dict[str, float]]

DEPTH = 3
WORDS = ("a", "ab", "b")


@st.composite
def automata(draw: st.DrawFn) -> Automaton:
    """P(token | the tokens before it): any distributions over three tokens and the end, the end after DEPTH.

    No line is so improbable as to be negligible.
    """
    tables: Automaton = {}
    ends: list[tuple[str, ...]] = [()]
    while ends:
        line = ends.pop()
        weights = draw(st.lists(st.integers(0, 5), min_size=len(WORDS) + 1, max_size=len(WORDS) + 1))
        if len(line) == DEPTH or not any(weights):
            weights = [0, 0, 0, 1]
        shares = {token: weight / sum(weights) for token, weight in zip((*WORDS, END), weights, strict=True) if weight}
        tables[line] = shares
        ends += [(*line, token) for token in shares if token != END]
    return tables


def expand_of(automaton: Automaton) -> compose.Expand:
    return lambda line, part: [(token, share) for token, share in automaton[line].items() if token.startswith(part)]


def lines_of(automaton: Automaton, line: tuple[str, ...] = (), logprob: float = 0.0) -> dict[tuple[str, ...], float]:
    """Every line with its end, and ln P."""
    found: dict[tuple[str, ...], float] = {}
    for token, share in automaton[line].items():
        total = logprob + math.log(share)
        if token == END:
            found[(*line, END)] = total
        else:
            found |= lines_of(automaton, (*line, token), total)
    return found


def approximately(values: list[float]) -> object:
    return pytest.approx(values, abs=1e-9)


@given(automata(), st.integers(1, 6))
def test_the_first_lines_are_the_most_probable_ones(automaton: Automaton, count: int) -> None:
    found = search((), "", 0.0, expand_of(automaton), lines=count, steps=1000)
    every = lines_of(automaton)
    whole = [each for each in found if each.whole]
    best = sorted(every.values(), reverse=True)[:count]
    assert [each.logprob for each in whole[: len(best)]] == approximately(best)
    # `a`+`b` and `ab` spell the same text: a text has to have the probability of one of its spellings.
    for each in whole:
        spelled = [logprob for line, logprob in every.items() if "".join(line) == each.text]
        assert any(logprob == pytest.approx(each.logprob, abs=1e-9) for logprob in spelled)


@given(automata(), st.integers(1, 4), st.integers(1, 12))
def test_the_best_come_first(automaton: Automaton, lines: int, steps: int) -> None:
    found = search((), "", -1.5, expand_of(automaton), lines=lines, steps=steps)
    values = [each.logprob for each in found]
    assert values == sorted(values, reverse=True)
    assert max(values) <= -1.5
    assert sum(each.inner for each in found) <= steps
    assert not any(each.inner and each.whole for each in found)


@given(automata(), st.integers(1, 4), st.integers(1, 12))
def test_what_is_not_inner_shares_all_there_is(automaton: Automaton, lines: int, steps: int) -> None:
    """Every inner beginning has the probability of what it goes on with, so that the leaves sum to one."""
    found = search((), "", 0.0, expand_of(automaton), lines=lines, steps=steps)
    assert math.fsum(math.exp(each.logprob) for each in found if not each.inner) == pytest.approx(1)


@given(automata(), st.sampled_from(["a", "ab", "b"]))
def test_lines_go_on_from_what_is_typed(automaton: Automaton, part: str) -> None:
    found = search((), part, 0.0, expand_of(automaton), lines=3, steps=1000)
    every = {line: logprob for line, logprob in lines_of(automaton).items() if line[0].startswith(part)}
    best = sorted(every.values(), reverse=True)[:3]
    assert [each.logprob for each in found if each.whole][: len(best)] == approximately(best)
    assert all(each.text.startswith(part) for each in found)
    mass = math.fsum(math.exp(each.logprob) for each in found if not each.inner)
    assert mass == pytest.approx(math.fsum(map(math.exp, every.values())))


COMMANDS: Automaton = {
    (): {"git": 0.7, "go": 0.2, "ls": 0.1},
    ("git",): {" ": 0.9, END: 0.1},
    ("git", " "): {"add": 0.5, "push": 0.5},
    ("git", " ", "add"): {END: 1.0},
    ("git", " ", "push"): {END: 1.0},
    ("go",): {END: 1.0},
    ("ls",): {END: 1.0},
}


def test_an_example() -> None:
    found = search((), "g", math.log(0.5), expand_of(COMMANDS), lines=2, steps=100)
    assert [(each.text, round(math.exp(each.logprob), 9), each.whole, each.inner) for each in found] == [
        ("git", 0.35, False, True),
        ("git ", 0.315, False, True),
        ("git add", 0.1575, False, True),
        ("git add", 0.1575, True, False),
        ("git push", 0.1575, False, True),
        ("git push", 0.1575, True, False),
        ("go", 0.1, False, False),
        ("git", 0.035, True, False),
    ]


def test_known_tokens_come_before_what_is_found() -> None:
    found = search(("git",), " ", math.log(0.7), expand_of(COMMANDS), lines=5, steps=100)
    assert found[0] == Beginning("git ", math.log(0.7) + math.log(0.9), whole=False, inner=True)
    assert {each.text for each in found if each.whole} == {"git add", "git push"}


def test_the_search_looks_at_so_many_places() -> None:
    asked: list[tuple[str, ...]] = []

    def expand(line: tuple[str, ...], part: str) -> list[tuple[str, float]]:
        asked.append(line)
        return [("x", 0.5), ("y", 0.5)]

    search((), "", 0.0, expand, lines=3, steps=7)
    assert len(asked) == 1 + 7
    assert len(set(asked)) == len(asked)


def test_when_the_time_is_over_what_was_met_is_the_answer() -> None:
    left = iter([False, False, True])
    found = search((), "", 0.0, lambda line, part: [("x", 1.0)], lines=1, steps=10_000, over=lambda: next(left))
    assert [(each.text, each.inner) for each in found] == [("x", True), ("xx", True), ("xxx", False)]


def test_a_line_that_never_ends_is_left() -> None:
    found = search((), "", 0.0, lambda line, part: [("x", 1.0)], lines=1, steps=10_000)
    assert not any(each.whole for each in found)
    assert len(found[-1].text) < 1000
    assert [each.inner for each in found] == [True] * (len(found) - 1) + [False]


def test_what_is_negligible_beside_the_best_beginning_is_left_out() -> None:
    automaton: Automaton = {
        (): {"a": 0.99, "b": 0.01},
        ("a",): {END: 1.0},
        ("b",): {"a": 0.995, END: 0.005},
        ("b", "a"): {END: 1.0},
    }
    found = search((), "", -3.0, expand_of(automaton), lines=99, steps=99)
    assert [each.text for each in found if each.whole] == ["a", "ba"]


def test_hardly_possible_tokens_are_followed_only_where_their_letters_are_typed() -> None:
    def expand(line: tuple[str, ...], part: str) -> list[tuple[str, float]]:
        if line:
            return [(END, 1.0)]
        return [each for each in (("ls", 1.0), ("never", 0.0), ("rare", 1e-9)) if each[0].startswith(part)]

    assert {each.text for each in search((), "", 0.0, expand, lines=9, steps=9)} == {"ls"}
    assert [each.text for each in search((), "r", 0.0, expand, lines=9, steps=9)] == ["rare", "rare"]
    assert search((), "n", 0.0, expand, lines=9, steps=9) == []
