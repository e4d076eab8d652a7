from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
import torch

from delta_learn.config import TrainConfig
from delta_learn.dataset.windows import Dataset
from delta_learn.errors import ConfigError
from delta_learn.model.gpt import DeltaModel
from delta_learn.trainer import compiling
from delta_learn.trainer.compiling import compiled
from delta_learn.trainer.loop import Trainer
from delta_learn.trainer.objective import LossSum, TensorBatch

CPU = torch.device("cpu")

MakeModel = Callable[..., DeltaModel]
MakeDataset = Callable[..., Dataset]


@pytest.fixture
def without_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """The compiler takes the objective apart, whole, and makes no kernels of it: that would take a minute."""
    compile_ = torch.compile
    monkeypatch.setattr(compiling.torch, "compile", lambda f: compile_(f, backend="eager", fullgraph=True))


@pytest.mark.usefixtures("without_kernels")
@pytest.mark.parametrize("recompute", [False, True])
def test_compiled_it_is_the_same_loss_with_the_same_gradients(
    make_model: MakeModel, make_dataset: MakeDataset, recompute: bool
) -> None:
    model, dataset = make_model(dropout=0.0), make_dataset()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.3)
    model.recompute = recompute
    plain = LossSum(model)
    run = compiled(plain, TrainConfig(compile="on"), CPU)
    assert run is not plain
    for index in range(2):
        batch = TensorBatch.of(dataset.batch(0, index, 4), CPU)
        losses, gradients = [], []
        for objective in (plain, run):
            model.zero_grad()
            losses.append(objective(batch))
            losses[-1].backward()
            gradients.append([p.grad.clone() for p in model.parameters() if p.grad is not None])
        torch.testing.assert_close(*losses)
        torch.testing.assert_close(*gradients)
    torch._dynamo.reset()


@pytest.mark.parametrize(
    ("setting", "device", "shard", "expected"),
    [
        ("auto", "cpu", False, False),
        ("auto", "cuda", False, True),
        ("auto", "cuda", True, False),
        ("off", "cuda", False, False),
        ("on", "cpu", False, True),
    ],
)
def test_auto_compiles_on_gpus_alone(
    monkeypatch: pytest.MonkeyPatch, make_model: MakeModel, setting: str, device: str, shard: bool, expected: bool
) -> None:
    asked = []
    monkeypatch.setattr(compiling.torch, "compile", lambda f: asked.append(f) or f)
    compiled(LossSum(make_model()), TrainConfig(compile=setting, shard=shard), torch.device(device))
    assert bool(asked) is expected


@pytest.mark.usefixtures("without_kernels")
def test_a_compiled_run_leaves_the_model_itself_alone(
    make_model: MakeModel, make_dataset: MakeDataset, config: TrainConfig
) -> None:
    model = make_model(dropout=0.0)
    Trainer(model, dataclasses.replace(config, compile="on", max_epochs=1), make_dataset(), make_dataset(4)).fit()
    plain = make_model(dropout=0.0)
    Trainer(plain, dataclasses.replace(config, max_epochs=1), make_dataset(), make_dataset(4)).fit()
    assert model.state_dict().keys() == plain.state_dict().keys()
    torch.testing.assert_close(model.state_dict(), plain.state_dict(), atol=2e-3, rtol=2e-3)
    torch._dynamo.reset()


def test_recompute_is_a_setting_that_changes_no_weight(
    make_model: MakeModel, make_dataset: MakeDataset, config: TrainConfig
) -> None:
    models = make_model(), make_model()
    for model, recompute in zip(models, (False, True), strict=True):
        Trainer(model, dataclasses.replace(config, recompute=recompute, max_epochs=1), make_dataset()).fit()
        assert model.recompute is recompute
    plain, again = (model.state_dict() for model in models)
    assert all(torch.equal(plain[name], again[name]) for name in plain)


def test_another_setting_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"train\.compile must be auto or on or off, not 'yes'"):
        TrainConfig(compile="yes")
