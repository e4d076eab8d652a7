"""nightly/abtest.py: which candidate is tried at the prompt."""

from __future__ import annotations

import pytest

from delta_learn.collector.store import Store
from delta_learn.config import AbConfig, Config
from delta_learn.evaluation.bootstrap import Interval
from delta_learn.evaluation.gate import GateDecision
from delta_learn.nightly import steps
from delta_learn.nightly.night import Night
from delta_learn.nightly.steps import deploy_or_keep
from delta_learn.paths import Paths
from delta_learn.registry import ModelFile, ModelRecord, Registry
from delta_learn.serving.abtest import AbTest, keep
from delta_learn.trainer.personal import PersonalModel
from delta_learn.trainer.progress import TrainResult

OLD = "delta_model_1"
UNSURE = GateDecision(False, 0.8, Interval(0.1, -0.1, 0.3), ("It is not certain.",), {}, unsure=True)
HOPELESS = GateDecision(False, 0.3, Interval(-0.1, -0.3, 0.1), ("It is not certain.",), {}, unsure=True)
LEAKING = GateDecision(False, 0.8, Interval(0.1, -0.1, 0.3), ("It is not certain.", "It leaks."), {})
SURE = GateDecision(True, 0.99, Interval(0.3, 0.1, 0.5), ("It saves keystrokes.",), {})


@pytest.fixture
def night(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Night:
    """A night that has trained, beside a deployed model."""
    store = Store.open(paths)
    registry = Registry(paths, store.keyring)
    registry.save_model(ModelRecord(OLD, 1.0), ModelFile({}, b"", b""))
    registry.deploy(OLD)
    for name in ("_lineage", "_measured"):
        monkeypatch.setattr(steps, name, lambda _: {})
    night = Night(store, registry, Config(ab=AbConfig(enabled=True)), nightly=True, say=lambda _: None)
    night.personal = PersonalModel(ModelFile({}, b"", b"new"), TrainResult(1, 1, 1, 1.0, 1.0, "done"), 1)
    return night


def decided(night: Night, decision: GateDecision) -> Registry:
    night.decision = decision
    deploy_or_keep(night)
    return Registry(night.store.paths, night.store.keyring)


@pytest.mark.parametrize(("decision", "tried"), [(UNSURE, True), (HOPELESS, False), (LEAKING, False)])
def test_only_what_might_be_better_and_nothing_else_speaks_against_is_tried(
    night: Night, decision: GateDecision, tried: bool
) -> None:
    after = decided(night, decision)
    assert after.deployed == OLD
    assert (after.challenger == night.version) is tried
    assert after.find(night.version or "").gate["deploy"] is False


def test_the_setting_is_off(night: Night) -> None:
    night.config = Config()
    assert decided(night, UNSURE).challenger is None


def test_the_level_is_a_setting(night: Night) -> None:
    night.config = Config(ab=AbConfig(enabled=True, min_probability=0.81))
    assert decided(night, UNSURE).challenger is None
    night.config = Config(ab=AbConfig(enabled=True, min_probability=0.8))
    assert decided(night, UNSURE).challenger == night.version


def test_what_is_sure_is_deployed_and_ends_the_test(night: Night) -> None:
    decided(night, UNSURE)
    after = decided(night, SURE)
    assert (after.deployed, after.challenger) == (night.version, None)


def test_a_running_test_goes_on_and_is_not_pruned(night: Night) -> None:
    first = decided(night, UNSURE).challenger
    for _ in range(9):
        assert decided(night, UNSURE).challenger == first
        night.registry.prune(3)
    assert first in [each.version for each in night.registry.models]


@pytest.mark.parametrize("over", ["damaged", "late"])
def test_what_cannot_go_on_makes_room(night: Night, over: str) -> None:
    registry = decided(night, UNSURE)
    first = registry.challenger or ""
    if over == "damaged":
        registry.path(first).write_bytes(b"torn")
    else:
        config = night.store.paths.config
        config.write_text('{"ab": {"days": 1000000}}')
        keep(night.store, AbTest(OLD, first, since=1e9))
    after = decided(night, UNSURE)
    assert after.challenger == night.version != first
    assert after.deployed == OLD
    assert (after.find(first).trial.get("outcome") == "undecided") is (over == "late")
    assert after.verify()[night.version or ""] == "ok"
