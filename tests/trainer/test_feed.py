from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable

import pytest
import torch

from delta_learn.config import TrainConfig
from delta_learn.dataset.windows import Dataset
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.weights import weights_to_bytes
from delta_learn.trainer import feed
from delta_learn.trainer.feed import AHEAD, Feed
from delta_learn.trainer.loop import Trainer
from delta_learn.trainer.objective import TensorBatch

CPU = torch.device("cpu")


def batch(number: int) -> list[TensorBatch]:
    tensor = torch.tensor(number)
    return [TensorBatch(tensor, tensor, tensor, tensor)]


def ahead(make: Callable[[int], list[TensorBatch]] = batch) -> Feed:
    """A feed as for a GPU, with batches that stay on the CPU."""
    made = Feed(make, CPU)
    made._ahead = AHEAD
    return made


def number(batches: list[TensorBatch]) -> int:
    return int(batches[0].ids)


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("feed")]


def test_batches_come_in_the_order_in_which_they_are_asked_for() -> None:
    with ahead() as subject:
        asked = [*range(50), 7, 8, 9, 3, 3, 60]
        assert [number(subject.take(step)) for step in asked] == asked


def test_the_next_steps_are_made_while_one_is_computed() -> None:
    begun = [threading.Event() for _ in range(10)]

    def make(step: int) -> list[TensorBatch]:
        begun[step].set()
        return batch(step)

    with ahead(make) as subject:
        subject.take(0)
        assert all(begun[step].wait(10) for step in range(AHEAD + 1))
        assert not begun[AHEAD + 1].is_set()


def test_an_error_in_the_thread_reaches_the_step_whose_batch_it_is() -> None:
    def make(step: int) -> list[TensorBatch]:
        if step == 2:
            raise OSError("the disk is gone")
        return batch(step)

    with ahead(make) as subject:
        assert number(subject.take(0)) == 0
        assert number(subject.take(1)) == 1
        with pytest.raises(OSError, match="disk"):
            subject.take(2)
    assert not threads()


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_no_thread_is_left_however_the_run_ends(error: type[BaseException] | None) -> None:
    def run() -> None:
        with ahead() as subject:
            subject.take(0)
            assert threads()
            if error is not None:
                raise error

    if error is None:
        run()
    else:
        with pytest.raises(error):
            run()
    assert not threads()


def test_what_was_not_begun_is_not_made_after_the_end() -> None:
    made: list[int] = []
    hold, begun = threading.Event(), threading.Event()

    def make(step: int) -> list[TensorBatch]:
        made.append(step)
        if step:
            begun.set()
            hold.wait(10)
        return batch(step)

    with ahead(make) as subject:
        subject.take(0)
        assert begun.wait(10)
        subject._drop()
        hold.set()
    assert made == [0, 1]


def test_cpus_have_no_thread() -> None:
    made: list[int] = []

    def make(step: int) -> list[TensorBatch]:
        assert threading.current_thread() is threading.main_thread()
        made.append(step)
        return batch(step)

    with Feed(make, CPU) as subject:
        subject.take(0)
        subject.take(1)
    assert made == [0, 1]


def test_a_feed_can_be_used_again_after_its_end() -> None:
    subject = ahead()
    for _ in range(2):
        with subject:
            assert number(subject.take(5)) == 5


def test_training_on_batches_made_ahead_gives_the_same_weights(
    make_model: Callable[..., DeltaModel],
    make_dataset: Callable[..., Dataset],
    config: TrainConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def weights(*, threaded: bool) -> bytes:
        model = make_model()
        trainer = Trainer(model, dataclasses.replace(config, accumulation=2), make_dataset(), make_dataset(4, seed=1))
        if threaded:
            trainer.feed._ahead = feed.AHEAD
        trainer.fit()
        assert not threads()
        return weights_to_bytes(model)

    assert weights(threaded=True) == weights(threaded=False)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU: benchmarks/training.py --gpu trains this way")
def test_on_gpus_what_arrives_is_what_was_made(make_dataset: Callable[..., Dataset]) -> None:
    dataset, device = make_dataset(), torch.device("cuda")
    with Feed(lambda step: [TensorBatch.of(dataset.batch(step, 0, 4), device)], device) as subject:
        for step in range(8):
            there, here = subject.take(step)[0], TensorBatch.of(dataset.batch(step, 0, 4), CPU)
            assert torch.equal(there.ids.cpu(), here.ids)
            assert torch.equal(there.weights.cpu(), here.weights)
