"""Bootstrap: coverage on a known case, exact zero on identical inputs, and blocks that are blocks."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from delta_learn.evaluation.bootstrap import BLOCK_COMMANDS, BlockBootstrap, _widening


def test_identical_inputs_have_no_difference_and_no_width() -> None:
    values = np.random.default_rng(0).normal(size=400)
    for sessions in (np.zeros(400), np.arange(400) // 9):
        interval = BlockBootstrap(sessions).interval(values - values, np.full(400, 3.0))
        assert (interval.mean, interval.low, interval.high) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("session_length", [1, 20, 300])
def test_intervals_cover_the_truth_of_independent_values(session_length: int) -> None:
    covered = 0
    for seed in range(300):
        values = np.random.default_rng(seed).normal(1.0, 2.0, size=300)
        interval = BlockBootstrap(np.arange(300) // session_length, rounds=400, seed=seed).interval(values)
        covered += interval.low <= 1.0 <= interval.high
    # 90 % nominal: binomial(300, .9) has a standard deviation of 5.2.
    assert 255 <= covered <= 288


def test_dependence_inside_sessions_widens_the_interval() -> None:
    sessions = np.arange(400) // 20
    values = np.random.default_rng(1).normal(size=20)[sessions]
    dependent = BlockBootstrap(sessions).interval(values)
    independent = BlockBootstrap(np.arange(400)).interval(values)
    assert dependent.high - dependent.low > 3 * (independent.high - independent.low)


def test_a_ratio_is_of_sums_and_not_a_mean_of_ratios() -> None:
    interval = BlockBootstrap(np.arange(4)).interval([1.0, 0.0, 0.0, 0.0], [1.0, 9.0, 5.0, 5.0])
    assert interval.mean == pytest.approx(1 / 20)


def test_figures_are_resampled_together() -> None:
    bootstrap = BlockBootstrap(np.arange(300) // 10)
    values = np.random.default_rng(2).normal(size=300)
    assert bootstrap.ratios(values + 1.0) - bootstrap.ratios(values) == pytest.approx(1.0)


def test_runs_go_on_at_the_start_and_weigh_every_command_equally() -> None:
    bootstrap = BlockBootstrap(np.zeros(120))
    for place in (0, 60, 119):
        one = np.zeros(120)
        one[place] = 1.0
        runs = bootstrap._block_sums(one)
        # A run begins at every command, the length being 120 / 5 commands.
        assert (runs.shape, runs.sum()) == ((120,), 24.0)


def test_runs_of_long_series_have_fifty_commands() -> None:
    assert BlockBootstrap(np.zeros(1000))._block_sums(np.ones(1000)).tolist() == [BLOCK_COMMANDS] * 1000


def test_the_seed_decides() -> None:
    values = np.random.default_rng(3).normal(size=300)
    sessions = np.arange(300) // 10
    first, again, other = (BlockBootstrap(sessions, seed=seed).interval(values) for seed in (5, 5, 6))
    assert first == again
    assert first != other
    json.dumps(first.to_json(), allow_nan=False)


def test_widening_is_students_t() -> None:
    # t quantiles at 95 %: 2.0150 with 5 degrees of freedom, 1.8331 with 9, 1.6991 with 29.
    for blocks, quantile in [(6, 2.0150), (10, 1.8331), (30, 1.6991)]:
        expected = math.sqrt(blocks / (blocks - 1)) * quantile / 1.6449
        assert _widening(blocks) == pytest.approx(expected, rel=5e-3)
    assert _widening(10_000) == pytest.approx(1.0, abs=1e-3)
    assert _widening(1) == 1.0


def test_one_command_is_its_own_interval() -> None:
    interval = BlockBootstrap([0]).interval([2.0])
    assert (interval.mean, interval.low, interval.high) == (2.0, 2.0, 2.0)
