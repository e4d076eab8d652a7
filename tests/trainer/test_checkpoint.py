from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch

from delta_learn.errors import StorageError, UnsafeFileError
from delta_learn.paths import Paths
from delta_learn.storage.seal import Keyring
from delta_learn.trainer import checkpoint as module
from delta_learn.trainer.checkpoint import Checkpoint, CheckpointStore

CHECKPOINT = Checkpoint(
    {"step": 3, "best": 1.25, "none": None},
    {"model/a": torch.randn(300, 7), "optimizers/adam.0.step": torch.tensor(3.0), "empty": torch.zeros(0)},
)


@pytest.fixture
def keyring(paths: Paths) -> Keyring:
    return Keyring.load_or_create(paths.key)


@pytest.fixture
def store(paths: Paths, keyring: Keyring) -> CheckpointStore:
    return CheckpointStore(paths.checkpoints, keyring, "night")


def same(found: Checkpoint | None, expected: Checkpoint) -> bool:
    return (
        found is not None
        and found.facts == expected.facts
        and found.tensors.keys() == expected.tensors.keys()
        and all(torch.equal(found.tensors[name], tensor) for name, tensor in expected.tensors.items())
    )


def test_a_checkpoint_survives_bit_for_bit(store: CheckpointStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for chunk_bytes in (1 << 24, 1000):
        monkeypatch.setattr(module, "_CHUNK_BYTES", chunk_bytes)
        store.save(CHECKPOINT)
        assert same(store.load(), CHECKPOINT)


def test_the_last_one_counts_and_nothing_else_is_left(store: CheckpointStore) -> None:
    store.save(CHECKPOINT)
    store.save(Checkpoint({"step": 4}, {}))
    assert same(store.load(), Checkpoint({"step": 4}, {}))
    store.remove()
    assert store.load() is None
    assert not [path for path in store.path.parent.iterdir() if path.suffix == ".bin"]
    store.remove()


def test_weights_are_sealed(store: CheckpointStore) -> None:
    store.save(CHECKPOINT)
    content = store.path.read_bytes()
    assert CHECKPOINT.tensors["model/a"].numpy().tobytes()[:64] not in content
    assert b"model/a" not in content


def test_a_failed_write_keeps_the_old_one(store: CheckpointStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save(CHECKPOINT)
    monkeypatch.setattr(module, "_CHUNK_BYTES", 0)
    with pytest.raises(ValueError, match="must not be zero"):
        store.save(Checkpoint({"step": 4}, {"a": torch.ones(2)}))
    assert same(store.load(), CHECKPOINT)


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("place", [0, 40, 200, -1000, -1])
def test_a_damaged_one_is_passed_over_with_a_warning(
    store: CheckpointStore, place: int, caplog: pytest.LogCaptureFixture
) -> None:
    store.save(CHECKPOINT)
    flip(store.path, place)
    with caplog.at_level(logging.WARNING):
        assert store.load() is None
    assert "afresh" in caplog.text
    assert str(store.path) in caplog.text


def test_a_cut_one_is_passed_over(store: CheckpointStore) -> None:
    store.save(CHECKPOINT)
    content = store.path.read_bytes()
    for length in (0, 10, 150, len(content) // 2, len(content) - 1):
        store.path.write_bytes(content[:length])
        assert store.load() is None


def test_another_runs_or_another_keys_is_passed_over(store: CheckpointStore, keyring: Keyring, paths: Paths) -> None:
    other = CheckpointStore(paths.checkpoints, keyring, "other")
    other.save(CHECKPOINT)
    other.path.rename(store.path)
    assert store.load() is None
    CheckpointStore(paths.checkpoints, Keyring(b"k" * 32), "night").save(CHECKPOINT)
    assert store.load() is None


def test_one_that_others_could_have_written_is_refused(store: CheckpointStore) -> None:
    store.save(CHECKPOINT)
    store.path.chmod(0o666)
    with pytest.raises(UnsafeFileError, match="chmod"):
        store.load()


def test_what_cannot_be_written_is_said(store: CheckpointStore) -> None:
    store.path.parent.mkdir(parents=True)
    store.path.mkdir()
    with pytest.raises(StorageError, match="night"):
        store.save(CHECKPOINT)
