"""model/onnx.py: the same numbers as gpt.py, whatever the configuration; quantised, numbers near them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.onnx import BLOCK, UnsupportedModelError, cache_names, onnx_model, quantise, tensor_shapes

Floats = NDArray[np.float32]

SMALL: dict[str, Any] = {"block_size": 24, "vocab_size": 30, "n_layer": 2, "n_head": 4, "n_embed": 32}
CONFIGS = {
    "plain": DeltaModelConfig(**SMALL),
    "grouped": DeltaModelConfig(**SMALL, n_kv_head=2),
    "biased": DeltaModelConfig(**SMALL, bias=True),
    "other sizes": DeltaModelConfig(**{**SMALL, "n_embed": 72, "n_layer": 3}, rope_theta=100.0, mlp_ratio=3),
}
IDS = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]


@pytest.fixture(params=CONFIGS.values(), ids=CONFIGS.keys())
def model(request: pytest.FixtureRequest) -> DeltaModel:
    torch.manual_seed(0)
    model = DeltaModel(request.param).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name != "embedding.weight":
                parameter.normal_(std=0.2)
    return model


def tensors(model: DeltaModel) -> dict[str, Floats]:
    return {name: tensor.numpy() for name, tensor in model.state_dict().items()}


@torch.inference_mode()
def reference(model: DeltaModel, ids: list[int]) -> Floats:
    return np.asarray(model(torch.tensor([ids]))[0].log_softmax(-1).numpy())


class Session:
    """The ONNX model of a DeltaModel, run as a row."""

    def __init__(self, model: DeltaModel, monkeypatch: pytest.MonkeyPatch, *, quantised: bool) -> None:
        monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "1")
        import onnxruntime

        data = onnx_model(model.config, tensors(model), quantised=quantised)
        self.config, self.names = model.config, cache_names(model.config)
        self.session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])

    def run(self, ids: list[int], past: list[Floats] | None = None) -> tuple[Floats, list[Floats]]:
        """Log-probabilities after each id (T, vocab_size), and the cache."""
        if past is None:
            past = [np.empty((1, self.config.kv_heads, 0, self.config.head_dim), np.float32)] * len(self.names)
        known, new = past[0].shape[2], len(ids)
        inputs = {
            "ids": np.array([ids]),
            "positions": np.arange(known, known + new)[None],
            "columns": np.arange(known),
            "sees": np.tri(new, known + new, known, dtype=np.bool_),
            "wanted": np.arange(new),
            **{f"past.{name}": part for name, part in zip(self.names, past, strict=True)},
        }
        logprobs, *present = self.session.run(["logprobs", *(f"present.{name}" for name in self.names)], inputs)
        return logprobs[0], present


def test_not_quantised_it_gives_the_same_numbers(model: DeltaModel, monkeypatch: pytest.MonkeyPatch) -> None:
    found, cache = Session(model, monkeypatch, quantised=False).run(IDS)
    np.testing.assert_allclose(found, reference(model, IDS), atol=1e-4)
    assert [part.shape for part in cache] == [(1, model.config.kv_heads, len(IDS), model.config.head_dim)] * (
        2 * model.config.n_layer
    )


@pytest.mark.parametrize("quantised", [False, True])
def test_with_a_cache_it_gives_the_same_numbers(
    model: DeltaModel, monkeypatch: pytest.MonkeyPatch, quantised: bool
) -> None:
    session = Session(model, monkeypatch, quantised=quantised)
    whole, _ = session.run(IDS)
    first, cache = session.run(IDS[:5])
    second, cache = session.run(IDS[5:6], cache)
    third, _ = session.run(IDS[6:], cache)
    np.testing.assert_allclose(np.concatenate((first, second, third)), whole, atol=1e-4)


def test_quantised_it_gives_numbers_near_them(model: DeltaModel, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = reference(model, IDS)
    errors = np.abs(Session(model, monkeypatch, quantised=True).run(IDS)[0] - expected)
    assert errors.mean() < 0.02 * (expected.max() - expected.min())
    assert errors.mean() > 1e-4  # it is quantised


def test_quantised_it_is_a_quarter_of_the_size() -> None:
    torch.manual_seed(0)
    model = DeltaModel(DeltaModelConfig(vocab_size=64, n_layer=1, n_head=4, n_embed=256))
    sizes = [len(onnx_model(model.config, tensors(model), quantised=each)) for each in (False, True)]
    assert 0.25 < sizes[1] / sizes[0] < 0.32


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())
def test_the_tensors_that_are_written_are_those_of_the_model(config: DeltaModelConfig) -> None:
    names = {name: tuple(tensor.shape) for name, tensor in DeltaModel(config).state_dict().items()}
    assert tensor_shapes(config) == names


def test_another_model_is_not_written() -> None:
    model = DeltaModel(CONFIGS["plain"])
    known = tensors(model)
    extra = {**known, "blocks.0.mlp.router.weight": np.zeros((4, 32), np.float32)}
    missing = {name: tensor for name, tensor in known.items() if name != "blocks.1.mlp.up.weight"}
    other = {**known, "embedding.weight": np.zeros((31, 32), np.float32)}
    for wrong, name in ((extra, "mlp.router"), (missing, r"1\.mlp\.up"), (other, "embedding")):
        with pytest.raises(UnsupportedModelError, match=name):
            onnx_model(model.config, wrong)


weights = arrays(
    np.float32,
    st.tuples(st.integers(1, 4), st.integers(1, 3 * BLOCK)),
    elements=st.floats(-1e3, 1e3, width=32).map(lambda x: 0.0 if abs(x) < 1e-20 else x),
)


@given(weights)
def test_quantised_weights_are_within_half_a_step(weight: Floats) -> None:
    numbers, scales = quantise(weight)
    back = ((numbers.astype(np.float32) - 128) * scales[..., None]).reshape(len(weight), -1)
    steps = np.repeat(scales, BLOCK, axis=1)
    columns = weight.shape[1]
    assert (np.abs(back[:, :columns] - weight) <= 0.5001 * steps[:, :columns]).all()
    assert (back[:, columns:] == 0).all()
    assert ((numbers >= 1) & (scales > 0).all()).all()
