from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delta_learn.config import TrainConfig
from delta_learn.errors import ConfigError, NotEnoughDataError
from delta_learn.trainer.plan import SAFETY, Plan, plan_steps

CONFIG = TrainConfig(max_epochs=10, batch_rows=4, row_tokens=100, max_seconds=60)


def test_without_a_speed_the_plan_is_all_epochs() -> None:
    assert plan_steps(CONFIG, 38) == Plan(steps=100, batches_per_epoch=10)
    assert plan_steps(CONFIG, 41) == Plan(steps=110, batches_per_epoch=11)


def test_the_time_budget_becomes_steps() -> None:
    """400 tokens a step: at 1,000 tokens a second 60 s buy 150 steps, less what is kept for the rest."""
    assert plan_steps(CONFIG, 38, tokens_per_second=1000).steps == 100
    assert plan_steps(CONFIG, 38, tokens_per_second=100).steps == int(15 * SAFETY)
    assert plan_steps(CONFIG, 38, tokens_per_second=0.1).steps == 1


def test_accumulation_and_workers_share_the_epochs() -> None:
    config = dataclasses.replace(CONFIG, accumulation=2)
    assert plan_steps(config, 38, workers=5) == Plan(10, 10, accumulation=2, workers=5)


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))
def test_every_batch_of_every_epoch_is_given_to_one_worker_once(
    batches: int, accumulation: int, workers: int, epochs: int
) -> None:
    steps = -(-epochs * batches // (accumulation * workers))
    plan = Plan(steps, batches, accumulation, workers)
    given_out = [
        plan.batch_at(step, micro, rank)
        for step in range(steps)
        for micro in range(accumulation)
        for rank in range(workers)
    ]
    wanted = [(epoch, index) for epoch in range(epochs) for index in range(batches)]
    assert given_out[: len(wanted)] == wanted


def test_an_epoch_ends_in_the_step_that_uses_its_last_batch() -> None:
    assert [step for step in range(10) if Plan(10, 4).ends_epoch(step)] == [3, 7, 9]
    assert [step for step in range(6) if Plan(6, 5, accumulation=2).ends_epoch(step)] == [2, 4, 5]


def test_what_cannot_be_planned_is_refused() -> None:
    with pytest.raises(NotEnoughDataError, match="no tokens"):
        plan_steps(CONFIG, 0)
    for name in ("batch_rows", "accumulation", "max_epochs", "row_tokens", "threads"):
        with pytest.raises(ConfigError, match=name):
            plan_steps(dataclasses.replace(CONFIG, **{name: 0}), 10)
