"""nightly/steps.py: what a night learns from."""

from __future__ import annotations

from delta_learn.collector.store import Store
from delta_learn.collector.teaching import give_feedback, teach
from delta_learn.config import Config
from delta_learn.entry import CommandEntry
from delta_learn.nightly.night import Night
from delta_learn.nightly.steps import check_conditions
from delta_learn.paths import Paths
from delta_learn.registry import Registry


def test_feedback_is_nothing_to_learn_from(paths: Paths) -> None:
    store = Store.open(paths)
    store.add([CommandEntry("make", timestamp=1e9)])
    teach(store, "make", "make test")
    give_feedback(store, "more of this", "/srv")
    night = Night(store, Registry(paths, store.keyring), Config(), nightly=False)
    check_conditions(night)
    assert [entry.command for entry in night.entries] == ["make", "make", "make test"]
    assert "3 entries are kept" in (night.skipped or "")
