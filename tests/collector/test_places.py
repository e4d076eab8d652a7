"""collector/places.py: every place is counted, and none is changed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from delta_learn.collector.forget import matching
from delta_learn.collector.never import add_never
from delta_learn.collector.outcome import Outcome
from delta_learn.collector.places import Places, count_places
from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.paths import Paths
from delta_learn.storage.lock import exclusive
from delta_learn.storage.shards import TokenRun, TokenShards

NOON = 1_600_000_000.0
DAY = 86_400.0

GIT = matching(pattern="git", since=None, directory=None)


@pytest.fixture
def store(paths: Paths, spool: Path, fake_shell: Any) -> Store:
    store = Store.open(paths)
    commands = ["git push", "ls", "git pull", "make"]
    entries = [CommandEntry(c, "/srv", NOON + DAY * n, session="s", sequence=n) for n, c in enumerate(commands)]
    outcome = Outcome(0, NOON, "overridden", "ls", 0, 0, 0.5, "history", "").to_entry(entries[0], "")
    store.record([*entries, outcome])
    add_never(store, "git push --force")
    runs = [TokenRun("s", NOON + 40 * DAY * n, 1, False, False, b"\1\0", b"\0\0") for n in range(3)]
    TokenShards(paths.processed, store.keyring).replace_all(runs, "v1")
    paths.checkpoints.mkdir(mode=0o700)
    for path in (
        paths.checkpoints / "night.bin",
        paths.predictor,
        paths.state / "report.html",
        paths.models / "delta_model_1.bin",
    ):
        path.write_bytes(b"any")
    shell = fake_shell(spool)
    shell.run("git stash")
    shell.begin("git log")
    shell.run("ls")
    return store


def contents(paths: Paths) -> dict[Path, bytes]:
    files = [path for root in (paths.home, paths.state) for path in root.rglob("*") if path.is_file()]
    return {path: path.read_bytes() for path in files}


def test_each_place_is_counted_and_nothing_changes(store: Store, paths: Paths) -> None:
    before = contents(paths)
    found = count_places(store, GIT)
    assert found == Places(
        entries=3, days=2, spooled=2, never=1, token_runs=3, checkpoints=1, caches=2, models=1, training=False
    )
    assert contents(paths) == before


def test_where_nothing_matches_there_is_nothing_to_forget(store: Store) -> None:
    assert not count_places(store, matching(pattern="zzz", since=None, directory=None)).any
    assert count_places(store, matching(pattern="--force", since=None, directory=None)).any
    assert count_places(store, matching(pattern="stash", since=None, directory=None)).any


def test_a_training_is_seen(store: Store, paths: Paths) -> None:
    with exclusive(paths.training_lock, "delta-learn train"):
        assert count_places(store, GIT).training


@pytest.mark.parametrize("broken", ["config", "tokens"])
def test_what_cannot_be_read_keeps_nobody_from_forgetting(
    store: Store, paths: Paths, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = paths.config if broken == "config" else next(paths.processed.iterdir())
    path.write_text("{")
    os.chmod(path, 0o600)  # noqa: PTH101 (as it was made)
    found = count_places(store, GIT)
    assert found.entries == 3
    assert "counted" in caplog.text
