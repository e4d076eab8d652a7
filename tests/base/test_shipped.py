"""The base that this package carries: whole, usable, and published with what its sources ask for."""

from __future__ import annotations

import hashlib
from importlib import resources

import pytest

from delta_learn.base.files import CARD
from delta_learn.base.shipped import shipped_base
from delta_learn.predictor.context import Context
from delta_learn.predictor.neural import NeuralExpert
from delta_learn.registry import ModelFile
from delta_learn.serving.loading import load_engine
from delta_learn.tokenizer.tokenizer import Tokenizer


@pytest.fixture(scope="module")
def base() -> ModelFile:
    found = shipped_base()
    assert found is not None
    return found


def test_it_is_a_few_megabytes(base: ModelFile) -> None:
    assert 1_000_000 < len(base.weights) < 6_000_000


def test_it_knows_common_commands(base: ModelFile) -> None:
    expert = NeuralExpert(load_engine(base.meta["model"], base.weights), Tokenizer.from_bytes(base.tokenizer))
    known = ["git commit", "ls -la", "docker ps", "cd .."]
    strange = ["tig timmoc", "sl -al", "rekcod ps", "dc .."]
    scores = expert.log_probabilities([*known, *strange], Context()).tolist()
    assert all(scores[i] > scores[i + 4] for i in range(4))


def test_its_card_is_the_one_it_was_written_with(base: ModelFile) -> None:
    card = resources.files("delta_learn.base").joinpath(CARD).read_bytes()
    assert hashlib.sha256(card).hexdigest() == base.meta["sha256"][CARD]


@pytest.mark.parametrize(
    "text",
    [
        "tldr-pages team and contributors, CC BY 4.0",
        "Changes made:",
        "Apache-2.0",
        "Copyright (c) 2020 NL2Bash dataset",
        "## Intended use",
        "## Limits",
        "delta-learn pretrain ",
    ],
)
def test_its_card_says_where_it_is_from_and_what_it_is_for(text: str) -> None:
    assert text in resources.files("delta_learn.base").joinpath(CARD).read_text(encoding="utf-8")
