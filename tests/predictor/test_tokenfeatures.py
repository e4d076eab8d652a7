"""predictor/tokenfeatures.py: what past tokens have in common with the one that comes next."""

from __future__ import annotations

import math
from functools import reduce

import numpy as np
import pytest

from delta_learn.entry import CommandEntry
from delta_learn.predictor.context import Context
from delta_learn.predictor.lexer import tokens
from delta_learn.predictor.logit import Floats
from delta_learn.predictor.memory import TokenMemory
from delta_learn.predictor.place import Place
from delta_learn.predictor.tokenfeatures import ESCAPE_START, TOKEN_START, escape_features, token_features

PULL = CommandEntry("git pull")
LS = CommandEntry("ls")

TYPED = (
    ("git add a", Context((LS, PULL), directory="/x", session="s")),
    ("git push a", Context((PULL, LS), directory="/y", session="s")),
    ("vim a", Context((LS, CommandEntry("git add")), directory="/x", session="t")),
)
POSITIONS = {"add": 6, "push": 12, "vim's a": 18}
"""The word after the space, in each line; two documented tokens, `ls` and `make`, and their ends come first."""


@pytest.fixture
def memory() -> TokenMemory:
    memory = TokenMemory.of_documentation(["ls", "make"])
    for line, context in TYPED:
        memory.record(tokens(line), memory.prompt(context))
    return memory


def place_after(text: str) -> Place:
    return reduce(Place.after, tokens(text), Place())


def rows(memory: TokenMemory, positions: list[int], text: str, context: Context) -> dict[str, list[float]]:
    features = token_features(memory, np.array(positions), place_after(text), memory.prompt(context))
    assert features.shape == (len(TOKEN_START), len(positions))
    assert features.dtype == np.float32
    return dict(zip(TOKEN_START, features.tolist(), strict=True))


def test_features_by_hand(memory: TokenMemory) -> None:
    names = memory.lexicon.names
    positions = [*POSITIONS.values(), 0]
    assert [names[token] for token in memory.tokens_at(np.array(positions))] == ["add", "push", "a", "ls"]
    now = Context((LS, PULL), directory="/x", session="t")
    found = rows(memory, positions, "git ", now)
    expected = {
        "age": [-math.log(3), -math.log(2), 0.0, -math.log(4)],  # two lines of documentation are equally old
        "last": [1, 1, 1, 0],
        "pair": [1, 1, 0, 0],
        "triple": [1, 1, 0, 0],
        "line": [1, 1, 0, 0],
        "head": [1, 1, 0, 0],
        "word": [1, 1, 1, 0],
        "slot": [1, 1, 1, 0],
        "line1": [1, 0, 0, 0],
        "line2": [1, 0, 1, 0],
        "head1": [1, 0, 1, 0],
        "directory": [1, 0, 1, 0],
        "session": [0, 0, 1, 0],
        "previous": [0, 0, 1, 0],
        "documented": [0, 0, 0, 1],
    }
    for name, row in expected.items():
        assert found[name] == pytest.approx(row), name


def test_pairs_of_features_hold_where_both_do(memory: TokenMemory) -> None:
    for text in ("", "git", "git ", "git add", "git add a", "vim ", "vim a"):
        found = rows(memory, list(range(len(memory))), text, TYPED[0][1])
        pairs = [name for name in TOKEN_START if ", " in name]
        assert len(pairs) > 5
        for name in pairs:
            one, other = name.split(", ")
            assert found[name] == [a * b for a, b in zip(found[one], found[other], strict=True)], (text, name)


def escapes(memory: TokenMemory, scores: list[float], place: Place) -> dict[str, float]:
    """The features of an escape by name, from the first tokens of POSITIONS."""
    positions = np.array(list(POSITIONS.values())[: len(scores)])
    features: Floats = token_features(memory, positions, place, memory.prompt(TYPED[0][1]))
    found = escape_features(features, np.array(scores, np.float32), {5: 0.25, 7: 0.75}, 0.2, place)
    assert found.shape == (len(ESCAPE_START), 2)
    assert not found[:, 1].any()
    return dict(zip(ESCAPE_START, found[:, 0].tolist(), strict=True))


def test_what_tells_that_no_similar_token_comes(memory: TokenMemory) -> None:
    found = escapes(memory, [2.0, 1.0], place_after("git "))
    assert found == pytest.approx(
        {
            "bias": 1.0,
            "best": 2.0,
            "all": math.log(math.exp(2) + math.exp(1)),
            "agreement": math.log(0.75),
            "line": 1.0,
            "pair": 1.0,
            "last": 1.0,
            "rate": math.log(0.2 / 0.8),
            "word next": 1.0,
            "choice": math.log(2),
            "line, line1": 1.0,
            "opening": 0.0,
        },
        rel=1e-5,
    )


def test_what_the_place_of_an_escape_is(memory: TokenMemory) -> None:
    assert escapes(memory, [0.0], Place())["opening"] == 1
    assert escapes(memory, [0.0], Place())["line"] == 0
    found = escapes(memory, [0.0], place_after("vim"))
    assert (found["opening"], found["word next"], found["last"]) == (0, 0, 0)
    assert escapes(memory, [0.0, 0.0, 0.0], place_after("ls "))["last"] == 1
    assert escapes(memory, [0.0, 0.0, 0.0], place_after("ls "))["pair"] == 0


def test_large_scores_do_not_overflow(memory: TokenMemory) -> None:
    found = escapes(memory, [5000.0, 4000.0], place_after("git "))
    assert found["all"] == pytest.approx(5000)
