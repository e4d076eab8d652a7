from __future__ import annotations

import itertools
from collections.abc import Callable

import torch

from delta_learn.config import TrainConfig
from delta_learn.dataset.windows import Dataset
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.weights import weights_to_bytes
from delta_learn.trainer.speed import measure_speed


def test_measuring_leaves_the_model_alone(
    make_model: Callable[..., DeltaModel], make_dataset: Callable[..., Dataset], config: TrainConfig
) -> None:
    model = make_model()
    before, state = weights_to_bytes(model), torch.get_rng_state()
    assert measure_speed(model, config, make_dataset(), seconds=0.0) > 0
    assert weights_to_bytes(model) == before
    assert torch.equal(torch.get_rng_state(), state)


def test_it_is_tokens_a_second(
    make_model: Callable[..., DeltaModel], make_dataset: Callable[..., Dataset], config: TrainConfig
) -> None:
    """Steps of 64 tokens, some of fewer; the clock is looked at around each of two rests, and after a step."""
    ticks = itertools.count()
    speed = measure_speed(make_model(), config, make_dataset(40), seconds=3.0, clock=lambda: next(ticks) / 6)
    assert 100 < speed < 128.001


def test_a_rest_is_not_counted(
    make_model: Callable[..., DeltaModel], make_dataset: Callable[..., Dataset], config: TrainConfig
) -> None:
    now = 0.0

    def rest(_: object) -> None:
        nonlocal now
        now += 1000.0

    def clock() -> float:
        nonlocal now
        now += 1 / 6
        return now

    speed = measure_speed(make_model(), config, make_dataset(40), seconds=3.0, rest=rest, clock=clock)
    assert 100 < speed < 128.001
