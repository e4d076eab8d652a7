from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from delta_learn.config import DatasetConfig
from delta_learn.dataset.split import Split
from delta_learn.dataset.tokens import tokenize
from delta_learn.entry import CommandEntry, Session
from delta_learn.storage.shards import TokenRun
from delta_learn.tokenizer.tokenizer import Tokenizer

CONFIG = DatasetConfig(taught_weight=3.0, synthetic_weight=0.25)
LS = CommandEntry("ls", timestamp=None, session="a")
PWD = CommandEntry("pwd", timestamp=7.0, session="a", sequence=1)
VARIANT = CommandEntry("cd docs", session="synthetic:0", source="synthetic")


def ids(run: TokenRun) -> list[int]:
    return np.frombuffer(run.ids, "<u2").tolist()


def weights(run: TokenRun) -> set[float]:
    return set(np.frombuffer(run.weights, "<f2").tolist()) - {0.0}


def commands(run: TokenRun, tokenizer: Tokenizer) -> str:
    return tokenizer.decode(ids(run))


def test_one_run_a_session(tokenizer: Tokenizer) -> None:
    split = Split([Session("a", (LS, PWD))], [Session("b", (PWD,))])
    train, held_out = tokenize(split, [], tokenizer, CONFIG)
    assert (train.session, train.entries, train.timestamp, train.held_out) == ("a", 2, 7.0, False)
    assert (held_out.session, held_out.entries, held_out.held_out) == ("b", 1, True)
    assert commands(train, tokenizer) == "lspwd"
    assert ids(train)[0] == tokenizer.symbol("<session>")
    assert len(train.ids) == len(train.weights)
    assert weights(train) == weights(held_out) == {1.0}


def test_weights_follow_the_source(tokenizer: Tokenizer) -> None:
    taught = Session("t", (replace(LS, source="taught"),))
    runs = tokenize(Split([taught], []), [VARIANT], tokenizer, CONFIG)
    assert [weights(run) for run in runs] == [{3.0}, {0.25}]
    assert weights(tokenize(Split([], [taught]), [], tokenizer, CONFIG)[0]) == {1.0}


def test_the_default_weight_of_variants_is_low() -> None:
    assert 0 < DatasetConfig().synthetic_weight < 1


def test_variants_are_sessions_of_their_own_in_train(tokenizer: Tokenizer) -> None:
    other = replace(VARIANT, command="cd src", session="synthetic:1")
    runs = tokenize(Split([Session("a", (LS,))], [Session("b", (PWD,))]), [VARIANT, other], tokenizer, CONFIG)
    synthetic = [run for run in runs if run.synthetic]
    assert [(run.session, run.entries, run.held_out) for run in synthetic] == [
        ("synthetic:0", 1, False),
        ("synthetic:1", 1, False),
    ]
    assert all(ids(run)[1] == tokenizer.symbol("<synthetic>") for run in synthetic)
    assert [run.synthetic for run in runs if run.held_out] == [False]


def test_a_synthetic_entry_in_the_hold_out_is_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(ValueError, match="held out"):
        tokenize(Split([], [Session("a", (LS, VARIANT))]), [], tokenizer, CONFIG)


def test_isolated_entries_stand_alone(tokenizer: Tokenizer) -> None:
    lone = replace(LS, isolated=True)
    runs = tokenize(Split([Session("a", (lone, lone, PWD, PWD, lone))], []), [], tokenizer, CONFIG)
    assert [run.entries for run in runs] == [1, 1, 2, 1]
    assert all(ids(run).count(tokenizer.symbol("<session>")) == 1 for run in runs)


def test_no_run_without_entries(tokenizer: Tokenizer) -> None:
    assert tokenize(Split([Session("a", ())], []), [], tokenizer, CONFIG) == []


def test_what_was_accepted_weighs_less_and_only_in_training(tokenizer: Tokenizer) -> None:
    config, accepted = replace(CONFIG, accepted_weight=0.5), {("a", 1)}
    split = Split([Session("a", (LS, PWD))], [Session("a", (PWD,))])
    train, held_out = tokenize(split, [], tokenizer, config, accepted)
    assert weights(train) == {1.0, 0.5}
    assert weights(held_out) == {1.0}
    assert 0 < DatasetConfig().accepted_weight < 1
