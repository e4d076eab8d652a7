"""The gate: noise stays out, a better model comes in, and every rule can refuse alone."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest

from delta_learn.config import GateConfig
from delta_learn.entry import CommandEntry
from delta_learn.evaluation.baselines.catalogue import baseline
from delta_learn.evaluation.gate import GateInput, decide
from delta_learn.evaluation.replay import replay

CONFIG = GateConfig()


def night(seed: int, *, gain: float = 0.0, n: int = 400, **changes: Any) -> GateInput:
    """Two models that differ on every sixth command, with moods that last a session."""
    random = np.random.default_rng(seed)
    sessions = np.cumsum(random.random(n) < 1 / 15)
    moods = random.normal(0.0, 0.15, sessions[-1] + 1)[sessions]
    differing = np.where(random.random(n) < 1 / 6, random.normal(0.0, 3.0, n), 0.0)
    deployed = random.normal(5.0, 4.0, n)
    hits = random.random(n) < 0.25
    given = GateInput(
        candidate_net=deployed + differing + moods + gain,
        deployed_net=deployed,
        candidate_hit1=hits,
        deployed_hit1=hits,
        sessions=sessions,
        latency_p99_ms=12.0,
        model_mb=9.0,
        canary_failures=0,
        redaction_failures=0,
    )
    return dataclasses.replace(given, **changes)


def test_an_equal_model_is_deployed_on_one_night_in_twenty() -> None:
    deployed = sum(decide(night(seed), CONFIG, seed=seed).deploy for seed in range(400))
    # 5 % of 400 is 20, its standard deviation 4.4.
    assert 5 <= deployed <= 29


def test_a_better_model_is_deployed_and_the_reason_says_why() -> None:
    decision = decide(night(1, gain=0.8), CONFIG)
    assert decision.deploy
    assert decision.probability is not None and decision.probability > 0.99
    assert decision.interval is not None and decision.interval.low > 0.0
    assert len(decision.reasons) == 1 and "saves keystrokes: P =" in decision.reasons[0]


def test_identical_models_are_not_exchanged() -> None:
    decision = decide(night(1, candidate_net=np.ones(400), deployed_net=np.ones(400)), CONFIG)
    assert not decision.deploy
    assert decision.probability == 0.0


def hits_lost(share: float) -> dict[str, Any]:
    """Candidate hits of which every session loses its share."""
    before = np.ones(400)
    after = before.copy()
    after[:: round(1 / share)] = 0.0
    return {"deployed_hit1": before, "candidate_hit1": after, "sessions": np.arange(400) // 20}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"gain": -0.2}, "not certain that the candidate saves keystrokes"),
        ({"n": 299}, "Only 299 commands could be replayed; 300 are needed"),
        (hits_lost(0.05), "right less often: by 0.050"),
        (hits_lost(1 / 60), "right less often: by 0.02"),  # 0.0175 on average: within it, but not surely
        ({"latency_p99_ms": 251.0}, "latency at the 99th percentile is 251.0 ms; 250.0 ms is allowed"),
        ({"latency_p99_ms": None}, "latency at the 99th percentile was not measured"),
        ({"latency_p99_ms": math.nan}, "latency at the 99th percentile was not measured"),
        ({"latency_p99_ms": math.inf}, "latency at the 99th percentile was not measured"),
        ({"latency_p99_ms": 0.0}, "cannot be right"),
        ({"model_mb": 200.1}, "model size is 200.1 MB; 200.0 MB is allowed"),
        ({"model_mb": None}, "model size was not measured"),
        ({"model_mb": -1.0}, "cannot be right"),
        ({"canary_failures": 1}, "canary check failed in 1 of its cases"),
        ({"canary_failures": None}, "canary check did not run"),
        ({"redaction_failures": 3}, "redaction check failed in 3 of its cases"),
        ({"redaction_failures": None}, "redaction check did not run"),
        ({"candidate_net": [math.nan] + [9.0] * 399}, "candidate_net is missing for 1 of 400 commands"),
        ({"deployed_net": [None] * 2 + [1.0] * 398}, "deployed_net is missing for 2 of 400 commands"),
        ({"candidate_hit1": [math.inf] + [1] * 399}, "candidate_hit1 is missing for 1 of 400 commands"),
        ({"deployed_hit1": [1] * 399}, "do not cover the same commands"),
        ({"sessions": []}, "do not cover the same commands"),
    ],
)
def test_each_reason_keeps_alone(changes: dict[str, Any], reason: str) -> None:
    decision = decide(night(1, **{"gain": 0.8, **changes}), CONFIG)
    assert not decision.deploy
    assert len(decision.reasons) == 1, decision.reasons
    assert reason in decision.reasons[0]
    json.dumps(decision.to_json(), allow_nan=False)


def test_what_is_only_unsure_may_be_tried() -> None:
    unsure = decide(night(1, gain=0.05), CONFIG)
    assert not unsure.deploy
    assert unsure.probability is not None and 0.75 <= unsure.probability < 0.95
    assert unsure.borderline(0.75)
    assert not unsure.borderline(unsure.probability + 0.01)
    assert unsure.to_json()["unsure"] is True


@pytest.mark.parametrize(
    "changes",
    [
        {"latency_p99_ms": 251.0}, {"latency_p99_ms": None}, {"model_mb": 201.0}, {"canary_failures": 1},
        {"canary_failures": None}, {"redaction_failures": 1}, {"n": 299}, hits_lost(0.05), {"gain": 0.8},
        {"candidate_net": [math.nan] * 400},
    ],
)  # fmt: skip
def test_what_anything_else_speaks_against_is_never_tried_nor_what_is_sure(changes: dict[str, Any]) -> None:
    assert not decide(night(1, **{"gain": 0.05, **changes}), CONFIG).borderline(0.0)


def test_every_reason_is_told() -> None:
    decision = decide(night(1, gain=-1.0, latency_p99_ms=None, canary_failures=2), CONFIG)
    assert len(decision.reasons) == 3


def test_a_small_loss_of_hits_within_the_allowance_passes() -> None:
    assert decide(night(1, gain=0.8, **hits_lost(0.01)), CONFIG).deploy


def test_the_configuration_sets_the_limits() -> None:
    given = night(1, gain=0.8)
    for limit in ({"max_p99_ms": 11.0}, {"max_model_mb": 8.0}, {"min_probability": 1.01}):
        assert not decide(given, GateConfig(**limit)).deploy
    lost = night(1, gain=0.8, **hits_lost(0.05))
    assert decide(lost, GateConfig(max_hit1_loss=0.1)).deploy


def test_a_decision_can_be_repeated_and_written_down() -> None:
    first, again = (decide(night(3, gain=0.3), CONFIG, seed=4) for _ in range(2))
    assert first == again
    assert json.loads(json.dumps(first.to_json()))["numbers"]["n"] == 400


def test_input_from_a_replay() -> None:
    entries = [CommandEntry(command) for command in ["git status", "git push", "ls"] * 150]
    methods = {"new": baseline("match-prev"), "old": baseline("autosuggest")}
    result = replay(entries, methods)
    given = GateInput.from_replay(
        result, candidate="new", deployed="old", model_mb=1.0, canary_failures=0, redaction_failures=0
    )
    assert given.latency_p99_ms == result.figures("new")["ms_p99"]
    assert decide(given, CONFIG).deploy
    reverse = dataclasses.replace(given, candidate_net=given.deployed_net, deployed_net=given.candidate_net)
    assert not decide(reverse, CONFIG).deploy
