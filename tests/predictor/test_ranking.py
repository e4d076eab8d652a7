"""predictor/ranking.py: the order at the empty prompt follows the experts that were right."""

from __future__ import annotations

import math

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.predictor.ranking import Ranking, Scores

LINES = ("ls", "make", "git push")


def scores(*probabilities: float) -> Scores:
    """ln P of each line; -inf where there is none."""
    return np.array([math.log(each) if each else -math.inf for each in probabilities])


RIGHT, WRONG = scores(0.1, 0.1, 0.8), scores(0.8, 0.1, 0.1)
"""Two experts that know the last line, and the first."""


def ask(ranking: Ranking, history: Scores = WRONG, ngram: Scores = RIGHT) -> list[float]:
    mixed = np.logaddexp(history, ngram) - np.log(2)
    return list(map(float, ranking.probabilities(LINES, {"history": history, "ngram": ngram}, mixed)))


def taught(times: int, line: str = "git push") -> Ranking:
    ranking = Ranking()
    for _ in range(times):
        ask(ranking)
        ranking.learn(line)
    return ranking


def test_before_anything_is_learned_the_history_decides() -> None:
    probabilities = ask(Ranking())
    assert probabilities[0] == max(probabilities)
    assert probabilities[2] > probabilities[1]


def test_the_expert_that_was_right_decides() -> None:
    assert ask(taught(1))[2] > ask(Ranking())[2]
    probabilities = ask(taught(50))
    assert probabilities[2] > 0.8
    swapped = ask(taught(50), history=RIGHT, ngram=WRONG)
    assert swapped[0] > swapped[2]


@given(st.lists(st.sampled_from([0.0, 1e-9, 0.01, 0.3, 1.0]), min_size=3, max_size=3), st.integers(0, 3))
def test_probabilities_are_a_distribution(values: list[float], times: int) -> None:
    probabilities = ask(taught(times), history=scores(*values))
    assert min(probabilities) >= 0
    assert sum(probabilities) == pytest.approx(1, abs=1e-5)


def test_a_line_that_an_expert_left_out_is_as_good_as_its_worst() -> None:
    """It would have found a line that is more probable."""
    left_out = ask(Ranking(), history=scores(0.5, 0.2, 0))
    worst = ask(Ranking(), history=scores(0.5, 0.2, 0.2))
    assert left_out[2] / left_out[1] == pytest.approx(worst[2] / worst[1], rel=0.1)
    hardly = ask(Ranking(), history=scores(0.5, 0.2, 1e-300))
    assert 0 < hardly[2] < left_out[2]


def test_experts_that_are_missing_or_found_nothing_do_not_count() -> None:
    nothing = np.full(3, -np.inf)
    without = Ranking().probabilities(LINES, {"history": WRONG}, WRONG)
    for tables in ({"history": WRONG, "ngram": nothing}, {"history": WRONG, "stranger": RIGHT}):
        assert Ranking().probabilities(LINES, tables, WRONG) == pytest.approx(without)
    assert Ranking().probabilities(LINES, {"history": nothing}, nothing) == pytest.approx(np.full(3, 1 / 3))


def test_the_mixture_counts_beside_the_experts() -> None:
    same = np.log(np.full(3, 1 / 3))
    probabilities = Ranking().probabilities(LINES, {"history": same, "ngram": same}, RIGHT)
    assert probabilities[2] > probabilities[0] == pytest.approx(probabilities[1])


def test_only_the_prompt_that_was_asked_last_teaches_and_once() -> None:
    ranking = Ranking()
    untaught = ranking.to_record()
    ranking.learn("ls")
    ask(ranking)
    ranking.learn("a line that nobody proposed")
    ranking.learn("ls")
    assert ranking.to_record() == untaught
    ask(ranking)
    ranking.learn("ls")
    learned = ranking.to_record()
    assert learned != untaught
    ranking.learn("ls")
    assert ranking.to_record() == learned


def test_it_is_the_same_after_saving() -> None:
    ranking, again = taught(7), Ranking()
    again.load(msgpack.unpackb(msgpack.packb(ranking.to_record())))
    for each in (ranking, again):
        ask(each)
        each.learn("make")
    assert ask(again) == ask(ranking)
    assert again.to_record() == ranking.to_record()
