from __future__ import annotations

import dataclasses
import logging
import math
from collections.abc import Callable, Iterator

import pytest
import torch

from delta_learn.config import TrainConfig
from delta_learn.dataset.windows import Dataset
from delta_learn.errors import ModelError
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.weights import weights_to_bytes
from delta_learn.paths import Paths
from delta_learn.storage.seal import Keyring
from delta_learn.trainer import loop
from delta_learn.trainer.checkpoint import CheckpointStore
from delta_learn.trainer.loop import Trainer
from delta_learn.trainer.objective import mean_loss
from delta_learn.trainer.plan import Plan, plan_steps
from delta_learn.trainer.progress import Progress
from delta_learn.trainer.workers import Workers

MakeModel = Callable[..., DeltaModel]
MakeDataset = Callable[..., Dataset]


@pytest.fixture
def store(paths: Paths) -> CheckpointStore:
    return CheckpointStore(paths.checkpoints, Keyring.load_or_create(paths.key), "night")


def stop_after(steps: int) -> Callable[[], bool]:
    calls = iter(range(steps))
    return lambda: next(calls, None) is None


def test_the_same_seed_gives_the_same_weights_bit_for_bit(
    make_model: MakeModel, make_dataset: MakeDataset, config: TrainConfig
) -> None:
    def weights(seed: int) -> bytes:
        model = make_model()
        torch.manual_seed(torch.seed())  # what the caller's generator is at does not count
        Trainer(model, dataclasses.replace(config, seed=seed), make_dataset(), make_dataset(4, seed=1)).fit()
        return weights_to_bytes(model)

    assert weights(1) == weights(1)
    assert weights(1) != weights(2)


def test_it_learns(make_model: MakeModel, make_dataset: MakeDataset, config: TrainConfig) -> None:
    model, held_out = make_model(), make_dataset(8, seed=1)
    before = mean_loss(model, held_out, 4)
    result = Trainer(model, dataclasses.replace(config, max_epochs=20), make_dataset(40), held_out).fit()
    assert result.best_loss is not None
    assert result.bits_per_token is not None
    assert result.best_loss < before / 2
    assert mean_loss(model, held_out, 4) == result.best_loss
    assert result.bits_per_token == pytest.approx(result.best_loss / math.log(2))
    assert not model.training


def gradients(trainer: Trainer, step: int = 0) -> list[torch.Tensor]:
    trainer.optimizers.zero_grad()
    trainer.accumulate(step)
    return [p.grad.clone() for p in trainer.model.parameters() if p.grad is not None]


def assert_same(left: list[torch.Tensor], right: list[torch.Tensor]) -> None:
    assert len(left) == len(right) > 0
    for a, b in zip(left, right, strict=True):
        torch.testing.assert_close(a, b, atol=1e-6, rtol=1e-4)


def test_accumulated_batches_are_one_big_batch(
    make_model: MakeModel, make_dataset: MakeDataset, config: TrainConfig
) -> None:
    """Although they differ in weight: the means of batches averaged would not be."""
    model, train = make_model(dropout=0.0), make_dataset(40)
    big = Trainer(model, dataclasses.replace(config, batch_rows=12), train)
    small = Trainer(model, dataclasses.replace(config, batch_rows=3, accumulation=4), train)
    assert_same(gradients(big), gradients(small))
    mean, tokens = big.accumulate(0)
    assert tokens == 12 * 16
    torch.testing.assert_close(small.accumulate(0)[0], mean)


class OneOf(Workers):
    """Rank `rank` of `count`; the others' weight is known beforehand."""

    def __init__(self, rank: int, count: int, other_weight: float) -> None:
        super().__init__()
        self.rank, self.count = rank, count
        self._others: Iterator[float] = iter([other_weight, 0.0])

    def sum(self, value: torch.Tensor) -> torch.Tensor:
        return value + next(self._others)


@pytest.mark.parametrize("workers", [2, 3])
def test_the_sum_of_the_workers_gradients_is_one_big_batchs(
    make_model: MakeModel, make_dataset: MakeDataset, config: TrainConfig, workers: int
) -> None:
    """Although batches differ in weight, and the third worker has none."""
    model, train = make_model(dropout=0.0), make_dataset(40)
    alone = Trainer(model, dataclasses.replace(config, batch_rows=8), train)
    weights = [float(train.batch(0, rank, 4).weights.sum()) for rank in range(2)] + [0.0]
    assert weights[0] != weights[1]
    plan = Plan(1, 10, batches_per_step=2)
    parts = [
        gradients(Trainer(model, config, train, plan=plan, workers=OneOf(rank, workers, sum(weights) - weights[rank])))
        for rank in range(workers)
    ]
    assert_same(gradients(alone), [torch.stack(each).sum(0) for each in zip(*parts, strict=True)])


def test_dropout_is_the_batchs_own(make_model: MakeModel, make_dataset: MakeDataset, config: TrainConfig) -> None:
    """Whichever worker has it, and whatever batches it had before: a run may go on with another number of them."""
    model, train = make_model(dropout=0.5), make_dataset(40)
    plan, weights = Plan(1, 10, batches_per_step=2), [float(train.batch(0, i, 4).weights.sum()) for i in range(2)]
    alone = gradients(Trainer(model, config, train, plan=plan))
    parts = [
        gradients(Trainer(model, config, train, plan=plan, workers=OneOf(rank, 2, weights[1 - rank])))
        for rank in range(2)
    ]
    assert_same(alone, [a + b for a, b in zip(*parts, strict=True)])


def test_a_run_that_was_stopped_goes_on_and_ends_the_same(
    make_model: MakeModel, make_dataset: MakeDataset, config: TrainConfig, store: CheckpointStore
) -> None:
    train, held_out = make_dataset(), make_dataset(4, seed=1)
    whole = make_model()
    expected = Trainer(whole, config, train, held_out).fit()
    for steps in (0, 1, 4, 100):
        model = make_model()
        result = Trainer(model, config, train, held_out, checkpoint=store, stop=stop_after(steps)).fit()
        assert result.stopped == ("done" if steps == 100 else "stopped")
    assert dataclasses.replace(result, seconds=0) == dataclasses.replace(expected, seconds=0)
    assert weights_to_bytes(model) == weights_to_bytes(whole)


@pytest.mark.parametrize("amp", ["bf16", "fp16"])
def test_mixed_precision_trains_and_resumes(
    amp: str, make_model: MakeModel, make_dataset: MakeDataset, config: TrainConfig, store: CheckpointStore
) -> None:
    config, train = dataclasses.replace(config, amp=amp, max_epochs=6), make_dataset(40)
    whole, model = make_model(), make_model()
    before = mean_loss(whole, train, 4)
    uninterrupted = Trainer(whole, config, train)
    uninterrupted.fit()
    assert mean_loss(whole, train, 4) < before - 0.2
    Trainer(model, config, train, checkpoint=store, stop=stop_after(7)).fit()
    model = make_model()
    resumed = Trainer(model, config, train, checkpoint=store)
    resumed.fit()
    assert weights_to_bytes(model) == weights_to_bytes(whole)
    assert resumed.precision.state() == uninterrupted.precision.state()


def test_a_resumed_run_keeps_its_plan(
    make_model: MakeModel, make_dataset: MakeDataset, config: TrainConfig, store: CheckpointStore
) -> None:
    train = make_dataset()
    plan = plan_steps(config, train.rows_per_epoch())
    Trainer(make_model(), config, train, plan=plan, checkpoint=store, stop=stop_after(2)).fit()
    other = Plan(plan.steps + 5, plan.batches_per_epoch)
    result = Trainer(make_model(), config, train, plan=other, checkpoint=store).fit()
    assert result.steps == result.planned_steps == plan.steps


def test_another_runs_checkpoint_is_not_resumed(
    make_model: MakeModel,
    make_dataset: MakeDataset,
    config: TrainConfig,
    store: CheckpointStore,
    caplog: pytest.LogCaptureFixture,
) -> None:
    Trainer(make_model(), config, make_dataset(), checkpoint=store, stop=stop_after(3)).fit()
    steps: list[int] = []
    with caplog.at_level(logging.WARNING):
        Trainer(
            make_model(),
            dataclasses.replace(config, seed=99),
            make_dataset(),
            checkpoint=store,
            on_step=lambda progress: steps.append(progress.step),
        ).fit()
    assert steps[0] == 1
    assert "another run" in caplog.text


def test_a_checkpoint_is_written_as_often_as_asked(
    make_model: MakeModel, make_dataset: MakeDataset, config: TrainConfig, store: CheckpointStore
) -> None:
    found: list[int] = []

    def look(progress: Progress) -> None:
        checkpoint = store.load()
        found.append(checkpoint.facts["state"]["step"] if checkpoint else 0)

    config = dataclasses.replace(config, checkpoint_seconds=0.0)
    Trainer(make_model(), config, make_dataset(), checkpoint=store, on_step=look).fit()
    assert found == list(range(len(found)))


def test_it_stops_when_the_held_out_loss_no_longer_falls_and_keeps_the_best(
    make_model: MakeModel, make_dataset: MakeDataset, config: TrainConfig
) -> None:
    """The rule is learnt first; then the noise is learnt by heart, and the held-out loss turns."""
    config = dataclasses.replace(config, max_epochs=200, patience=2)
    train, held_out = make_dataset(12, noise=0.2), make_dataset(20, seed=5, noise=0.2)
    model, best = make_model(dropout=0.0), list[float | None]()
    trainer = Trainer(model, config, train, held_out, on_step=lambda progress: best.append(progress.held_out_loss))
    result = trainer.fit()
    assert result.stopped == "patience"
    assert trainer.plan.batches_per_epoch * 3 < result.steps < result.planned_steps
    assert mean_loss(model, held_out, 4) == result.best_loss
    since_best = best[-2 * trainer.plan.batches_per_epoch :]
    assert set(since_best) == {result.best_loss}
    assert best[-len(since_best) - 1] != result.best_loss


def test_patience_counts_from_the_best_evaluation(
    make_model: MakeModel, make_dataset: MakeDataset, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([5.0, 4.0, 4.5, 3.0, 3.5, 3.2, 1.0])
    monkeypatch.setattr(loop, "mean_loss", lambda *_: next(losses))
    config = dataclasses.replace(config, max_epochs=10, patience=2)
    result = Trainer(make_model(), config, make_dataset(), make_dataset(4, seed=1)).fit()
    assert (result.stopped, result.best_loss) == ("patience", 3.0)
    assert next(losses) == 1.0


def test_the_best_weights_outlive_a_stop(
    make_model: MakeModel, make_dataset: MakeDataset, config: TrainConfig, store: CheckpointStore
) -> None:
    config = dataclasses.replace(config, max_epochs=200, patience=2)
    train, held_out = make_dataset(12, noise=0.2), make_dataset(20, seed=5, noise=0.2)
    whole = make_model()
    expected = Trainer(whole, config, train, held_out).fit()
    assert expected.stopped == "patience"
    last_step = stop_after(expected.steps - 1)
    Trainer(make_model(), config, train, held_out, checkpoint=store, stop=last_step).fit()
    model = make_model()
    result = Trainer(model, config, train, held_out, checkpoint=store).fit()
    assert dataclasses.replace(result, seconds=0) == dataclasses.replace(expected, seconds=0)
    assert weights_to_bytes(model) == weights_to_bytes(whole)


def test_without_held_out_rows_all_steps_are_made(
    make_model: MakeModel, make_dataset: MakeDataset, config: TrainConfig
) -> None:
    result = Trainer(make_model(), config, make_dataset(), make_dataset(0)).fit()
    assert (result.stopped, result.best_loss, result.bits_per_token) == ("done", None, None)
    assert result.steps == result.planned_steps


def test_every_step_is_told(make_model: MakeModel, make_dataset: MakeDataset, config: TrainConfig) -> None:
    told: list[Progress] = []
    result = Trainer(make_model(), config, make_dataset(), on_step=told.append).fit()
    assert [progress.step for progress in told] == list(range(1, result.steps + 1))
    assert {progress.steps for progress in told} == {result.steps}
    assert told[0].loss == pytest.approx(math.log(20), abs=0.1)
    assert max(progress.learning_rate for progress in told) == pytest.approx(config.learning_rate)
    assert all(progress.tokens_per_second > 0 for progress in told)
    assert 0.5 * result.steps * 64 < result.tokens <= result.steps * 64


def test_a_loss_that_is_no_number_is_an_error(
    make_model: MakeModel, make_dataset: MakeDataset, config: TrainConfig
) -> None:
    model = make_model()
    with torch.no_grad():
        model.embedding.weight[3] = math.nan
    with pytest.raises(ModelError, match="learning_rate"):
        Trainer(model, config, make_dataset()).fit()
