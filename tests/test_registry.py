"""registry.py: versions, deploy, rollback, verify."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from delta_learn.errors import DamagedFileError, ModelError, StorageError, WrongKeyError
from delta_learn.paths import Paths
from delta_learn.registry import FORMAT, InUse, ModelFile, ModelRecord, Registry
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


def whole(model: ModelFile) -> ModelFile:
    return model


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
    assert again(registry).in_use(whole) == InUse(None, None)
    assert not registry.paths.latest_model.is_symlink()


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
    damage(registry, "m2")
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


@pytest.mark.parametrize("wrong", ["m2.bin", None, "no link"])
def test_the_link_decides_nothing_and_the_next_change_mends_it(registry: Registry, wrong: str | None) -> None:
    add(registry, "m1", "m2")
    registry.deploy("m1")
    link = registry.paths.latest_model
    link.unlink()
    if wrong == "no link":
        link.write_bytes(b"something")
    elif wrong:
        link.symlink_to(wrong)
    assert again(registry).in_use(whole) == InUse("m1", FILE)
    again(registry).prune(keep=7)
    assert link.readlink() == Path("m1.bin")


def damage(registry: Registry, version: str) -> None:
    path = registry.path(version)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def newer(registry: Registry, version: str) -> None:
    """A later delta_learn wrote it, which keeps other things in it."""
    path = registry.path(version)
    with BlockWriter.create(path, kind="model", label=version, keyring=registry.keyring) as writer:
        writer.write([{"format": FORMAT + 1}])


def exchange(registry: Registry, version: str) -> None:
    """A good model of another name lies there."""
    registry.path(version).write_bytes(registry.path("m0").read_bytes())


def cut(registry: Registry, version: str) -> None:
    registry.path(version).write_bytes(registry.path(version).read_bytes()[:-100])


def remove(registry: Registry, version: str) -> None:
    registry.path(version).unlink()


@pytest.mark.parametrize("spoil", [damage, newer, exchange, cut, remove])
def test_what_cannot_be_used_is_refused_and_the_next_older_good_one_predicts(
    registry: Registry, spoil: Callable[[Registry, str], None]
) -> None:
    add(registry, "m0", "m1", "m2", "m3", "m4")
    for version in ("m1", "m2", "m3"):
        registry.deploy(version)
    spoil(registry, "m3")
    found = again(registry).in_use(whole)
    assert (found.version, found.model) == ("m2", FILE)
    assert found.problem is not None and "m3.bin" in found.problem and found.problem.endswith("Until then m2 predicts.")
    spoil(registry, "m2")
    found = again(registry).in_use(whole)
    assert found.version == "m1"
    assert "Neither can 1 deployed before it" in (found.problem or "")
    spoil(registry, "m1")
    found = again(registry).in_use(whole)
    assert (found.version, found.model) == (None, None), "m0 and m4 were never deployed"
    assert (found.problem or "").endswith("predictions come from your history alone.")
    assert (found.problem or "").count("\n") == 0


def test_a_model_that_does_not_fit_is_refused_like_a_damaged_one(registry: Registry) -> None:
    add(registry, "m1", "m2")
    registry.deploy("m1")
    registry.deploy("m2")
    seen = []

    def use(model: ModelFile) -> int:
        seen.append(model)
        if len(seen) == 1:
            raise ModelError("It does not fit.")
        return 7

    assert registry.in_use(use) == InUse("m1", 7, ("It does not fit.",))


def test_a_model_in_use_is_no_problem(registry: Registry) -> None:
    add(registry, "m1")
    registry.deploy("m1")
    assert registry.in_use(whole).problem is None


def test_rollback_passes_over_what_is_damaged(registry: Registry) -> None:
    add(registry, "m1", "m2", "m3")
    for version in ("m1", "m2", "m3"):
        registry.deploy(version)
    damage(registry, "m2")
    assert registry.rollback() == "m1"
    assert again(registry).history == [None]
    registry.deploy("m3")
    damage(registry, "m1")
    assert registry.rollback() is None


def test_a_challenger_stays_until_the_test_is_settled_or_another_is_deployed(registry: Registry) -> None:
    add(registry, "m1", "m2", "m3")
    registry.deploy("m1")
    registry.challenge("m2")
    assert again(registry).challenger == "m2"
    again(registry).settle({"outcome": "worse"}, deploy=False)
    assert (again(registry).challenger, again(registry).deployed) == (None, "m1")
    assert again(registry).find("m2").trial == {"outcome": "worse"}
    registry.challenge("m3")
    again(registry).settle({"outcome": "better"}, deploy=True)
    assert (again(registry).challenger, again(registry).deployed) == (None, "m3")
    assert again(registry).history == [None, "m1"]
    assert again(registry).rollback() == "m1"
    registry = again(registry)
    registry.challenge("m2")
    registry.deploy("m1")
    assert again(registry).challenger == "m2", "it was deployed already"
    registry.deploy("m3")
    assert again(registry).challenger is None
    with pytest.raises(ModelError, match="against itself"):
        registry.challenge("m3")


def test_a_damaged_challenger_is_not_tried(registry: Registry) -> None:
    add(registry, "m1")
    damage(registry, "m1")
    with pytest.raises(DamagedFileError):
        registry.challenge("m1")


def test_a_registry_of_before_there_were_challengers_is_read(registry: Registry) -> None:
    add(registry, "m1")
    data = json.loads(registry.paths.registry.read_text())
    del data["challenger"], data["models"][0]["trial"]
    registry.paths.registry.write_text(json.dumps(data))
    assert again(registry).models[0].version == "m1"


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


def test_prune_removes_what_was_never_deployed_first_and_never_the_challenger(registry: Registry) -> None:
    add(registry, *(f"m{i}" for i in range(8)))
    for version in ("m0", "m1", "m2"):
        registry.deploy(version)
    registry.challenge("m3")
    assert registry.prune(keep=5) == ["m4", "m5", "m6"]
    assert registry.prune(keep=1) == ["m0"]
    assert [m.version for m in again(registry).models] == ["m1", "m2", "m3", "m7"]
    assert again(registry).history == [None, "m1"]


def test_prune_sweeps_what_no_record_names_and_leaves_what_is_not_ours(registry: Registry, tmp_path: Path) -> None:
    add(registry, "delta_model_1", "delta_model_2", "delta_model_3")
    registry.models = registry.models[:1]  # of the others no record was written: their writer was killed
    registry.deploy("delta_model_1")
    models = registry.paths.models
    other = Registry(registry.paths, Keyring.load_or_create(private_directory(tmp_path / "other") / "key"))
    with BlockWriter.create(models / "delta_model_9.bin", kind="model", label="delta_model_9", keyring=other.keyring):
        pass
    (models / ".delta_model_4.bin.tmp").write_bytes(b"half")
    (models / "delta_model_latest.new").symlink_to("delta_model_2.bin")
    (models / "notes.bin").write_bytes(b"mine")
    assert again(registry).prune(keep=7) == []
    left = {path.name for path in models.iterdir()}
    assert left == {"delta_model_1.bin", "delta_model_latest.bin", "delta_model_9.bin", "notes.bin"}


def test_versions_of_one_day_get_numbers(registry: Registry) -> None:
    for expected in ("delta_model_2026-11-22", "delta_model_2026-11-22-2", "delta_model_2026-11-22-3"):
        assert registry.new_version("2026-11-22") == expected
        add(registry, expected)


def test_a_damaged_registry_is_said_with_its_path(registry: Registry) -> None:
    add(registry, "m1")
    registry.paths.registry.write_text("{")
    with pytest.raises(StorageError, match=r"registry\.json is damaged"):
        again(registry)
