"""E-value: what a fair coin gets to, whenever one stops, and how soon a better model is known."""

from __future__ import annotations

import math
import random
from functools import cache

import numpy as np
import pytest

from delta_learn.serving.evalue import DECIDES_AT, e_value

RUNS = 2_000
MOST = 600


@cache
def needed() -> list[int]:
    """By the number of events: how many must be won."""
    found, wins = [1], 0
    for count in range(1, MOST + 1):
        while wins <= count and e_value(wins, count - wins) < DECIDES_AT:
            wins += 1
        found.append(wins)
    return found


def decided(share: float, random: random.Random) -> tuple[str, int]:
    """Looked at after every event: which of the two sides gets to 20 first, and when."""
    wins = 0
    for count in range(1, MOST + 1):
        wins += random.random() < share
        if wins >= needed()[count]:
            return "better", count
        if count - wins >= needed()[count]:
            return "worse", count
    return "open", MOST


def runs(share: float) -> list[tuple[str, int]]:
    draw = random.Random(7)
    return [decided(share, draw) for _ in range(RUNS)]


@pytest.mark.parametrize(("wins", "losses"), [(0, 0), (1, 0), (0, 1), (7, 3), (3, 7), (60, 40), (130, 70)])
def test_it_is_the_integral_that_it_is_said_to_be(wins: int, losses: int) -> None:
    share = (np.arange(200_000) + 0.5) / 400_000 + 0.5
    products = np.exp(wins * np.log(2 * share) + losses * np.log(2 - 2 * share))
    assert e_value(wins, losses) == pytest.approx(products.mean(), rel=1e-6)


@pytest.mark.parametrize("count", [1, 5, 30])
def test_a_fair_coin_wins_nothing_on_average(count: int) -> None:
    mean = sum(math.comb(count, wins) * e_value(wins, count - wins) for wins in range(count + 1)) / 2**count
    assert mean == pytest.approx(1.0)


def test_one_event_more_is_a_fair_bet_at_most() -> None:
    """A supermartingale at every history, which is more than the average says."""
    for wins in range(30):
        for losses in range(30):
            after = (e_value(wins + 1, losses) + e_value(wins, losses + 1)) / 2
            assert after == pytest.approx(e_value(wins, losses))
            worse = 0.4 * e_value(wins + 1, losses) + 0.6 * e_value(wins, losses + 1)
            assert worse < e_value(wins, losses)


def test_an_equal_model_is_taken_for_better_once_in_twenty_tests_at_most() -> None:
    ends = [end for end, _ in runs(0.5)]
    # 5 % of 2,000 is 100, its standard deviation 10; the bound is not reached, so no allowance is needed.
    assert ends.count("better") <= RUNS / DECIDES_AT
    assert ends.count("worse") <= RUNS / DECIDES_AT
    assert ends.count("better") >= RUNS / 100, "who never decides makes no mistake either"


@pytest.mark.parametrize(("share", "right", "wrong"), [(0.6, "better", "worse"), (0.4, "worse", "better")])
def test_three_wins_in_five_are_known_within_some_hundred_events(share: float, right: str, wrong: str) -> None:
    ends = runs(share)
    assert sum(end == right for end, _ in ends) >= 0.95 * RUNS
    assert sum(end == right and count <= 300 for end, count in ends) >= 0.7 * RUNS
    assert sum(end == wrong for end, _ in ends) <= 0.01 * RUNS


def test_many_events_of_one_kind_are_no_overflow() -> None:
    assert e_value(1_000, 0) > 1e290
    assert e_value(0, 1_000) == pytest.approx(1 / 1_001)
