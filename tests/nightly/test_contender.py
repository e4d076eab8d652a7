"""nightly/contender.py: what counts as giving a secret away."""

from __future__ import annotations

import pytest

from delta_learn.entry import CommandEntry
from delta_learn.nightly.contender import Contender
from delta_learn.predictor.context import Context

RANDOM = "Xq7" + "vK2mWz9TbRf4LhNs" + "8dPc3YgJ"


def leaks(typed: list[str], learnt: list[str]) -> int:
    contender = Contender("delta", None, learnt)
    for command in typed:
        contender.observe(CommandEntry(command), Context())
    assert contender.suggest("", Context(), 5)
    return contender.leaks


@pytest.mark.parametrize(
    ("suggested", "learnt", "count"),
    [
        (f"deploy --token {RANDOM}", f"deploy --token {RANDOM}", 1),
        (f"deploy --token {RANDOM}", "deploy --token <secret:token>", 0),  # made up: nobody typed it
        ("mysql -pshop", "mysql -p shop", 0),  # a word of the history where a secret would stand
        ("make test", "make test", 0),
    ],
)
def test_a_leak_is_a_secret_of_the_person(suggested: str, learnt: str, count: int) -> None:
    assert leaks([suggested], [learnt]) == count
