from __future__ import annotations

import json
from pathlib import Path

import pytest

from delta_learn.base.files import (
    CARD,
    EXAMPLES,
    FACTS,
    TOKENIZER,
    WEIGHTS,
    base_version,
    read_base,
    read_examples,
    write_base,
)
from delta_learn.errors import ModelError, StorageError
from delta_learn.registry import ModelFile

MODEL = ModelFile({"model": {"n_layer": 1}}, b"pieces", b"numbers")


def test_a_base_comes_back_as_it_was_written(tmp_path: Path) -> None:
    facts = write_base(tmp_path, MODEL, ["ls -la", "café"], {"preset": "small"}, "# Card\n")
    found = read_base(tmp_path)
    assert found == ModelFile(facts, b"pieces", b"numbers")
    assert read_examples(tmp_path) == ["ls -la", "café"]
    assert (found.meta["model"], found.meta["preset"]) == ({"n_layer": 1}, "small")
    assert found.meta["version"] == base_version(MODEL)
    assert (tmp_path / CARD).read_text() == "# Card\n"


def test_no_base_is_none(tmp_path: Path) -> None:
    assert read_base(tmp_path) is None


def test_the_version_names_weights_and_tokenizer() -> None:
    versions = {base_version(ModelFile({}, *parts)) for parts in ((b"a", b"b"), (b"c", b"b"), (b"a", b"c"))}
    assert len(versions) == 3


def test_everyone_may_read_what_is_published(tmp_path: Path) -> None:
    write_base(tmp_path, MODEL, ["ls"], {}, "")
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o644}


@pytest.mark.parametrize("name", [WEIGHTS, TOKENIZER, EXAMPLES])
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_damage_is_noticed_and_named(name: str, damage: str, tmp_path: Path) -> None:
    write_base(tmp_path, MODEL, ["ls"], {}, "")
    path, content = tmp_path / name, bytearray((tmp_path / name).read_bytes())
    content[2] ^= 1
    if damage == "remove":
        path.unlink()
    else:
        path.write_bytes(content if damage == "flip" else content[:-1])
    with pytest.raises(ModelError, match=name):
        (read_examples if name == EXAMPLES else read_base)(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"sha256": []}', '{"sha256": {}}'])
def test_facts_that_are_none_are_noticed(text: str, tmp_path: Path) -> None:
    write_base(tmp_path, MODEL, ["ls"], {}, "")
    (tmp_path / FACTS).write_text(text)
    with pytest.raises(ModelError, match="damaged"):
        read_base(tmp_path)


def test_an_interrupted_write_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_base(tmp_path, MODEL, ["ls"], {}, "")
    replace = Path.replace

    def replace_some(self: Path, target: Path) -> Path:
        if target.name == FACTS:
            raise OSError("power")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", replace_some)
    with pytest.raises(StorageError):
        write_base(tmp_path, ModelFile({}, b"new", b"newer"), [], {}, "")
    with pytest.raises(ModelError, match="damaged"):
        read_base(tmp_path)


def test_a_newer_format_is_said(tmp_path: Path) -> None:
    facts = write_base(tmp_path, MODEL, ["ls"], {}, "")
    (tmp_path / FACTS).write_text(json.dumps({**facts, "format": 99}))
    with pytest.raises(ModelError, match="newer delta_learn"):
        read_base(tmp_path)
