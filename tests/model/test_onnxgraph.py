"""model/onnxgraph.py: what is written is what ONNX Runtime reads."""

from __future__ import annotations

import numpy as np
import pytest

from delta_learn.model.onnxgraph import FLOAT32, OnnxGraph


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "1")


def run(graph: OnnxGraph, **inputs: object) -> list[np.ndarray]:
    import onnxruntime

    session = onnxruntime.InferenceSession(graph.to_bytes(), providers=["CPUExecutionProvider"])
    results: list[np.ndarray] = session.run(None, inputs)
    return results


def test_inputs_constants_nodes_and_outputs() -> None:
    graph = OnnxGraph()
    x = graph.input("x", "float32", ("rows", 2))
    [y] = graph.node("MatMul", [x, graph.constant(np.array([[1, 2, 3], [4, 5, 6]], np.float32))])
    graph.output(y, "y", "float32", ("rows", 3))
    [found] = run(graph, x=np.array([[1, 0], [0, 1], [1, 1]], np.float32))
    np.testing.assert_array_equal(found, [[1, 2, 3], [4, 5, 6], [5, 7, 9]])


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.uint8, np.int64, np.bool_])
def test_constants_of_every_kind(dtype: type[np.generic]) -> None:
    values = np.arange(300).reshape(3, 100).astype(dtype)
    graph = OnnxGraph()
    rows = graph.input("rows", "int64", ("n",))
    [picked] = graph.node("Gather", [graph.constant(values), rows], axis=0)
    graph.output(picked, "picked", values.dtype.name, ("n", 100))
    [found] = run(graph, rows=np.array([2, 0]))
    assert found.dtype == values.dtype
    np.testing.assert_array_equal(found, values[[2, 0]])


def test_attributes_of_every_kind_and_several_outputs() -> None:
    graph = OnnxGraph()
    x = graph.input("x", "float32", (4, 6))
    [turned] = graph.node("Transpose", [x], perm=[1, 0])
    [leaky] = graph.node("LeakyRelu", [turned], alpha=0.25)
    first, second = graph.node("Split", [leaky], 2, axis=-1, num_outputs=2)
    [whole] = graph.node("Cast", [first], to=FLOAT32)
    graph.output(whole, "first", "float32", (6, 2))
    graph.output(second, "second", "float32", (6, 2))
    x_value = np.linspace(-5, 5, 24, dtype=np.float32).reshape(4, 6)
    expected = np.where(x_value < 0, x_value * np.float32(0.25), x_value).T
    for found, part in zip(run(graph, x=x_value), np.split(expected, 2, axis=1), strict=True):
        np.testing.assert_allclose(found, part, rtol=1e-6)


def test_an_input_that_is_left_out() -> None:
    graph = OnnxGraph()
    x = graph.input("x", "float32", (3,))
    [clipped] = graph.node("Clip", [x, "", graph.constant(np.array(2, np.float32))])
    graph.output(clipped, "y", "float32", (3,))
    np.testing.assert_array_equal(run(graph, x=np.array([-9, 1, 5], np.float32))[0], [-9, 1, 2])
