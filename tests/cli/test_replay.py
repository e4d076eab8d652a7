"""cli/replay.py: the table, and the options that reach the replay."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from delta_learn.errors import ConfigError, ModelError

Run = Callable[..., Result]


@pytest.fixture
def history(tmp_path: Path) -> str:
    file = tmp_path / "history.jsonl"
    lines = ["git status", "git push", "make test", "git status", "vim notes.txt"] * 12
    records = ({"cmd": line, "session": f"s{number // 20}"} for number, line in enumerate(lines))
    file.write_text("\n".join(map(json.dumps, records)))
    return str(file)


def test_the_table_has_a_row_for_each_method_and_what_its_keys_come_from(run: Run, history: str) -> None:
    lines = run("replay", history, "--methods", "history,autosuggest").stdout.splitlines()
    assert lines[0] == "60 commands, scored from number 16 on."
    assert lines[1] == "45 commands scored:"
    rows = {line.split("  ")[0]: line.split() for line in lines}
    assert [rows["autosuggest"][1], rows["autosuggest"][-3]] == ["0.000", "-"]  # no hits, no bits
    assert float(rows["(xz of the past)"][-1]) > 0
    begin = next(number for number, line in enumerate(lines) if "by expert" in line)
    details = lines[begin + 1 : begin + 4]
    assert details[0].split()[:2] == ["method", "from"]
    assert details[2].split()[:3] == ["history", "history", "1.00"]


def test_every_session_from_nothing(run: Run, history: str) -> None:
    told = json.loads(run("replay", history, "--methods", "ipam-0.8", "--each-session", "--json").stdout)
    assert told["methods"]["ipam-0.8"]["n"] == 60
    # In each of three sessions four lines are new.
    assert told["methods"]["ipam-0.8"]["hit@5"] == pytest.approx((60 - 3 * 4) / 60)


def test_a_model_must_come_from_somewhere(run: Run, history: str) -> None:
    with pytest.raises(ConfigError, match="--train-at"):
        run("replay", history, "--methods", "neural", "--no-base")


def test_the_base_is_asked_for(run: Run, history: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("delta_learn.nightly.trial.shipped_base", lambda: None)
    with pytest.raises(ModelError, match="--base"):
        run("replay", history, "--methods", "delta", "--base")


def test_the_engine_is_chosen(run: Run, history: str) -> None:
    told = [
        json.loads(
            run("replay", history, "--methods", "neural", "--base", "--limit", "3", "--engine", e, "--json").stdout
        )
        for e in ("onnx", "torch")
    ]
    onnx, torch = (each["methods"]["neural"]["bits_per_byte"] for each in told)
    assert onnx != torch
    assert onnx == pytest.approx(torch, rel=0.05)
    with pytest.raises(ConfigError, match="auto or onnx or torch"):
        run("replay", history, "--engine", "jax")
