"""Calibration: the error and the table by hand, and which predictions are counted where."""

from __future__ import annotations

import json

import numpy as np
import pytest

from delta_learn.evaluation.calibration import PredictionLog, Predictions, calibration, expected_error, reliability
from delta_learn.predictor.suggestion import Suggestion


def answers(**lines: tuple[str, float]) -> dict[str, list[Suggestion]]:
    """The first suggestion by what was typed; `_` is the empty prompt."""
    return {prefix.strip("_"): [Suggestion(line, p, "fixed")] for prefix, (line, p) in lines.items()}


def test_error_and_table_by_hand() -> None:
    probabilities = np.array([0.15, 0.19, 0.95, 0.99, 1.0, 0.2])
    right = np.array([False, True, True, True, False, True])
    bins = reliability(probabilities, right)
    assert [(each.low, each.high, each.n) for each in bins] == [(0.1, 0.2, 2), (0.2, 0.3, 1), (0.9, 1.0, 3)]
    assert [each.right for each in bins] == [0.5, 1.0, pytest.approx(2 / 3)]
    assert bins[0].probability == pytest.approx(0.17)
    # 2/6 x |.17 - .5| + 1/6 x |.2 - 1| + 3/6 x |.98 - .6667|
    assert expected_error(bins) == pytest.approx(0.11 + 0.8 / 6 + 0.5 * (0.98 - 2 / 3))


def test_frequencies_that_match_have_no_error() -> None:
    probabilities = np.repeat([0.25, 0.75], 400)
    right = np.concatenate([np.arange(400) < 100, np.arange(400) < 300])
    assert expected_error(reliability(probabilities, right)) == pytest.approx(0.0)
    assert expected_error(reliability(probabilities, ~right)) == pytest.approx(0.5)


def test_a_line_counts_once_a_command_where_it_was_first_named() -> None:
    log = PredictionLog()
    log.record(answers(gi=("git push", 0.6), _=("git log", 0.2), g=("git log", 0.3), git=("git push", 0.7)), "git push")
    predictions = log.predictions()
    # In the order of what is typed, not of the questions.
    assert predictions.probabilities.tolist() == [0.2, 0.3, 0.6, 0.7]
    assert predictions.right.tolist() == [False, False, True, True]
    ece = calibration(predictions)["ece"]
    assert ece["prompt"] == pytest.approx(0.2)
    assert ece["keystroke"] == pytest.approx(0.4)
    assert ece["all"] == pytest.approx((0.2 + 0.4) / 2)
    assert ece["asked"] == pytest.approx((0.2 + 0.3 + 0.4 + 0.3) / 4)


def test_the_next_command_begins_anew() -> None:
    log = PredictionLog()
    for _ in range(2):
        log.record(answers(g=("git log", 0.5)), "git log")
    assert calibration(log.predictions())["reliability"]["keystroke"][0]["n"] == 2


def test_what_has_no_probability_is_not_counted() -> None:
    log = PredictionLog()
    log.record({**answers(_=("ls", 0.0)), "l": []}, "ls")
    assert calibration(log.predictions()) == {"ece": None, "reliability": None}


def test_a_view_may_be_empty_and_all_is_plain_data() -> None:
    log = PredictionLog()
    log.record(answers(_=("ls", 1.0)), "ls")
    told = calibration(log.predictions())
    assert told["ece"] == {"all": 0.0, "prompt": 0.0, "keystroke": None, "asked": 0.0}
    assert told["reliability"]["keystroke"] == []
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_parts_are_joined_in_order() -> None:
    first, second = PredictionLog(), PredictionLog()
    first.record(answers(_=("ls", 0.25)), "ls")
    second.record(answers(l=("ls", 0.5)), "lsof")
    joined = Predictions.concatenated([first.predictions(), second.predictions()])
    assert (joined.probabilities.tolist(), joined.right.tolist()) == ([0.25, 0.5], [True, False])
    assert calibration(joined)["ece"]["keystroke"] == pytest.approx(0.5)


def test_a_part_is_right_where_the_line_begins_so() -> None:
    log = PredictionLog()
    part = Suggestion("git add src/", 0.7, "ngram", whole=False)
    log.record({"git a": [part]}, "git add src/main.c")
    log.record({"git a": [part]}, "git add lib/main.c")
    log.record({"git a": [Suggestion("git add src/", 0.7, "ngram")]}, "git add src/main.c")
    assert log.predictions().right.tolist() == [True, False, False]
