from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from delta_learn.base.files import CARD, read_base
from delta_learn.errors import ConfigError
from delta_learn.nightly import pretraining
from delta_learn.nightly.pretraining import Recipe, pretrain


@pytest.fixture
def corpus_file(tmp_path: Path) -> Path:
    path = tmp_path / "docs.jsonl"
    rows = [
        {"source": "o/tool:p", "license": "MIT", "kind": "doc", "cmds": [f"git log -{i}", f"git show {i}", "ls"]}
        for i in range(60)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    path.with_name("README.md").write_text("## Attribution\n- tool, CC BY 4.0, changed\n")
    path.with_name("SOURCES.tsv").write_text("repository\tcommit\tlicence\tcopyright\no/tool\tabc\tMIT\t(c) O|N\n")
    return path


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretraining, "BATCH_ROWS", 2)


def run(corpus_file: Path, out: Path, **recipe: Any) -> dict[str, Any]:
    return pretrain([corpus_file], out, Recipe(**{"steps": 2, "threads": 1, **recipe}))


def test_the_same_recipe_writes_the_same_files(corpus_file: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        run(corpus_file, tmp_path / name)
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / n).iterdir()} for n in ("one", "two"))
    assert one == two
    assert len(one) == 5


def test_the_command_on_the_card_makes_it_again(corpus_file: Path, tmp_path: Path) -> None:
    """A length in epochs is said in steps."""
    by_epochs = run(corpus_file, tmp_path / "epochs", steps=None, epochs=1, seed=3)
    steps = by_epochs["lineage"]["steps"]
    card = (tmp_path / "epochs" / CARD).read_text()
    assert f"delta-learn pretrain docs.jsonl --preset small --steps {steps} --seed 3 --threads 1" in card
    assert run(corpus_file, tmp_path / "steps", steps=steps, seed=3)["version"] == by_epochs["version"]


def test_what_is_known_is_written_with_the_model(corpus_file: Path, tmp_path: Path) -> None:
    said: list[str] = []
    facts = pretrain([corpus_file], tmp_path / "out", Recipe(steps=2, threads=1), say=said.append)
    base = read_base(tmp_path / "out")
    assert base is not None
    assert base.meta == facts
    assert facts["lineage"]["commands"]["read"] == 180
    assert facts["lineage"]["seed"] == 1337
    (row,) = facts["bits_per_byte"]
    assert (row["file"], row["kind"]) == ("docs", "doc")
    assert "180 commands read" in said[0]
    card = (tmp_path / "out" / CARD).read_text()
    assert f"{row['bits_per_byte']:.3f} |" in card
    assert "- tool, CC BY 4.0, changed" in card
    assert "| o/tool | MIT |" in card
    assert "(c) O\\|N |" in card


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"preset": "huge"}, "huge"),
        ({"steps": 5, "minutes": 1.0}, "not both"),
        ({"steps": 0}, "--steps"),
        ({"minutes": -1.0}, "--minutes"),
        ({"epochs": 0}, "--epochs"),
        ({"threads": 0}, "--threads"),
    ],
)
def test_recipes_that_cannot_be(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Recipe(**wrong)
