"""Forgetting is killed at every call that touches a file: what is gone stays gone, the rest goes at the next try."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from delta_learn.collector.forget import forget, matching
from delta_learn.collector.never import add_never, never_lines, unwanted
from delta_learn.collector.places import count_places
from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.paths import Paths
from delta_learn.storage.blockfile import BlockReader, BlockWriter
from delta_learn.storage.shards import TokenRun, TokenShards
from tests.collector.test_drain_kill import deadly, in_child, start_over, strace

__all__ = ["in_child", "strace"]

NOON = 1_600_000_000.0
DAY = 86_400.0
KEPT = ["git status", "ls"]
GONE = ["ssh vault-one", "ssh vault-two"]
FORBIDDEN = "ssh vault-two -v"
HISTORY = [
    CommandEntry(command, None, NOON + 1 + n * DAY / 2, session="import:zsh:1", sequence=n, source="imported")
    for n, command in enumerate([*KEPT, *GONE])
]


@pytest.fixture
def before(paths: Paths, spool: Path, fake_shell: Any, tmp_path: Path) -> Path:
    """A home in which every place holds something to forget: returns a copy to start from."""
    store = Store.open(paths)
    store.record(
        CommandEntry(command, "/srv", NOON + n * DAY / 2, 0, session="s", sequence=n)
        for n, command in enumerate([GONE[0], *KEPT, GONE[1], *KEPT])
    )
    store.add(HISTORY)
    add_never(store, FORBIDDEN)
    TokenShards(paths.processed, store.keyring).replace_all([TokenRun("s", NOON, 1, False, False, b"", b"")], "v1")
    (paths.models / "delta_model_1.bin").write_bytes(b"a model")
    for path, kind in ((paths.checkpoints / "night.bin", "checkpoint"), (paths.predictor, "state")):
        with BlockWriter.create(path, kind=kind, label=path.stem, keyring=store.keyring) as writer:
            writer.write([GONE])
    fake_shell(spool).run(GONE[0])
    base = tmp_path / "base"
    for root in (paths.home, paths.state):
        shutil.copytree(root, base / root.name)
    return base


def work(paths: Paths) -> None:
    forget(Store.open(paths), pattern="vault")


def texts(store: Store) -> str:
    """All that the sealed files hold that can be read."""
    found: list[object] = [*never_lines(store)]
    for path in store.files():
        with BlockReader(path, kind="raw", keyring=store.keyring) as reader:
            found += reader.records()
    return repr(found)


def assert_nothing_comes_back(paths: Paths, *forbidden: str) -> None:
    """Of each line: it is still there, or no model may say it."""
    store = Store.open(paths)
    there = {entry.command for entry in store.entries()} | never_lines(store)
    shut = unwanted(store)
    for line in GONE:
        assert line in there or line in shut, line
    assert not [line for line in KEPT if line in shut]
    assert all(line in shut for line in forbidden), "on one list or on the other"
    spooled = any(GONE[0].encode() in path.read_bytes() for path in paths.spool.iterdir())
    # Who imports now gets nothing back either.
    if GONE[1] not in there and not spooled:
        assert store.add(HISTORY).new == 0


def assert_forgotten(paths: Paths) -> None:
    """By one try more, which who is told that nothing matches does not make."""
    store = Store.open(paths)
    if count_places(store, matching(pattern="vault", since=None, directory=None)).any:
        work(paths)
    assert "vault" not in texts(store)
    assert {entry.command for entry in store.entries()} == set(KEPT)
    assert not list(paths.processed.iterdir())
    assert not list(paths.checkpoints.iterdir())
    assert not paths.predictor.exists()
    assert not [path for root in (paths.home, paths.state) for path in root.rglob("*.tmp")]
    assert all(line in unwanted(store) for line in (*GONE, "ping vault-two"))
    assert store.add(HISTORY).forgotten == len(GONE)
    assert {entry.command for entry in store.entries()} == set(KEPT)


@pytest.mark.parametrize(("half", "listed"), [(False, True), (True, False)])
def test_killed_at_any_call(paths: Paths, before: Path, in_child: Any, half: bool, listed: bool) -> None:
    if not listed:  # then the last shard is the last thing that matches
        (before / paths.home.name / "training" / "never.bin").unlink()
    for call in range(1, 1000):
        start_over(paths, before)

        def killed_work(call: int = call) -> None:
            deadly(call, half=half)
            work(paths)

        killed = in_child(killed_work)
        assert_nothing_comes_back(paths, *[FORBIDDEN] * listed)
        assert_forgotten(paths)
        if not killed:
            break
    assert call > 50


@pytest.mark.slow
def test_killed_at_any_system_call(paths: Paths, before: Path, in_child: Any, strace: Any) -> None:
    for call in range(1, 3000):
        start_over(paths, before)

        def ready(pid: int, call: int = call) -> None:
            strace(pid, call)

        killed = in_child(lambda: work(paths), ready)
        assert_nothing_comes_back(paths, FORBIDDEN)
        assert_forgotten(paths)
        if not killed:
            break
    assert call > 100, call
