from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load

from delta_learn.config import TrainConfig
from delta_learn.dataset.corpus import Corpus, Page, weight_of
from delta_learn.errors import ModelError
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.weights import weights_from_bytes
from delta_learn.tokenizer.tokenizer import Tokenizer
from delta_learn.trainer import pretrain
from delta_learn.trainer.pretrain import BaseModel, Length, bits_per_byte, train_base

CONFIG = TrainConfig(row_tokens=32, batch_rows=2, threads=1, seed=5)


def page(kind: str, *commands: str) -> Page:
    return Page("docs", "o/n:p", "MIT", kind, commands)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    train = [page("doc", f"git log -{i}", f"git show {i}", f"ls {i}") for i in range(12)]
    weights = {command: weight_of(p.kind, command) for p in train for command in p.commands}
    return Corpus(train, [page("doc", "git log -99", "ls -l"), page("ci", "make test")], weights)


@pytest.fixture(scope="module")
def tokenizer(corpus: Corpus) -> Tokenizer:
    return Tokenizer.train(corpus.lines(), vocab_size=512)


@pytest.fixture(scope="module")
def base(corpus: Corpus, tokenizer: Tokenizer) -> BaseModel:
    return train_base(corpus, tokenizer, CONFIG, Length(steps=3))


def test_the_same_run_gives_the_same_bytes(corpus: Corpus, tokenizer: Tokenizer, base: BaseModel) -> None:
    again = train_base(corpus, tokenizer, CONFIG, Length(steps=3))
    assert again.file == base.file
    assert again.bits_per_byte == base.bits_per_byte
    other = train_base(corpus, tokenizer, dataclasses.replace(CONFIG, seed=6), Length(steps=3))
    assert other.file.weights != base.file.weights


def test_tokens_from_a_file_give_the_same_base(
    corpus: Corpus, tokenizer: Tokenizer, base: BaseModel, tmp_path: Path
) -> None:
    tokens = tmp_path / "tokens.bin"
    for _ in range(2):
        mapped = train_base(corpus, tokenizer, CONFIG, Length(steps=3), tokens=tokens)
        assert mapped.file == base.file
        assert mapped.tokens_per_epoch == base.tokens_per_epoch


def test_the_file_of_another_corpus_is_refused(corpus: Corpus, tokenizer: Tokenizer, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.bin"
    train_base(corpus, tokenizer, CONFIG, Length(steps=1), tokens=tokens)
    for other, seed in ((dataclasses.replace(corpus, digests={"docs": "0"}), 5), (corpus, 6)):
        with pytest.raises(ModelError, match="another corpus"):
            train_base(other, tokenizer, dataclasses.replace(CONFIG, seed=seed), Length(steps=1), tokens=tokens)


def test_weights_are_bf16_and_measured_as_they_are_shipped(base: BaseModel, tokenizer: Tokenizer) -> None:
    assert {tensor.dtype for tensor in load(base.file.weights).values()} == {torch.bfloat16}
    model = DeltaModel(DeltaModelConfig.from_dict(base.file.meta["model"])).eval()
    weights_from_bytes(model, base.file.weights)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    measured = bits_per_byte(model, ["git log -99", "ls -l"], tokenizer, CONFIG)
    assert base.bits_per_byte["docs", "doc"] == pytest.approx(measured, rel=1e-6)


def test_every_kind_is_measured(base: BaseModel) -> None:
    assert base.held_out == {("docs", "ci"): 1, ("docs", "doc"): 2}
    assert base.bits_per_byte.keys() == base.held_out.keys()


def test_bits_of_a_model_that_knows_nothing(tokenizer: Tokenizer) -> None:
    model = DeltaModel(DeltaModelConfig(32, tokenizer.vocab_size, n_layer=1, n_head=2, n_embed=8)).eval()
    torch.nn.init.zeros_(model.embedding.weight)
    commands = ["git log", "ls"]
    tokens = sum(len(tokenizer.encode(command)) + 1 for command in commands)
    text = sum(len(command) + 1 for command in commands)
    expected = tokens * math.log2(tokenizer.vocab_size) / text
    assert bits_per_byte(model, commands, tokenizer, CONFIG) == pytest.approx(expected, rel=1e-5)


def test_learning_helps(corpus: Corpus, tokenizer: Tokenizer, base: BaseModel) -> None:
    longer = train_base(corpus, tokenizer, CONFIG, Length(epochs=6))
    assert longer.bits_per_byte["docs", "doc"] < base.bits_per_byte["docs", "doc"]


def test_lengths_become_steps(corpus: Corpus, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    """An epoch is one time through the corpus, however many arrangements a data set holds."""
    assert train_base(corpus, tokenizer, CONFIG, Length(steps=2)).result.steps == 2
    once = train_base(corpus, tokenizer, CONFIG, Length(epochs=1))
    assert once.result.planned_steps == math.ceil(once.tokens_per_epoch / (2 * 32))
    twice = train_base(corpus, tokenizer, CONFIG, Length(epochs=2))
    assert twice.result.planned_steps == 2 * once.result.planned_steps
    monkeypatch.setattr(pretrain, "measure_speed", lambda *_: 64.0)  # a step a second
    assert train_base(corpus, tokenizer, CONFIG, Length(minutes=0.1)).result.planned_steps == 5


def test_weights_of_the_corpus_reach_the_loss(corpus: Corpus, tokenizer: Tokenizer, base: BaseModel) -> None:
    light = {command: 0.3 if command.startswith("git show") else 1.0 for command in corpus.weights}
    other = train_base(dataclasses.replace(corpus, weights=light), tokenizer, CONFIG, Length(steps=3))
    assert other.file.weights != base.file.weights


def test_home_and_user_of_the_corpus_get_symbols(tokenizer: Tokenizer) -> None:
    theirs = Tokenizer.from_bytes(tokenizer.to_bytes(), pretrain.PERSON)
    assert theirs.encode("/home/user/x")[0] == theirs.symbol("<home>")
