"""serving/afresh.py: a large store is learned in a process of its own, and what fails there is made here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from delta_learn.collector.store import Store
from delta_learn.serving import afresh, learner
from delta_learn.serving.afresh import learn_afresh
from delta_learn.serving.chores import Chores
from delta_learn.serving.learner import open_learner, saved_learner
from tests.serving.conftest import work


@pytest.fixture
def large(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Any store counts as one."""
    store.record(work(40))
    monkeypatch.setattr(afresh, "_FEW_BYTES", 0)
    return store


def test_what_another_process_learned_is_what_is_learned_here(large: Store) -> None:
    learn_afresh(large)
    there = saved_learner(large)
    assert there is not None
    assert there.unsaved == 0
    large.paths.predictor.unlink()
    here = open_learner(large)
    assert list(there.predictor.to_records()) == list(here.predictor.to_records())


def test_the_server_reads_in_what_the_other_process_saved(large: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learner, "documentation", lambda: pytest.fail("it was made here"))
    chores = Chores(large)
    chores.work(0.0, 0.0, lambda: None)
    chores.wait()
    chores.work(0.0, 0.0, lambda: None)
    assert chores.learner is not None
    assert chores.learner.unsaved == 0
    chores.close()


@pytest.mark.parametrize("program", ["/nowhere", "false"])
def test_where_no_process_can_learn_it_the_server_does(
    large: Store,
    monkeypatch: pytest.MonkeyPatch,
    no_documentation: None,
    caplog: pytest.LogCaptureFixture,
    program: str,
) -> None:
    monkeypatch.setattr(sys, "executable", program)
    chores = Chores(large)
    chores.work(0.0, 0.0, lambda: None)
    chores.wait()
    chores.work(0.0, 0.0, lambda: None)
    assert chores.learner is not None
    assert "in a process of its own" in caplog.text
    chores.close()


def test_a_small_store_starts_no_process(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    store.record(work(40))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    learn_afresh(store)
    assert not store.paths.predictor.exists()
