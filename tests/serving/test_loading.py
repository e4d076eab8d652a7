"""serving/loading.py: which engine runs a model, and what a process that only predicts imports and leaves behind."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from delta_learn.base.shipped import shipped_base
from delta_learn.collector.store import Store
from delta_learn.config import Config
from delta_learn.errors import ConfigError, MissingDependencyError, ModelError
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.weights import weights_to_bytes
from delta_learn.paths import Paths
from delta_learn.registry import ModelFile, ModelRecord, Registry
from delta_learn.serving import loading
from delta_learn.serving.loading import load_engine
from delta_learn.serving.onnxengine import OnnxEngine
from delta_learn.serving.prediction import deployed_expert
from delta_learn.serving.torchengine import TorchEngine

CONFIG = DeltaModelConfig(block_size=24, vocab_size=30, n_layer=1, n_head=2, n_embed=32)


@pytest.fixture
def weights() -> bytes:
    torch.manual_seed(0)
    return weights_to_bytes(DeltaModel(CONFIG))


def without(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    """As if these could not be imported."""
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)


def test_onnx_runtime_runs_it_where_nothing_else_is_said(weights: bytes) -> None:
    assert isinstance(load_engine(CONFIG.to_dict(), weights), OnnxEngine)
    assert isinstance(load_engine(CONFIG.to_dict(), weights, "onnx"), OnnxEngine)
    assert isinstance(load_engine(CONFIG.to_dict(), weights, "torch"), TorchEngine)


def test_without_onnx_runtime_torch_runs_it(weights: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "onnxruntime")
    assert isinstance(load_engine(CONFIG.to_dict(), weights), TorchEngine)
    with pytest.raises(MissingDependencyError, match=r"ONNX Runtime.*delta-learn\[train\]"):
        load_engine(CONFIG.to_dict(), weights, "onnx")


def test_without_either_the_extra_is_named(weights: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "onnxruntime", "delta_learn.serving.torchengine")
    for engine in ("auto", "torch"):
        with pytest.raises(MissingDependencyError, match=r"torch.*delta-learn\[train\]"):
            load_engine(CONFIG.to_dict(), weights, engine)


def test_what_onnx_cannot_express_is_torchs(
    weights: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked = []
    monkeypatch.setattr(loading, "_in_torch", lambda config, weights: asked.append(config))
    larger = {**CONFIG.to_dict(), "n_layer": 2}
    with caplog.at_level(logging.INFO):
        load_engine(larger, weights)
    assert asked == [larger]
    assert [record.message for record in caplog.records] == [
        "ONNX cannot express the model's blocks.1.attention.key.weight. It runs in torch."
    ]
    with pytest.raises(ModelError, match="cannot express"):
        load_engine(larger, weights, "onnx")


def test_weights_of_another_model_and_damaged_ones_are_refused(weights: bytes) -> None:
    for engine in ("auto", "torch"):
        with pytest.raises(ModelError, match="another model's"):
            load_engine({**CONFIG.to_dict(), "n_layer": 2}, weights, engine)
    for engine in ("auto", "onnx", "torch"):
        with pytest.raises(ModelError, match="damaged"):
            load_engine(CONFIG.to_dict(), weights[:-7], engine)
        with pytest.raises(ModelError, match="does not know"):
            load_engine({**CONFIG.to_dict(), "n_expert": 4}, weights, engine)


@pytest.fixture
def deployed(paths: Paths) -> ModelFile:
    """The base as this person's model: sealed, listed, deployed."""
    base = shipped_base()
    assert base is not None
    store = Store.open(paths)
    registry = Registry(store.paths, store.keyring)
    registry.save_model(ModelRecord("delta_model_2026-11-22", 1.0), base)
    registry.deploy("delta_model_2026-11-22")
    return base


def test_the_setting_chooses(paths: Paths, deployed: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("delta_learn.serving.prediction.neural_expert", lambda model, engine: asked.append(engine))
    deployed_expert(Store.open(paths))
    paths.config.write_text(json.dumps({"serve": {"engine": "torch"}}))
    deployed_expert(Store.open(paths))
    assert asked == ["auto", "torch"]
    paths.config.write_text(json.dumps({"serve": {"engine": "jax"}}))
    with pytest.raises(ConfigError, match="auto or onnx or torch"):
        Config.load(paths.config)


PREDICT = """
import sys
from delta_learn.collector.store import Store
from delta_learn.paths import Paths
from delta_learn.predictor.context import Context
from delta_learn.serving.chores import Chores
assert not {"torch", "onnxruntime"} & sys.modules.keys(), "imported before a model is wanted"
from delta_learn.serving.prediction import deployed_expert
expert, version = deployed_expert(Store.open(Paths.from_environment()))
print(version, expert.propose("git ", Context(), 1)[0][0])
assert "onnxruntime" in sys.modules
assert "torch" not in sys.modules
"""


def test_a_process_that_predicts_does_without_torch_and_leaves_nothing_behind(
    deployed: ModelFile, home: Path, tmp_path: Path
) -> None:
    before = set(tmp_path.rglob("*"))
    run = subprocess.run([sys.executable, "-c", PREDICT], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("delta_model_2026-11-22 git ")
    assert set(tmp_path.rglob("*")) - before == set()  # no weights in the clear, no identifier of another's


def test_onnx_runtime_is_told_to_tell_nothing(deployed: ModelFile) -> None:
    told = f"{PREDICT}\nimport os\nassert os.environ['ORT_DISABLE_TELEMETRY'] == '1'"
    watch = "import os, sys\n" + (
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        assert name != 'onnxruntime' or os.environ.get('ORT_DISABLE_TELEMETRY') == '1'\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    run = subprocess.run([sys.executable, "-c", watch + told], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
