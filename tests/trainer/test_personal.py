from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
import torch
from safetensors.torch import load

from delta_learn.config import TrainConfig
from delta_learn.dataset.tokens import token_run
from delta_learn.entry import CommandEntry, Session
from delta_learn.errors import ModelError
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.weights import weights_to_bytes
from delta_learn.registry import ModelFile
from delta_learn.tokenizer.tokenizer import Tokenizer
from delta_learn.trainer import personal
from delta_learn.trainer.personal import finetuning, initial_model, train_personal

CONFIG = TrainConfig(row_tokens=32, batch_rows=2, threads=1, max_epochs=1)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train(["git status", "make test"], vocab_size=512)


@pytest.fixture(scope="module")
def base(tokenizer: Tokenizer) -> ModelFile:
    torch.manual_seed(0)
    model = DeltaModel(DeltaModelConfig(64, tokenizer.vocab_size, n_layer=1, n_head=2, n_embed=16, dropout=0.0))
    return ModelFile({"model": model.config.to_dict()}, tokenizer.to_bytes(), weights_to_bytes(model, torch.bfloat16))


def moved(base: ModelFile, tokenizer: Tokenizer, factor: float) -> float:
    """How far one epoch takes the weights away from the base's."""
    entries = tuple(CommandEntry(f"git log -{i}", session="s", sequence=i) for i in range(30))
    run = token_run(Session("s", entries), tokenizer, lambda _: 1.0, held_out=False)
    trained = train_personal([run], tokenizer, dataclasses.replace(CONFIG, finetune_factor=factor), base=base)
    before, after = load(base.weights), load(trained.file.weights)
    return sum(float((after[name] - before[name].float()).norm()) for name in before)


@pytest.fixture(autouse=True)
def known_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(personal, "measure_speed", lambda *_, **__: 1e6)


def test_training_goes_on_from_the_base(base: ModelFile, tokenizer: Tokenizer) -> None:
    """With next to no rate the personal model is the base; in fp32, widened exactly."""
    near, far = moved(base, tokenizer, 1e-6), moved(base, tokenizer, 1.0)
    assert near < 1e-3
    assert far > 100 * near


def test_the_base_is_widened_exactly(base: ModelFile, tokenizer: Tokenizer) -> None:
    model = initial_model(tokenizer, CONFIG, base)
    for name, tensor in load(base.weights).items():
        assert torch.equal(model.state_dict()[name], tensor.float())


def test_the_measurement_of_speed_rests_too(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = tuple(CommandEntry(f"git log -{i}", session="s", sequence=i) for i in range(30))
    run = token_run(Session("s", entries), tokenizer, lambda _: 1.0, held_out=False)
    rested: list[str] = []
    monkeypatch.setattr(personal, "measure_speed", lambda *_, rest: rest(lambda: rested.append("measuring")) or 1e6)

    def rest(save: Callable[[], None]) -> None:
        if not rested:
            save()

    train_personal([run], tokenizer, CONFIG, rest=rest)
    assert rested == ["measuring"]


def test_both_rates_are_lower_from_a_base() -> None:
    config = finetuning(dataclasses.replace(CONFIG, finetune_factor=0.25))
    assert config.learning_rate == 0.25 * CONFIG.learning_rate
    assert config.adam_learning_rate == 0.25 * CONFIG.adam_learning_rate
    assert config.max_epochs == CONFIG.max_epochs


def test_another_tokenizer_is_refused(base: ModelFile) -> None:
    with pytest.raises(ModelError, match="another tokenizer"):
        initial_model(Tokenizer.train(["ls"], vocab_size=512), CONFIG, base)
