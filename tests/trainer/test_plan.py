from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delta_learn.config import TrainConfig
from delta_learn.errors import ConfigError, NotEnoughDataError
from delta_learn.trainer.plan import SAFETY, Plan, plan_steps, share

CONFIG = TrainConfig(max_epochs=10, batch_rows=4, row_tokens=100, max_seconds=60)


def test_without_a_speed_the_plan_is_all_epochs() -> None:
    assert plan_steps(CONFIG, 38) == Plan(steps=100, batches_per_epoch=10)
    assert plan_steps(CONFIG, 41) == Plan(steps=110, batches_per_epoch=11)


def test_the_time_budget_becomes_steps() -> None:
    """400 tokens a step: at 1,000 tokens a second 60 s buy 150 steps, less what is kept for the rest."""
    assert plan_steps(CONFIG, 38, tokens_per_second=1000).steps == 100
    assert plan_steps(CONFIG, 38, tokens_per_second=100).steps == int(15 * SAFETY)
    assert plan_steps(CONFIG, 38, tokens_per_second=0.1).steps == 1
    # The speed is that of all workers, and so is what a step takes.
    assert plan_steps(CONFIG, 38, tokens_per_second=100, workers=3).steps == int(5 * SAFETY)


def test_accumulation_and_workers_share_the_epochs() -> None:
    config = dataclasses.replace(CONFIG, accumulation=2)
    assert plan_steps(config, 38, workers=5) == Plan(10, 10, batches_per_step=10)


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(1, 6), st.integers(1, 4), st.integers(1, 3))
def test_every_batch_of_every_epoch_is_given_to_one_worker_once(
    batches: int, per_step: int, workers: int, epochs: int
) -> None:
    """However many workers there are: of each step, the same batches, and of each worker, as many turns."""
    steps = -(-epochs * batches // per_step)
    plan = Plan(steps, batches, per_step)
    given_out = []
    for step in range(steps):
        shares = [plan.share(step, rank, workers) for rank in range(workers)]
        assert len({len(share) for share in shares}) == 1
        numbers = sorted(number for share in shares for number in share if number is not None)
        given_out += [plan.batch_at(number) for number in numbers]
    wanted = [(epoch, index) for epoch in range(epochs) for index in range(batches)]
    assert given_out[: len(wanted)] == wanted
    assert len(given_out) == steps * per_step


def test_a_worker_has_turns_without_a_batch_where_there_are_too_few() -> None:
    assert [share(range(10, 15), rank, 2) for rank in range(2)] == [[10, 12, 14], [11, 13, None]]
    assert [share(range(1), rank, 3) for rank in range(3)] == [[0], [None], [None]]
    assert share(range(0), 0, 2) == []


def test_an_epoch_ends_in_the_step_that_uses_its_last_batch() -> None:
    assert [step for step in range(10) if Plan(10, 4).ends_epoch(step)] == [3, 7, 9]
    assert [step for step in range(6) if Plan(6, 5, batches_per_step=2).ends_epoch(step)] == [2, 4, 5]


def test_what_cannot_be_planned_is_refused() -> None:
    with pytest.raises(NotEnoughDataError, match="no tokens"):
        plan_steps(CONFIG, 0)
    for name in ("batch_rows", "accumulation", "max_epochs", "row_tokens", "threads"):
        with pytest.raises(ConfigError, match=name):
            plan_steps(dataclasses.replace(CONFIG, **{name: 0}), 10)
