"""nightly/steps.py: what a night learns from."""

from __future__ import annotations

import numpy as np
import pytest

from delta_learn.collector.outcome import Outcome
from delta_learn.collector.store import Store
from delta_learn.collector.teaching import give_feedback, teach
from delta_learn.config import Config
from delta_learn.dataset.split import Split
from delta_learn.entry import CommandEntry, Session
from delta_learn.nightly import steps
from delta_learn.nightly.contender import Contender
from delta_learn.nightly.night import Night
from delta_learn.nightly.steps import DEPLOYED, check_conditions, replay_newest, train_tokenizer
from delta_learn.paths import Paths
from delta_learn.registry import ModelFile, ModelRecord, Registry
from delta_learn.trainer.personal import PersonalModel
from delta_learn.trainer.progress import TrainResult

RESULT = (1, 1, 1, 1.0, 1.0, "done")


def test_feedback_is_nothing_to_learn_from(paths: Paths) -> None:
    store = Store.open(paths)
    store.add([CommandEntry("make", timestamp=1e9)])
    teach(store, "make", "make test")
    give_feedback(store, "more of this", "/srv")
    night = Night(store, Registry(paths, store.keyring), Config(), nightly=False)
    check_conditions(night)
    assert [entry.command for entry in night.entries] == ["make", "make", "make test"]
    assert "3 entries are kept" in (night.skipped or "")


@pytest.mark.parametrize("personal", [False, True])
def test_a_candidate_is_measured_against_what_predicts(
    personal: bool, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until a personal model is deployed, that is no model at all."""
    store = Store.open(paths)
    night = Night(store, Registry(paths, store.keyring), Config(), nightly=False)
    if personal:
        night.registry.save_model(ModelRecord("delta_model_1", 0.0), ModelFile({"version": "mine"}, b"", b""))
        night.registry.deploy("delta_model_1")
    session = Session("s", (CommandEntry("ls", session="s"),))
    night.split = Split([session], [session])
    night.personal = PersonalModel(ModelFile({"version": "candidate"}, b"", b""), TrainResult(*RESULT), 1)
    used: dict[str, object] = {}

    def contender(name: str, neural: object, *_: object) -> Contender:
        used[name] = neural
        return Contender(name)

    monkeypatch.setattr(steps, "neural_expert", lambda model: model.meta["version"])
    monkeypatch.setattr(steps, "Contender", contender)
    replay_newest(night)
    assert used == {"delta": "candidate", DEPLOYED: "mine" if personal else None}


def test_what_was_only_accepted_weighs_less(paths: Paths) -> None:
    store = Store.open(paths)
    entries = [CommandEntry(c, timestamp=1e9 + i, session="s", sequence=i) for i, c in enumerate(["make", "ls", "ls"])]
    outcomes = [
        Outcome(1, 1e9 + 1, "accepted", "ls", 0, 1, 0.5, "history", "").to_entry(entries[1], "make"),
        Outcome(2, 1e9 + 2, "overridden", "make", 0, 0, 0.5, "history", "").to_entry(entries[2], "ls"),
    ]
    store.record([*entries, *outcomes])
    night = Night(store, Registry(paths, store.keyring), Config(), nightly=False)
    check_conditions(night)
    assert night.entries == entries
    assert night.accepted == {("s", 1)}
    night.split = Split([Session("s", tuple(night.entries * 100))], [])
    train_tokenizer(night)
    assert night.lesson is not None
    (run,) = [run for run in night.lesson.runs if not run.held_out and not run.synthetic]
    assert set(np.frombuffer(run.weights, "<f2").tolist()) == {0.0, 0.5, 1.0}
