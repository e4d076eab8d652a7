"""Deploy, rollback and prune are killed at every call that touches a file: what predicts is old or new, and whole."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from delta_learn.paths import Paths
from delta_learn.registry import ModelFile, ModelRecord, Registry
from delta_learn.storage.atomic import private_directory
from delta_learn.storage.lock import exclusive
from delta_learn.storage.seal import Keyring
from tests.collector import test_drain_kill
from tests.collector.conftest import forked
from tests.collector.test_drain_kill import in_child, strace

__all__ = ["forked", "in_child", "strace"]

CALLS = (
    "open", "write", "fsync", "replace", "rename", "unlink", "mkdir", "close", "symlink", "readlink", "ftruncate"
)  # fmt: skip
SYSTEM_CALLS = (
    "/^open", "/^rename", "/^unlink", "/^symlink", "/^readlink", "/^mkdir", "/stat", "/^getdents",
    "write", "fsync", "ftruncate", "flock", "close",
)  # fmt: skip
NAMES = [f"delta_model_{n}" for n in range(5)]
OLD, NEW = NAMES[2], NAMES[4]

Change = Callable[[Registry], object]


def file_of(version: str) -> ModelFile:
    return ModelFile({"version": version, "format": 1}, b"tokenizer", version.encode() * 1000)


def deploy(registry: Registry) -> None:
    registry.deploy(NEW)


def rollback(registry: Registry) -> None:
    registry.rollback()


def prune(registry: Registry) -> None:
    registry.prune(keep=3)


def night(registry: Registry) -> None:
    """All of it, as a night does it."""
    registry.save_model(ModelRecord("delta_model_5", 5.0), file_of("delta_model_5"))
    registry.deploy("delta_model_5")
    registry.prune(keep=3)


def settle(registry: Registry) -> None:
    registry.settle({"outcome": "better"}, deploy=True)


CHANGES = {
    deploy: {OLD, NEW},
    rollback: {OLD, NAMES[1]},
    prune: {OLD},
    night: {OLD, "delta_model_5"},
    settle: {OLD, NAMES[3]},
}


@pytest.fixture
def before(paths: Paths, tmp_path: Path) -> Path:
    """Five models, of which three were deployed one after the other and one is tried: a copy to start from."""
    for directory in (paths.models, paths.state):
        private_directory(directory)
    registry = Registry(paths, Keyring.load_or_create(paths.key))
    for number, version in enumerate(NAMES):
        registry.save_model(ModelRecord(version, float(number)), file_of(version))
    for version in NAMES[:3]:
        registry.deploy(version)
    registry.challenge(NAMES[3])
    base = tmp_path / "base"
    for root in (paths.home, paths.state):
        shutil.copytree(root, base / root.name, symlinks=True)
    return base


def opened(paths: Paths) -> Registry:
    return Registry(paths, Keyring.load(paths.key))


def work(paths: Paths, change: Change) -> None:
    with exclusive(paths.lock, "test"):
        change(opened(paths))


def assert_old_or_new(paths: Paths, change: Change) -> None:
    registry = opened(paths)
    found = registry.in_use(lambda model: model)
    assert found.version in CHANGES[change]
    assert found.model == file_of(found.version or ""), "the whole model, and no other"
    assert found.problem is None
    assert set(registry.verify().values()) == {"ok"}, "what the registry names is there"
    linked = paths.latest_model.readlink().stem
    assert linked in CHANGES[change]
    assert paths.latest_model.exists()


def assert_mended(paths: Paths) -> None:
    """The next night finds nothing amiss, and leaves nothing behind."""
    work(paths, prune)
    registry = opened(paths)
    assert paths.latest_model.readlink().stem == registry.deployed
    named = {f"{each.version}.bin" for each in registry.models}
    assert {path.name for path in paths.models.iterdir()} == {*named, paths.latest_model.name}
    assert registry.in_use(lambda model: model).problem is None


def deadly(call: int, *, half: bool) -> None:
    """Kill this process at its n-th call of `CALLS`: before it, or after half of what it writes."""
    remaining = iter(range(call - 1, -1, -1))

    def wrap(real: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            if next(remaining, 1):
                return real(*args, **kwargs)
            if half and len(args) > 1 and isinstance(args[1], bytes | memoryview):
                real(args[0], args[1][: len(args[1]) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
            raise AssertionError

        return wrapped

    for name in CALLS:
        setattr(os, name, wrap(getattr(os, name)))


def start(paths: Paths, base: Path) -> None:
    for root in (paths.home, paths.state):
        shutil.rmtree(root)
        shutil.copytree(base / root.name, root, symlinks=True)


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("change", CHANGES)
def test_killed_at_any_call(paths: Paths, before: Path, in_child: Any, change: Change, half: bool) -> None:
    for call in range(1, 1000):
        start(paths, before)

        def dying(call: int = call) -> None:
            deadly(call, half=half)
            work(paths, change)

        killed = in_child(dying)
        assert_old_or_new(paths, change)
        assert_mended(paths)
        if not killed:
            break
    assert call > 20


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_killed_at_any_system_call(
    paths: Paths, before: Path, in_child: Any, strace: Any, change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    kills = 0
    for name in SYSTEM_CALLS:  # strace counts the calls of each name by itself
        monkeypatch.setattr(test_drain_kill, "SYSTEM_CALLS", name)
        for call in range(1, 1000):
            start(paths, before)

            def ready(pid: int, call: int = call) -> None:
                strace(pid, call)

            killed = in_child(lambda: work(paths, change), ready)
            assert_old_or_new(paths, change)
            assert_mended(paths)
            if not killed:
                break
            kills += 1
    assert kills > 60


def test_the_next_try_comes_to_the_same_end(paths: Paths, before: Path, in_child: Any) -> None:
    """A deploy that was killed anywhere and is made again ends as one that was not."""
    start(paths, before)
    work(paths, deploy)
    expected = dataclasses.asdict(opened(paths).find(NEW)), opened(paths).deployed, opened(paths).history
    for call in range(1, 200):
        start(paths, before)

        def dying(call: int = call) -> None:
            deadly(call, half=False)
            work(paths, deploy)

        killed = in_child(dying)
        work(paths, deploy)
        registry = opened(paths)
        assert (dataclasses.asdict(registry.find(NEW)), registry.deployed, registry.history) == expected
        assert paths.latest_model.readlink().stem == NEW
        if not killed:
            break
