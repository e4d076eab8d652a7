"""predictor/network.py: gradients are those of finite differences, and what no logit can tell is learned."""

from random import Random

import msgpack
import numpy as np
import pytest

from delta_learn.predictor import network
from delta_learn.predictor.network import Batch, Network


def made_up(size: int = 5, lines: int = 4, features: int = 3) -> Batch:
    rng = np.random.default_rng(1)
    offset = rng.normal(size=(size, lines)).astype(np.float32)
    offset[0, 2:] = -np.inf
    values = rng.normal(size=(size, lines, features)).astype(np.float32)
    return Batch(values, offset, rng.integers(0, 2, size))


def loss(net: Network, batch: Batch) -> float:
    scores = np.asarray(net.scores(batch.features, batch.offset), np.float64)
    scores -= np.logaddexp.reduce(scores, axis=1)[:, None]
    return -float(scores[np.arange(len(scores)), batch.chosen].mean())


def test_what_has_learned_nothing_changes_nothing() -> None:
    batch = made_up()
    np.testing.assert_array_equal(Network(3).scores(batch.features, batch.offset), batch.offset)


def test_gradients_are_those_of_finite_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_DROPPED", 0)
    net, batch = Network(3), made_up()
    for _ in range(20):
        net.learn(batch, Random(0))
    gradients = net._gradients(batch, Random(0))
    assert set(gradients) == {"first", "bias", "second", "scale"}
    for name, gradient in gradients.items():
        for place in list(np.ndindex(gradient.shape))[:12]:
            parameter = net._parameters[name]
            kept, losses = parameter[place], []
            for step in (1e-2, -1e-2):
                parameter[place] = kept + step
                losses.append(loss(net, batch))
            parameter[place] = kept
            assert gradient[place] == pytest.approx((losses[0] - losses[1]) / 2e-2, abs=2e-3)


def test_it_learns_what_only_two_features_together_tell() -> None:
    rng = np.random.default_rng(2)
    net, right = Network(2), []
    for step in range(3000):
        signs = rng.choice([-1.0, 1.0], size=(16, 2, 2)).astype(np.float32)
        signs[:, 0, 0], signs[:, 1, 0] = signs[:, 0, 1], -signs[:, 1, 1]  # the first agrees, the second does not
        chosen = rng.integers(0, 2, 16)
        signs[chosen == 1] = signs[chosen == 1, ::-1]
        batch = Batch(signs, np.zeros((16, 2), np.float32), chosen)
        if step >= 2800:
            right.append((net.scores(signs, batch.offset).argmax(1) == chosen).mean())
        net.learn(batch, Random(step))
    assert np.mean(right) > 0.95


def test_dropout_is_part_of_learning_only() -> None:
    one, other, batch = Network(3), Network(3), made_up()
    for _ in range(5):
        one.learn(batch, Random(1))
        other.learn(batch, Random(2))
    assert not np.array_equal(one.scores(batch.features, batch.offset), other.scores(batch.features, batch.offset))
    first = one.scores(batch.features, batch.offset)
    np.testing.assert_array_equal(one.scores(batch.features, batch.offset), first)


def test_it_goes_on_from_its_record_as_if_nothing_had_happened() -> None:
    net, again, batch = Network(3), Network(3), made_up()
    for _ in range(7):
        net.learn(batch, Random(3))
    again.load(msgpack.unpackb(msgpack.packb(net.to_record())))
    for each in (net, again):
        each.learn(batch, Random(4))
    assert again.to_record() == net.to_record()
    with pytest.raises(ValueError, match="reshape"):
        Network(4).load(net.to_record())
