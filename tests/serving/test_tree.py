"""serving/tree.py: continuations as a tree, whichever engine reads the tokens; results are those of a full pass."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from delta_learn.errors import ModelError
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.onnx import onnx_model
from delta_learn.serving.onnxengine import OnnxEngine
from delta_learn.serving.torchengine import TorchEngine
from delta_learn.serving.tree import TreeEngine

VOCAB = 30
CONFIGS = {
    "plain": DeltaModelConfig(block_size=24, vocab_size=VOCAB, n_layer=2, n_head=4, n_embed=32, dropout=0.5),
    "grouped": DeltaModelConfig(block_size=24, vocab_size=VOCAB, n_layer=2, n_head=4, n_kv_head=2, n_embed=32),
}


@pytest.fixture(params=CONFIGS.values(), ids=CONFIGS.keys())
def model(request: pytest.FixtureRequest) -> DeltaModel:
    torch.manual_seed(0)
    model = DeltaModel(request.param)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name != "embedding.weight":
                parameter.normal_(std=0.3)
    return model


@pytest.fixture(params=["torch", "onnx"])
def engine(request: pytest.FixtureRequest, model: DeltaModel) -> TreeEngine[Any]:
    if request.param == "torch":
        return TorchEngine(model)
    tensors = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    return OnnxEngine(model.config, onnx_model(model.config, tensors, quantised=False))


@pytest.fixture
def full(model: DeltaModel) -> Full:
    return Full(model)


class Full:
    """Results of one full forward pass for each row: no cache, no tree."""

    def __init__(self, model: DeltaModel) -> None:
        self.model = model.eval()

    @torch.inference_mode()
    def logprobs(self, rows: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Log-probabilities after each whole row."""
        last = [self.model(torch.tensor([list(row)]))[0, -1].log_softmax(-1) for row in rows]
        return np.asarray(torch.stack(last).numpy())


def assert_close(found: NDArray[np.float32], expected: NDArray[np.float32]) -> None:
    np.testing.assert_allclose(found, expected, atol=2e-4)


CONTEXT = [3, 1, 4, 1, 5, 9, 2, 6]


def test_a_started_row_is_the_full_forward_pass(engine: TreeEngine[Any], full: Full) -> None:
    state = engine.start(CONTEXT)
    assert state.logprobs.shape == (1, VOCAB)
    assert state.logprobs.dtype == np.float32
    assert_close(state.logprobs, full.logprobs([CONTEXT]))
    np.testing.assert_allclose(np.exp(state.logprobs).sum(-1), 1, rtol=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_any_forking_dropping_and_reordering_is_the_full_forward_pass(
    engine: TreeEngine[Any], full: Full, seed: int
) -> None:
    draw = random.Random(seed)
    rows, state = [list(CONTEXT)], engine.start(CONTEXT)
    for _ in range(8):
        chosen = [draw.randrange(len(rows)) for _ in range(draw.randint(1, 6))]
        tokens = [draw.randrange(VOCAB) for _ in chosen]
        rows = [[*rows[row], token] for row, token in zip(chosen, tokens, strict=True)]
        state = state.extend(tokens, chosen)
        assert_close(state.logprobs, full.logprobs(rows))


def test_a_state_never_changes(engine: TreeEngine[Any]) -> None:
    state = engine.start(CONTEXT).extend([7, 8], [0, 0])
    before = state.logprobs.copy()
    first = state.extend([1, 2, 3], [1, 0, 1])
    state.after([[1, 2], [3]])
    engine.start([5, 5, 5])
    second = state.extend([1, 2, 3], [1, 0, 1])
    assert np.array_equal(state.logprobs, before)
    assert np.array_equal(first.logprobs, second.logprobs)


def test_what_follows_any_paths_is_the_full_forward_pass(engine: TreeEngine[Any], full: Full) -> None:
    draw = random.Random(1)
    paths = [[draw.randrange(3) for _ in range(draw.randint(1, 9))] for _ in range(20)]
    found = engine.start(CONTEXT).after(paths)
    assert found.dtype == np.float32
    assert_close(found, full.logprobs([CONTEXT + path for path in paths]))


def test_nothing_can_be_asked_for(engine: TreeEngine[Any]) -> None:
    assert engine.start(CONTEXT).after([]).shape == (0, VOCAB)


def test_paths_go_on_from_the_first_row(engine: TreeEngine[Any], full: Full) -> None:
    state = engine.start(CONTEXT).extend([7, 8, 9], [0, 0, 0]).extend([1, 2], [2, 0])
    paths = [[4, 4, 4], [5], [4, 0]]
    assert_close(state.after(paths), full.logprobs([[*CONTEXT, 9, 1, *path] for path in paths]))


def test_what_paths_share_is_read_once(engine: TreeEngine[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    state, read, plain = engine.start(CONTEXT), [], engine.read
    monkeypatch.setattr(
        engine, "read", lambda cache, reading: (read.append(len(reading.tokens)), plain(cache, reading))[1]
    )
    state.after([[1, 2, 3], [1, 2], [1, 2, 4], [1, 2, 4], [5]])
    assert read == [5]


def test_what_two_rows_share_is_not_read_again(
    engine: TreeEngine[Any], full: Full, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    plain = engine.read
    monkeypatch.setattr(
        engine, "read", lambda cache, reading: (read.append(len(reading.tokens)), plain(cache, reading))[1]
    )
    rows = (CONTEXT, CONTEXT, [*CONTEXT, 7, 7], CONTEXT[:3], [*CONTEXT[:2], 0], [0, 1])
    logprobs = [engine.start(row).logprobs for row in rows]
    assert read == [8, 1, 2, 1, 1, 2]
    for row, found in zip(rows, logprobs, strict=True):
        assert_close(found, full.logprobs([row]))


def test_rows_may_be_as_long_as_the_model_sees(engine: TreeEngine[Any], full: Full) -> None:
    longest = engine.start([1] * 23).extend([2], [0])
    assert_close(longest.logprobs, full.logprobs([[1] * 23 + [2]]))
    assert_close(engine.start([1] * 22).after([[1, 2]]), full.logprobs([[1] * 22 + [1, 2]]))


def test_what_the_model_cannot_read_is_refused(engine: TreeEngine[Any]) -> None:
    for ids in ([], [1] * 25):
        with pytest.raises(ModelError, match="1 to 24"):
            engine.start(ids)
    with pytest.raises(ModelError, match="25"):
        engine.start([1] * 24).extend([1], [0])
    with pytest.raises(ModelError, match="25"):
        engine.start([1] * 23).after([[1], [1, 2]])
    state = engine.start(CONTEXT)
    for tokens, rows in (([], []), ([1, 2], [0])):
        with pytest.raises(ModelError, match="one token for each"):
            state.extend(tokens, rows)
    with pytest.raises(ModelError, match="empty"):
        state.after([[1], []])
