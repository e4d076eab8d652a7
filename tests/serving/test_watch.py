"""Watch: what other processes change is noticed once."""

from __future__ import annotations

import pytest

from delta_learn.collector.never import add_never
from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.registry import Registry
from delta_learn.serving.watch import FORGOTTEN, NEVER, REGISTRY, SETTINGS, SHARDS, Watch
from tests.serving.conftest import work


@pytest.mark.parametrize("change", [SHARDS, NEVER, REGISTRY, SETTINGS])
def test_each_change_is_told_once(store: Store, change: str) -> None:
    store.record(work(2))
    watch = Watch(store.paths)
    assert watch.changes() == set()
    if change == SHARDS:
        store.record(work(1, first=2))
    elif change == NEVER:
        add_never(store, "make")
    elif change == REGISTRY:
        Registry(store.paths, store.keyring)._save()
    else:
        store.paths.config.write_text("{}")
    assert watch.changes() == {change}
    assert watch.changes() == set()


def test_a_shard_that_is_rewritten_or_gone_is_a_change(store: Store) -> None:
    store.record(work(2))
    watch = Watch(store.paths)
    store.forget(lambda entry: entry.command == "make")
    assert watch.changes() == {SHARDS, FORGOTTEN}
    store.forget(lambda entry: True)
    assert watch.changes() == {SHARDS, FORGOTTEN}


def test_a_new_day_is_a_change(store: Store) -> None:
    store.record(work(2))
    watch = Watch(store.paths)
    store.record([CommandEntry("ls", timestamp=1e9 + 9e5, session="t")])
    assert watch.changes() == {SHARDS}
