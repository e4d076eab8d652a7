"""DeltaModel as an ONNX model: the forward pass of gpt.py, with keys and values as inputs and outputs.

The weights of the matrices are int8 in blocks, and so are the numbers that they are multiplied with (MatMulNBits). With
one scale for all tokens that are read together (DynamicQuantizeLinear) what is said of one would depend on the others,
and numbers differ twice as much from those in float32: docs/log.md.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from delta_learn.errors import ModelError
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.onnxgraph import FLOAT32, OnnxGraph

Floats = NDArray[np.float32]

BLOCK = 64
"""Weights in a row that share a scale."""

_INT8_ARITHMETIC = 4
"""`accuracy_level` of MatMulNBits: the other factor is quantised too, where the processor can."""

_EPSILON = float(np.finfo(np.float32).eps)
"""What PyTorch's rms_norm adds to a mean square."""


class UnsupportedModelError(ModelError):
    """What torch may well run, but ONNX Runtime not."""


def cache_names(config: DeltaModelConfig) -> list[str]:
    """Keys and values of each layer: they come in as `past.NAME`, go out as `present.NAME`."""
    return [f"{layer}.{part}" for layer in range(config.n_layer) for part in ("key", "value")]


def onnx_model(config: DeltaModelConfig, tensors: Mapping[str, Floats], *, quantised: bool = True) -> bytes:
    """The model (ModelProto) of a configuration and the tensors of `DeltaModel.state_dict`.

    Inputs, of T tokens after `kept` columns that are picked from `past` ones:
        ids: (1, T) int64.
        positions: (1, T) int64, each below block_size.
        columns: (kept,) int64, which past columns to keep, in this order.
        sees: (T, kept + T) bool, what each token sees of the kept columns and of the T tokens.
        wanted: (W,) int64, the tokens whose successors are asked for.
        past.*: (1, kv_heads, past, head_dim) float32, see `cache_names`.
    Outputs:
        logprobs: (1, W, vocab_size) float32, of the token after each wanted one.
        present.*: (1, kv_heads, kept + T, head_dim) float32.

    Raises:
        UnsupportedModelError: the tensors are not those of the dense model that is written here.
    """
    expected = tensor_shapes(config)
    found = {name: tensor.shape for name, tensor in tensors.items()}
    wrong = sorted(n for n in expected.keys() | found.keys() if expected.get(n) != found.get(n))
    if wrong:
        raise UnsupportedModelError(f"ONNX cannot express the model's {wrong[0]}.")
    return _Writer(config, tensors, quantised=quantised).model()


def tensor_shapes(config: DeltaModelConfig) -> dict[str, tuple[int, ...]]:
    """The names and shapes of `DeltaModel(config).state_dict()`."""
    width, cached, hidden = config.n_embed, config.kv_heads * config.head_dim, config.mlp_ratio * config.n_embed
    linear = {
        "attention.query": (width, width),
        "attention.key": (cached, width),
        "attention.value": (cached, width),
        "attention.out": (width, width),
        "mlp.up": (hidden, width),
        "mlp.down": (width, hidden),
    }
    shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (config.vocab_size, width)}
    for layer in range(config.n_layer):
        for name, shape in linear.items():
            shapes[f"blocks.{layer}.{name}.weight"] = shape
            if config.bias:
                shapes[f"blocks.{layer}.{name}.bias"] = shape[:1]
    return shapes


def quantise(weight: Floats) -> tuple[NDArray[np.uint8], Floats]:
    """`weight` (out, in) as 8-bit numbers around 128 (out, blocks, BLOCK), and their scales (out, blocks)."""
    rows, columns = weight.shape
    blocks = -(-columns // BLOCK)
    padded = np.zeros((rows, blocks * BLOCK), np.float32)
    padded[:, :columns] = weight
    cut = padded.reshape(rows, blocks, BLOCK)
    scales = np.abs(cut).max(-1, keepdims=True) / 127
    scales[scales == 0] = 1
    return (np.rint(cut / scales) + 128).astype(np.uint8), scales[..., 0]


class _Writer:
    """Writes the graph from its inputs to its outputs."""

    def __init__(self, config: DeltaModelConfig, tensors: Mapping[str, Floats], *, quantised: bool) -> None:
        self._config, self._tensors, self._quantised = config, tensors, quantised
        self._graph = OnnxGraph()
        self._columns = self._graph.input("columns", "int64", ("kept",))
        self._sees = self._graph.input("sees", "bool", ("tokens", "all"))
        self._rope = self._turns(self._graph.input("positions", "int64", (1, "tokens")))
        self._ones = {
            size: self._graph.constant(np.ones(size, np.float32)) for size in (config.n_embed, config.head_dim)
        }
        turned = config.n_head + config.kv_heads
        self._by_head = self._integers(1, -1, turned, config.head_dim)
        self._in_row = self._integers(1, -1, turned * config.head_dim)
        self._turned_and_value = self._integers(turned * config.head_dim, config.kv_heads * config.head_dim)
        self._query_and_key = self._integers(config.n_head * config.head_dim, config.kv_heads * config.head_dim)

    def model(self) -> bytes:
        graph, config = self._graph, self._config
        ids = graph.input("ids", "int64", (1, "tokens"))
        wanted = graph.input("wanted", "int64", ("wanted",))
        x = self._norm(self._embedded(ids), config.n_embed)  # (1, T, n_embed)
        for layer in range(config.n_layer):
            x = self._block(x, layer)
        [last] = graph.node("Gather", [self._norm(x, config.n_embed), wanted], axis=1)
        [logprobs] = graph.node("LogSoftmax", [self._times(last, self._tensors["embedding.weight"])], axis=-1)
        graph.output(logprobs, "logprobs", "float32", (1, "wanted", config.vocab_size))
        return graph.to_bytes()

    def _integers(self, *values: int) -> str:
        return self._graph.constant(np.array(values, np.int64))

    def _turns(self, positions: str) -> list[str]:
        """Cosine and sine of RoPE's angles at the positions, each (1, T, head_dim / 2), as attention.py has them."""
        pair = np.arange(0, self._config.head_dim, 2, dtype=np.float64)
        frequency = self._config.rope_theta ** (-pair / self._config.head_dim)
        angle = np.outer(np.arange(self._config.block_size), frequency)
        tables = [self._graph.constant(table.astype(np.float32)) for table in (np.cos(angle), np.sin(angle))]
        return [self._graph.node("Gather", [table, positions])[0] for table in tables]

    def _embedded(self, ids: str) -> str:
        table = self._tensors["embedding.weight"]
        if not self._quantised:
            return self._graph.node("Gather", [self._graph.constant(table), ids])[0]
        half = self._graph.node("Gather", [self._graph.constant(table.astype(np.float16)), ids])
        return self._graph.node("Cast", half, to=FLOAT32)[0]

    def _block(self, x: str, layer: int) -> str:
        attended = self._attention(self._norm(x, self._config.n_embed), layer)
        [x] = self._graph.node("Add", [x, attended])
        up = self._linear(self._norm(x, self._config.n_embed), layer, "mlp.up")
        [relu] = self._graph.node("Relu", [up])
        [squared] = self._graph.node("Mul", [relu, relu])
        return self._graph.node("Add", [x, self._linear(squared, layer, "mlp.down")])[0]

    def _attention(self, x: str, layer: int) -> str:
        graph, config = self._graph, self._config
        row = self._linear(x, layer, "attention.query", "attention.key", "attention.value")
        # RoPE turns queries and keys alike: they stay one value until then.
        turned, value = graph.node("Split", [row, self._turned_and_value], 2, axis=-1)
        [turned] = graph.node("Reshape", [turned, self._by_head])  # (1, T, n_head + kv_heads, head_dim)
        [turned] = graph.node("Reshape", [self._norm(turned, config.head_dim), self._in_row])
        heads = config.n_head + config.kv_heads
        [turned] = graph.node("RotaryEmbedding", [turned, *self._rope], num_heads=heads)
        query, key = graph.node("Split", [turned, self._query_and_key], 2, axis=-1)
        inputs = [query, key, value, self._sees, *(self._past(f"{layer}.{part}") for part in ("key", "value"))]
        y, keys, values = graph.node("Attention", inputs, 3, q_num_heads=config.n_head, kv_num_heads=config.kv_heads)
        for part, present in (("key", keys), ("value", values)):
            graph.output(present, f"present.{layer}.{part}", "float32", (1, config.kv_heads, "all", config.head_dim))
        return self._linear(y, layer, "attention.out")

    def _past(self, name: str) -> str:
        past = self._graph.input(f"past.{name}", "float32", (1, self._config.kv_heads, "past", self._config.head_dim))
        return self._graph.node("Gather", [past, self._columns], axis=2)[0]

    def _norm(self, x: str, size: int) -> str:
        return self._graph.node("RMSNormalization", [x, self._ones[size]], axis=-1, epsilon=_EPSILON)[0]

    def _linear(self, x: str, layer: int, *names: str) -> str:
        """One or more linear layers that read the same, side by side."""
        parts = [f"blocks.{layer}.{name}" for name in names]
        y = self._times(x, np.concatenate([self._tensors[f"{part}.weight"] for part in parts]))
        if not self._config.bias:
            return y
        bias = np.concatenate([self._tensors[f"{part}.bias"] for part in parts])
        return self._graph.node("Add", [y, self._graph.constant(bias)])[0]

    def _times(self, x: str, weight: Floats) -> str:
        """(..., in) times the transpose of `weight` (out, in)."""
        if not self._quantised:
            return self._graph.node("MatMul", [x, self._graph.constant(weight.T)])[0]
        rows, columns = weight.shape
        constants = [self._graph.constant(array) for array in quantise(weight)]
        return self._graph.node(
            "MatMulNBits",
            [x, *constants],
            domain="com.microsoft",
            N=rows,
            K=columns,
            bits=8,
            block_size=BLOCK,
            accuracy_level=_INT8_ARITHMETIC,
        )[0]
