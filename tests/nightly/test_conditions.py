"""nightly/conditions.py: when a night is worth it."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest

from delta_learn.config import Config
from delta_learn.nightly.conditions import conditions, enough_disk, holdout_size, unmet
from delta_learn.paths import Paths
from delta_learn.registry import ModelRecord, Registry
from delta_learn.storage.atomic import private_directory
from delta_learn.storage.seal import Keyring


@pytest.fixture
def registry(paths: Paths) -> Registry:
    for directory in (paths.home, paths.models, paths.state):
        private_directory(directory)
    return Registry(paths, Keyring.load_or_create(paths.key))


def test_too_few_entries_stop_any_training(registry: Registry) -> None:
    for nightly in (False, True):
        failed = unmet(conditions(599, registry, Config(), nightly=nightly))
        assert failed is not None
        assert failed.name == "entries"
        assert "599" in failed.reason
    assert unmet(conditions(600, registry, Config(), nightly=False)) is None


def test_a_night_needs_new_entries_since_the_last_training(registry: Registry) -> None:
    registry.models.append(ModelRecord("m", 0.0, lineage={"entries_total": 900}))
    failed = unmet(conditions(1099, registry, Config(), nightly=True))
    assert failed is not None
    assert failed.name == "new entries"
    assert "199 entries are new" in failed.reason
    assert unmet(conditions(1100, registry, Config(), nightly=True)) is None
    assert unmet(conditions(1099, registry, Config(), nightly=False)) is None


def test_a_full_disk_is_a_reason_not_to_train(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=499_999_999))
    assert not enough_disk(registry.paths.home).met
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=500_000_000))
    assert enough_disk(registry.paths.home).met


@pytest.mark.parametrize(("entries", "held_out"), [(600, 300), (3_000, 300), (4_000, 400), (90_000, 500)])
def test_a_tenth_is_held_out_within_bounds(entries: int, held_out: int) -> None:
    assert holdout_size(entries, Config()) == held_out
