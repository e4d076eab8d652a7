import numpy as np
import pytest

from delta_learn.predictor.logit import OnlineLogit


def test_probabilities_are_the_softmax_of_the_weighted_features() -> None:
    logit = OnlineLogit({"a": 2.0, "b": -1.0})
    features = np.array([[1.0, 0.0, 3.0], [0.5, 1.0, 2.0]], np.float32)
    scores = np.array([1.5, -1.0, 4.0])
    expected = np.exp(scores) / np.exp(scores).sum()
    np.testing.assert_allclose(logit.probabilities(features), expected, rtol=1e-5)
    offset = np.array([0.0, 100.0, 0.0], np.float32)
    assert logit.probabilities(features, offset).argmax() == 1


def test_huge_scores_do_not_overflow() -> None:
    logit = OnlineLogit({"a": 1.0})
    probabilities = logit.probabilities(np.array([[1e6, 1e6, -1e6]], np.float32))
    assert probabilities.tolist() == [0.5, 0.5, 0.0]


def test_weights_approach_those_that_made_the_choices() -> None:
    rng = np.random.default_rng(3)
    truth = np.array([1.5, -1.0, 0.0])
    logit = OnlineLogit({"a": 0.0, "b": 0.0, "noise": 0.0})
    for _ in range(4000):
        features = rng.normal(size=(3, 20)).astype(np.float32)
        scores = np.exp(truth @ features)
        chosen = np.zeros(20, np.float32)
        chosen[rng.choice(20, p=scores / scores.sum())] = 1
        logit.learn(features, logit.probabilities(features), chosen)
    np.testing.assert_allclose(logit.weights, truth, atol=0.15)


def test_a_record_restores_weights_and_rates_and_new_features_keep_their_start() -> None:
    logit = OnlineLogit({"a": 0.0, "b": 1.0})
    features = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
    target = np.array([1.0, 0.0], np.float32)
    logit.learn(features, logit.probabilities(features), target)
    restored = OnlineLogit({"new": 0.5, "b": 1.0, "a": 0.0})
    restored.load(logit.to_record())
    assert restored.weights[0] == 0.5
    swapped = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]], np.float32)
    for each, rows in ((logit, features), (restored, swapped)):
        each.learn(rows, each.probabilities(rows), target)
    assert restored.weights[[2, 1]] == pytest.approx(logit.weights)
