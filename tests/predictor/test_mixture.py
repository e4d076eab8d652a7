from collections.abc import Sequence

import numpy as np
import pytest

from delta_learn.predictor.context import Context
from delta_learn.predictor.mixture import Mixture, Scores

HERE = Context()


class Table:
    """An expert that answers from a dictionary."""

    def __init__(self, name: str, lines: dict[str, float], novelty: float = 0.0) -> None:
        self.name = name
        self.last_resort = False
        self.lines = lines
        self.unknown = novelty

    def propose(self, prefix: str, context: Context, count: int) -> list[tuple[str, float]]:
        found = [line for line in self.lines if line.startswith(prefix) and line != prefix]
        ranked = sorted(found, key=lambda line: -self.lines[line])[:count]
        return [(line, float(np.log(self.lines[line]))) for line in ranked]

    def log_probabilities(self, lines: Sequence[str], context: Context, *, among: str | None = None) -> Scores:
        with np.errstate(divide="ignore"):
            return np.log(np.array([self.lines.get(line, 0.0) for line in lines]))

    def log_prefix(self, prefix: str, context: Context) -> float:
        with np.errstate(divide="ignore"):
            return float(np.log(sum(p for line, p in self.lines.items() if line.startswith(prefix))))

    def novelty(self, context: Context) -> float:
        return self.unknown


def mixture(*experts: Table, weights: Sequence[float]) -> Mixture:
    mixed = Mixture()
    for expert in experts:
        mixed.add(expert, weight=1.0)
    mixed.load({expert.name: weight for expert, weight in zip(experts, weights, strict=True)})
    return mixed


def probability(mixed: Mixture, line: str) -> float:
    return float(np.exp(np.logaddexp.reduce(mixed.shares([line], HERE)[:, 0])))


KNOWN = Table("known", {"a": 0.5, "ab": 0.3}, novelty=0.2)
MODEL = Table("model", {"a": 0.1, "b": 0.6, "bc": 0.3})


def test_lines_share_the_experts_by_weight() -> None:
    two = Table("other", {"a": 0.25, "c": 0.75})
    mixed = mixture(MODEL, two, weights=(0.8, 0.2))
    assert probability(mixed, "a") == pytest.approx(0.8 * 0.1 + 0.2 * 0.25)
    assert probability(mixed, "c") == pytest.approx(0.2 * 0.75)
    assert probability(mixed, "nothing") == 0
    assert mixed.propose("", HERE, 2) == ["b", "bc", "c", "a"]


def test_what_an_expert_does_not_know_goes_to_those_that_compose() -> None:
    mixed = mixture(KNOWN, MODEL, weights=(0.5, 0.5))
    assert probability(mixed, "a") == pytest.approx(0.5 * 0.5 + (0.5 + 0.5 * 0.2) * 0.1)
    assert sum(probability(mixed, line) for line in ("a", "ab", "b", "bc")) == pytest.approx(1)
    assert mixed.composes(HERE)
    assert np.exp(mixed.log_prefix("b", HERE, unknown=0.0)) == pytest.approx(0.6 * 0.9)


def test_without_a_composing_expert_the_rest_belongs_to_unknown_lines() -> None:
    mixed = mixture(KNOWN, weights=(1.0,))
    assert not mixed.composes(HERE)
    assert np.exp(mixed.log_prefix("ab", HERE, unknown=np.log(0.25))) == pytest.approx(0.3 + 0.2 * 0.25)


def test_weights_follow_the_posterior() -> None:
    mixed = mixture(KNOWN, MODEL, weights=(0.5, 0.5))
    mixed.learn("ab", HERE)
    assert mixed.to_record()["known"] == pytest.approx(0.98 * 0.5 + 0.02 * 1.0)
    mixed = mixture(KNOWN, MODEL, weights=(0.5, 0.5))
    mixed.learn("b", HERE)  # composed by MODEL, for itself or in the place of KNOWN
    assert mixed.to_record()["known"] == pytest.approx(0.98 * 0.5 + 0.02 * 0.2 / 1.2)
    before = mixed.to_record()
    mixed.learn("nobody knows this", HERE)
    assert mixed.to_record() == before


def test_an_expert_can_come_back() -> None:
    mixed = mixture(KNOWN, MODEL, weights=(0.5, 0.5))
    for _ in range(2000):
        mixed.learn("ab", HERE)
    assert mixed.to_record()["model"] >= 0.0009
    for _ in range(600):
        mixed.learn("b", HERE)
    assert mixed.to_record()["model"] > 0.9


def test_lines_too_improbable_for_a_float_still_teach() -> None:
    class Long(Table):
        def log_probabilities(self, lines: Sequence[str], context: Context, *, among: str | None = None) -> Scores:
            return np.array([self.lines[line] for line in lines])

    mixed = mixture(Long("one", {"x": -5000.0}), Long("two", {"x": -4990.0}), weights=(0.5, 0.5))
    mixed.learn("x", HERE)
    assert mixed.to_record()["two"] > 0.509


def test_a_new_expert_gets_its_share_and_a_newer_one_inherits_it() -> None:
    mixed = mixture(KNOWN, weights=(1.0,))
    mixed.add(MODEL, weight=0.25)
    assert mixed.to_record() == {"known": 0.75, "model": 0.25}
    newer = Table("model", {"z": 1.0})
    mixed.add(newer, weight=0.9)
    assert mixed.to_record() == {"known": 0.75, "model": 0.25}
    assert mixed.experts == [KNOWN, newer]


def test_the_last_resort_proposes_only_what_nobody_else_does() -> None:
    one, last = Table("one", {"git status": 0.5}), Table("last", {"git stash": 0.9, "make": 0.1})
    last.last_resort = True
    mixed = mixture(last, one, weights=[0.5, 0.5])
    assert mixed.propose("git", HERE, 4) == ["git status"]
    assert mixed.propose("ma", HERE, 4) == ["make"]
