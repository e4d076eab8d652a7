"""registry.py: versions, deploy, rollback, verify."""

from __future__ import annotations

from pathlib import Path

import pytest

from delta_learn.errors import DamagedFileError, ModelError, StorageError, WrongKeyError
from delta_learn.paths import Paths
from delta_learn.registry import FORMAT, ModelFile, ModelRecord, Registry
from delta_learn.storage.atomic import private_directory
from delta_learn.storage.blockfile import BlockWriter
from delta_learn.storage.seal import Keyring

FILE = ModelFile({"model": {"n_layer": 1}, "format": FORMAT}, b"tokenizer", bytes(range(256)) * 9000)


@pytest.fixture
def registry(paths: Paths) -> Registry:
    for directory in (paths.models, paths.state):
        private_directory(directory)
    return Registry(paths, Keyring.load_or_create(paths.key))


def add(registry: Registry, *versions: str) -> None:
    for number, version in enumerate(versions):
        registry.save_model(ModelRecord(version, created=float(number)), FILE)


def again(registry: Registry) -> Registry:
    return Registry(registry.paths, registry.keyring)


def test_a_model_file_comes_back_whole(registry: Registry) -> None:
    add(registry, "m1")
    assert again(registry).load_model("m1") == FILE


def test_deploy_and_rollback_are_remembered(registry: Registry) -> None:
    add(registry, "m1", "m2")
    registry.deploy("m1")
    registry.deploy("m2")
    assert registry.paths.latest_model.resolve().name == "m2.bin"
    assert again(registry).rollback() == "m1"
    assert again(registry).deployed == "m1"
    assert registry.paths.latest_model.resolve().name == "m1.bin"
    assert again(registry).rollback() is None
    assert again(registry).load_deployed() is None
    assert not registry.paths.latest_model.exists()


def test_nothing_to_roll_back_to_is_said(registry: Registry) -> None:
    with pytest.raises(ModelError, match="no earlier deployment"):
        registry.rollback()


def test_an_unknown_version_names_the_known_ones(registry: Registry) -> None:
    add(registry, "m1")
    with pytest.raises(ModelError, match="known: m1"):
        registry.deploy("m9")


def test_a_damaged_model_is_not_deployed(registry: Registry) -> None:
    add(registry, "m1", "m2")
    registry.deploy("m1")
    path = registry.path("m2")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(DamagedFileError, match=r"m2\.bin"):
        registry.deploy("m2")
    assert again(registry).deployed == "m1"
    assert registry.verify()["m1"] == "ok"
    assert "m2.bin" in registry.verify()["m2"]


def test_swapped_model_files_are_noticed(registry: Registry) -> None:
    add(registry, "m1", "m2")
    registry.path("m1").rename(registry.path("m2"))
    with pytest.raises(DamagedFileError, match=r"m2\.bin"):
        registry.load_model("m2")


def test_a_link_to_another_model_than_the_deployed_is_noticed(registry: Registry) -> None:
    add(registry, "m1", "m2")
    registry.deploy("m1")
    registry.paths.latest_model.unlink()
    registry.paths.latest_model.symlink_to("m2.bin")
    with pytest.raises(ModelError, match="models deploy m1"):
        registry.load_deployed()


def test_another_key_is_named_as_the_cause(registry: Registry, tmp_path: Path) -> None:
    add(registry, "m1")
    other = Registry(registry.paths, Keyring.load_or_create(private_directory(tmp_path / "other") / "key"))
    with pytest.raises(WrongKeyError, match=r"m1\.bin"):
        other.load_model("m1")


def test_a_newer_format_is_refused(registry: Registry) -> None:
    with BlockWriter.create(registry.path("m1"), kind="model", label="m1", keyring=registry.keyring) as writer:
        writer.write([{"format": FORMAT + 1}, b""])
    with pytest.raises(ModelError, match="newer delta_learn"):
        registry.load_model("m1")


def test_prune_keeps_the_deployed_the_one_before_and_the_newest(registry: Registry) -> None:
    add(registry, *(f"m{i}" for i in range(6)))
    registry.deploy("m0")
    registry.deploy("m1")
    assert registry.prune(keep=3) == ["m2", "m3", "m4"]
    assert [m.version for m in again(registry).models] == ["m0", "m1", "m5"]
    assert sorted(p.name for p in registry.paths.models.glob("m*.bin")) == ["m0.bin", "m1.bin", "m5.bin"]


def test_versions_of_one_day_get_numbers(registry: Registry) -> None:
    for expected in ("delta_model_2026-11-22", "delta_model_2026-11-22-2", "delta_model_2026-11-22-3"):
        assert registry.new_version("2026-11-22") == expected
        add(registry, expected)


def test_a_damaged_registry_is_said_with_its_path(registry: Registry) -> None:
    add(registry, "m1")
    registry.paths.registry.write_text("{")
    with pytest.raises(StorageError, match=r"registry\.json is damaged"):
        again(registry)
