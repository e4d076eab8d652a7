"""nightly/trial.py: who takes part in a replay of a file, and what it refuses."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from delta_learn.config import Config, ServeConfig
from delta_learn.entry import Session
from delta_learn.errors import ConfigError, ModelError
from delta_learn.nightly import trial
from delta_learn.nightly.trial import PREDICTORS, run_trial
from delta_learn.predictor.neural import NeuralExpert
from delta_learn.registry import ModelFile

BASE = ModelFile({"model": {}}, b"", b"")


@pytest.fixture
def history(tmp_path: Path) -> Callable[..., Path]:
    """Writes a history of `n` commands in sessions of ten."""

    def write(n: int = 60) -> Path:
        chance = random.Random(1)
        lines = [chance.choice(["git status", "git push", "make test", "ls"]) for _ in range(n)]
        file = tmp_path / "history.jsonl"
        file.write_text(
            "".join(
                json.dumps({"cmd": line, "session": f"s{number // 10}", "ts": 1e9 + number}) + "\n"
                for number, line in enumerate(lines)
            )
        )
        return file

    return write


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch, neural: NeuralExpert) -> list[ModelFile]:
    """The package carries a base model; the list holds every model that was loaded."""
    loaded: list[ModelFile] = []

    def load(model: ModelFile, engine: str) -> NeuralExpert:
        assert engine == "auto"
        loaded.append(model)
        return neural

    monkeypatch.setattr(trial, "shipped_base", lambda: BASE)
    monkeypatch.setattr(trial, "neural_expert", load)
    return loaded


def test_experts_and_baselines_together_in_the_order_asked(history: Callable[..., Path]) -> None:
    told = run_trial(history(), methods=["autosuggest", "history", "delta"]).to_json()
    assert list(told["methods"]) == ["autosuggest", "history", "delta"]
    assert list(told["differences"]) == ["delta-vs-autosuggest", "delta-vs-history"]
    assert told["methods"]["history"]["shares"] == {"history": 1.0}
    assert told["methods"]["autosuggest"]["ece"] is None
    assert 0 <= told["methods"]["delta"]["ece"]["all"] <= 1
    assert told["xz"]["bits_per_byte"] > 0
    json.dumps(told, allow_nan=False)


def test_the_base_takes_part_when_asked(history: Callable[..., Path], shipped: list[ModelFile]) -> None:
    told = run_trial(history(), methods=["delta", "neural"], base=True).to_json()["methods"]
    assert shipped == [BASE]
    assert told["neural"]["shares"] == {"neural": 1.0}
    # The model composes, so every line has a probability.
    assert told["neural"]["bits_per_byte"] > 0 and told["delta"]["bits_per_byte"] > 0


@pytest.mark.parametrize("default", [False, True])
def test_the_default_is_one_constant(
    history: Callable[..., Path], shipped: list[ModelFile], monkeypatch: pytest.MonkeyPatch, default: bool
) -> None:
    monkeypatch.setattr(trial, "BASE_BY_DEFAULT", default)
    run_trial(history(), methods=["delta"])
    assert bool(shipped) is default
    run_trial(history(), methods=["delta"], base=False)
    run_trial(history(), methods=["history", "autosuggest"], base=True)  # nobody would ask it
    assert len(shipped) == int(default)


def test_a_base_that_is_asked_for_and_missing_is_an_error(
    history: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "shipped_base", lambda: None)
    monkeypatch.setattr(trial, "BASE_BY_DEFAULT", True)
    with pytest.raises(ModelError, match="--base"):
        run_trial(history(), methods=["delta"], base=True)
    assert run_trial(history(), methods=["delta"]).first == 15


def test_training_starts_from_the_base_unless_it_is_refused(
    history: Callable[..., Path], shipped: list[ModelFile], monkeypatch: pytest.MonkeyPatch, neural: NeuralExpert
) -> None:
    starts: list[tuple[int, ModelFile | None]] = []

    def prepare(sessions: Sequence[Session], config: Config, base: ModelFile | None) -> None:
        starts.append((sum(map(len, sessions)), base))

    monkeypatch.setattr(trial, "prepare", prepare)
    monkeypatch.setattr(trial, "train", lambda lesson, config, base, on_progress: SimpleNamespace(file=base))
    monkeypatch.setattr(trial, "base_for", lambda config: BASE)
    for base in (None, False):
        assert run_trial(history(600), methods=["neural"], train_at=0.6, base=base).first == 360
    assert starts == [(360, BASE), (360, None)]


def test_the_engine_is_that_of_the_settings(
    history: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, neural: NeuralExpert
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(trial, "shipped_base", lambda: BASE)
    monkeypatch.setattr(trial, "prepare", lambda *_: None)
    monkeypatch.setattr(trial, "train", lambda *_, base, on_progress: SimpleNamespace(file=base))
    monkeypatch.setattr(trial, "neural_expert", lambda model, engine: asked.append(engine) or neural)
    config = Config(serve=ServeConfig(engine="torch"))
    run_trial(history(600), methods=["neural"], base=True, train_at=0.6, config=config)
    assert asked == ["torch", "torch"]


def test_each_session_is_replayed_from_nothing(history: Callable[..., Path]) -> None:
    each = run_trial(history(), methods=["ipam-0.8"], each_session=True)
    assert (len(each.result), each.first) == (60, 0)
    assert each.result.commands.sessions.tolist() == [number // 10 for number in range(60)]
    hits = each.result.methods["ipam-0.8"].hit5.reshape(6, 10)
    assert not hits[:, 0].any() and hits[:, 9].any()
    assert len(run_trial(history(), methods=["ipam-0.8"], each_session=True, limit=15).result) == 15


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"methods": ["neural"]}, "--train-at"),
        ({"methods": ["delta"], "each_session": True, "train_at": 0.5}, "--each-session"),
        ({"methods": ["histroy"]}, "did you mean 'history'"),
        ({"methods": ["zzz"]}, ", ".join(PREDICTORS)),
    ],
)
def test_settings_that_cannot_be_are_refused(
    history: Callable[..., Path], settings: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ConfigError, match=reason):
        run_trial(history(), **settings)
