"""predictor/refinement.py: lines share their probability by what was chosen among such lines before."""

import msgpack
import numpy as np
import pytest

from delta_learn.predictor import refinement
from delta_learn.predictor.logit import Floats
from delta_learn.predictor.refinement import MOST_LINES, Refinement


def prompt(rng: np.random.Generator, lines: int = 6) -> tuple[Floats, Floats, int]:
    """The ranker likes the first line best; chosen is the one whose two features agree."""
    features = rng.choice([-1.0, 1.0], size=(lines, 2)).astype(np.float32)
    features[:, 1] = -features[:, 0]
    chosen = int(rng.integers(lines))
    features[chosen, 1] = features[chosen, 0]
    features[:, 1] += 100  # standardised away
    scores = np.log(np.arange(lines, 0, -1) / 40).astype(np.float32)
    return features, scores, chosen


def taught(steps: int) -> Refinement:
    rng, taught = np.random.default_rng(1), Refinement(2)
    for _ in range(steps):
        taught.learn(*prompt(rng))
    return taught


def hits(refined: Refinement) -> float:
    rng, right = np.random.default_rng(2), 0
    for _ in range(200):
        features, scores, chosen = prompt(rng)
        right += refined.log_probabilities(features, scores).argmax() == chosen
    return right / 200


def test_before_anything_is_learned_the_ranker_decides() -> None:
    features, scores, _ = prompt(np.random.default_rng(3))
    given = refinement.Refinement(2).log_probabilities(features, scores)
    np.testing.assert_allclose(given, scores - np.logaddexp.reduce(scores), rtol=1e-5)


def test_what_features_tell_together_is_learned() -> None:
    assert hits(taught(0)) < 0.3
    assert hits(taught(1500)) > 0.9


def test_it_is_a_distribution_with_one_line_and_with_many() -> None:
    refined, rng = taught(100), np.random.default_rng(4)
    for lines in (1, 2, MOST_LINES):
        features, scores, _ = prompt(rng, lines)
        assert np.exp(refined.log_probabilities(features, scores)).sum() == pytest.approx(1, abs=1e-5)


def test_only_the_newest_choices_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refinement, "_REMEMBERED", 70)
    refined = taught(200)
    record = refined.to_record()
    assert len(record["chosen"]) == 70
    assert len(record["features"]) == 70 * MOST_LINES * 2 * 2


@pytest.mark.parametrize("steps", [0, 10, 63, 64, 65, 300])
def test_a_record_restores_what_it_learns_from(steps: int) -> None:
    refined, again = taught(steps), Refinement(2)
    again.load(msgpack.unpackb(msgpack.packb(refined.to_record())))
    rng = np.random.default_rng(5)
    for _ in range(3):
        example = prompt(rng)
        refined.learn(*example)
        again.learn(*example)
    assert again.to_record() == refined.to_record()
