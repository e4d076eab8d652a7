from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from delta_learn.base.files import read_base
from delta_learn.errors import ConfigError, HistoryError
from delta_learn.nightly import pretraining


def test_a_corpus_becomes_a_base(run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretraining, "BATCH_ROWS", 2)
    corpus = tmp_path / "docs.jsonl"
    rows = [{"source": "o/n:p", "license": "MIT", "kind": "doc", "cmds": [f"git log -{i}"]} for i in range(80)]
    corpus.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = ("--out", str(tmp_path / "base"), "--steps", "1", "--threads", "1", "--seed", "9")
    facts = json.loads(run("pretrain", str(corpus), *options, "--json").stdout)
    base = read_base(tmp_path / "base")
    assert base is not None
    assert base.meta == facts
    assert (facts["lineage"]["steps"], facts["lineage"]["seed"]) == (1, 9)
    shown = run("pretrain", str(corpus), *options).stdout
    assert f"{facts['version']} is in {tmp_path / 'base'}." in shown
    assert "80 commands read" in shown


def test_errors_are_ours_and_leave_nothing(run: Callable[..., Result], tmp_path: Path) -> None:
    with pytest.raises(HistoryError):
        run("pretrain", str(tmp_path / "none.jsonl"), "--out", str(tmp_path / "base"))
    with pytest.raises(ConfigError):
        run("pretrain", "x.jsonl", "--steps", "1", "--minutes", "1")
    assert not (tmp_path / "base").exists()
