from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
import torch

from delta_learn.dataset.windows import Dataset
from delta_learn.model.gpt import DeltaModel
from delta_learn.trainer.objective import LossSum, TensorBatch, mean_loss

CPU = torch.device("cpu")


@pytest.fixture
def model(make_model: Callable[..., DeltaModel]) -> DeltaModel:
    model = make_model(dropout=0.0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.3)
    return model


@pytest.fixture
def batch(make_dataset: Callable[..., Dataset]) -> TensorBatch:
    return TensorBatch.of(make_dataset().batch(0, 0, 4), CPU)


@torch.no_grad()
def test_the_loss_is_the_sum_over_tokens_written_out(model: DeltaModel, batch: TensorBatch) -> None:
    log_probabilities = model(batch.ids, batch.segments).double().log_softmax(-1)
    expected = 0.0
    for row in range(batch.ids.size(0)):
        for place in range(batch.ids.size(1)):
            target = int(batch.targets[row, place])
            expected -= float(batch.weights[row, place] * log_probabilities[row, place, target])
    assert float(LossSum(model)(batch)) == pytest.approx(expected, rel=1e-5)


@torch.no_grad()
def test_targets_without_weight_do_not_count(model: DeltaModel, batch: TensorBatch) -> None:
    targets = torch.where(batch.weights > 0, batch.targets, (batch.targets + 1) % 20)
    assert not torch.equal(targets, batch.targets)
    other = dataclasses.replace(batch, targets=targets)
    assert torch.equal(LossSum(model)(other), LossSum(model)(batch))


def test_a_batch_without_weight_gives_no_loss_and_no_gradient(model: DeltaModel, batch: TensorBatch) -> None:
    loss = LossSum(model)(dataclasses.replace(batch, weights=torch.zeros_like(batch.weights)))
    loss.backward()
    assert loss.item() == 0
    assert all(p.grad is None or not p.grad.any() for p in model.parameters())


def test_the_mean_does_not_depend_on_how_rows_are_batched(
    model: DeltaModel, make_dataset: Callable[..., Dataset]
) -> None:
    dataset = make_dataset()
    means = [mean_loss(model, dataset, rows) for rows in (1, 3, 100)]
    assert means == pytest.approx([means[0]] * 3, rel=1e-5)


def test_the_mean_is_taken_without_dropout(
    make_model: Callable[..., DeltaModel], make_dataset: Callable[..., Dataset]
) -> None:
    model, dataset = make_model(dropout=0.5).train(), make_dataset()
    assert mean_loss(model, dataset, 4) == mean_loss(model, dataset, 4)
    assert model.training
