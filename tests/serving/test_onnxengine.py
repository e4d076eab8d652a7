"""serving/onnxengine.py: the shipped model in int8 says what it says in torch, to the error of quantisation."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from delta_learn.base.shipped import shipped_base
from delta_learn.collector.sample.generator import sample_entries
from delta_learn.model.onnx import UnsupportedModelError
from delta_learn.predictor.language import State
from delta_learn.registry import ModelFile
from delta_learn.serving.onnxengine import OnnxEngine, load_onnx
from delta_learn.serving.torchengine import TorchEngine, load_torch
from delta_learn.tokenizer.sequence import encode_context
from delta_learn.tokenizer.symbols import END
from delta_learn.tokenizer.tokenizer import Tokenizer

LINES = 150


@pytest.fixture(scope="module")
def base() -> ModelFile:
    found = shipped_base()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def engine(base: ModelFile) -> OnnxEngine:
    return load_onnx(base.meta["model"], base.weights)


@pytest.fixture(scope="module")
def reference(base: ModelFile) -> TorchEngine:
    return load_torch(base.meta["model"], base.weights)


@pytest.fixture(scope="module")
def tokenizer(base: ModelFile) -> Tokenizer:
    return Tokenizer.from_bytes(base.tokenizer)


@pytest.fixture(scope="module")
def context(tokenizer: Tokenizer) -> list[int]:
    return encode_context(sample_entries(20), "/srv", 1e9, tokenizer, 150)


@pytest.fixture(scope="module")
def lines(tokenizer: Tokenizer) -> list[list[int]]:
    commands = dict.fromkeys(entry.command for entry in sample_entries(LINES)[20:])
    return [[*tokenizer.encode(command)[:30], tokenizer.symbol(END)] for command in commands]


def scores(state: State, lines: list[list[int]]) -> NDArray[np.float32]:
    """ln P of the tokens of each line."""
    after = iter(state.after([line[:end] for line in lines for end in range(1, len(line))]))
    return np.array([state.logprobs[0, line[0]] + sum(next(after)[token] for token in line[1:]) for line in lines])


def difference(found: NDArray[np.float32], expected: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.abs(found - expected)


def test_lines_are_as_probable_as_in_torch(
    engine: OnnxEngine, reference: TorchEngine, context: list[int], lines: list[list[int]]
) -> None:
    errors = difference(scores(engine.start(context), lines), scores(reference.start(context), lines))
    assert errors.mean() < 0.1
    assert errors.max() < 0.5
    assert errors.mean() > 1e-4  # it is int8: equal numbers would mean that nothing was quantised


def test_the_next_token_is_the_same(
    engine: OnnxEngine, reference: TorchEngine, context: list[int], lines: list[list[int]]
) -> None:
    same, total = 0, 0
    for line in lines[:30]:
        states = [each.start([*context[-40:], *line[:1]]) for each in (engine, reference)]
        for token in line[1:]:
            same += states[0].logprobs.argmax() == states[1].logprobs.argmax()
            total += 1
            states = [state.extend([token], [0]) for state in states]
    assert total > 150
    assert same / total >= 0.97


def test_what_else_is_read_changes_little(base: ModelFile, context: list[int], lines: list[list[int]]) -> None:
    state = load_onnx(base.meta["model"], base.weights).start(context)
    alone = np.concatenate([scores(state, [line]) for line in lines])
    errors = difference(scores(state, lines), alone)
    assert np.median(errors) < 1e-3  # one scale for all that is read would make it .1
    assert errors.max() < 0.2  # a rounding here and there falls to the other side


def test_token_by_token_is_as_at_once(base: ModelFile, context: list[int], lines: list[list[int]]) -> None:
    for line in lines[:10]:
        state = load_onnx(base.meta["model"], base.weights).start([*context, line[0]])
        for token in line[1:-1]:
            state = state.extend([token], [0])
        at_once = load_onnx(base.meta["model"], base.weights).start([*context, *line[:-1]])
        errors = difference(state.logprobs, at_once.logprobs)
        assert np.median(errors) < 0.02


def test_a_model_that_the_runtime_cannot_run_is_refused(engine: OnnxEngine) -> None:
    with pytest.raises(UnsupportedModelError, match=r"ONNX Runtime 1\.\d+\.\d+ cannot"):
        OnnxEngine(engine.config, b"\x08\x0a not a model")
