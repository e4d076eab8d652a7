"""OnnxEngine: the model in ONNX Runtime, int8, on one thread: what a server at the prompt has room for."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.onnx import UnsupportedModelError, cache_names, onnx_model
from delta_learn.model.tensors import tensors_from_bytes
from delta_learn.serving.tree import Floats, Reading, TreeEngine

_FATAL = 4
"""Severity of ONNX Runtime's log: what goes wrong comes as an exception, and the terminal is the person's."""


class OnnxEngine(TreeEngine[tuple[Floats, ...]]):
    """A model for inference; its cache is the keys and values of each layer, (1, kv_heads, columns, head_dim)."""

    def __init__(self, config: DeltaModelConfig, model: bytes) -> None:
        """Run `model`, an ONNX model as model/onnx.py writes it.

        Raises:
            ImportError: ONNX Runtime is not installed.
            UnsupportedModelError: this version of it cannot run the model.
        """
        names = cache_names(config)
        empty = np.empty((1, config.kv_heads, 0, config.head_dim), np.float32)
        super().__init__(config, (empty,) * len(names))
        self._past = [f"past.{name}" for name in names]
        self._outputs = ["logprobs", *(f"present.{name}" for name in names)]
        runtime, errors = _runtime()
        try:
            self._session = runtime.InferenceSession(model, _options(runtime), providers=["CPUExecutionProvider"])
            # A copy that it keeps for other processors: 3 MB.
            vars(self._session).pop("_model_bytes", None)
            self.start([0])  # what a version cannot do may show only now
        except (
            errors.Fail,
            errors.InvalidGraph,
            errors.InvalidProtobuf,
            errors.NotImplemented,
            errors.RuntimeException,
        ) as error:
            raise UnsupportedModelError(f"ONNX Runtime {runtime.__version__} cannot run the model.") from error

    def read(self, cache: tuple[Floats, ...], reading: Reading) -> tuple[tuple[Floats, ...], Floats]:
        """See TreeEngine."""
        count = len(reading.tokens)
        inputs = {
            "ids": reading.tokens[None],
            "positions": reading.positions[None],
            "columns": reading.columns,
            "sees": reading.sees,
            "wanted": np.arange(count - reading.wanted, count),
            **dict(zip(self._past, cache, strict=True)),
        }
        logprobs, *present = self._session.run(self._outputs if reading.kept else self._outputs[:1], inputs)
        return tuple(present) or cache, logprobs[0]


def load_onnx(config: dict[str, Any], weights: bytes) -> OnnxEngine:
    """The engine of a model file's configuration and weights.

    The ONNX model is written here, in memory: that takes tens of milliseconds, and no copy of what was learned
    lies outside the sealed model file.

    Raises:
        ImportError: what it needs is not installed.
        ModelError: the weights are damaged, or the configuration is not this version's.
        UnsupportedModelError: ONNX Runtime cannot run such a model.
    """
    shape = DeltaModelConfig.from_dict(config)
    return OnnxEngine(shape, onnx_model(shape, tensors_from_bytes(weights)))


def _runtime() -> tuple[Any, Any]:
    """ONNX Runtime, and the module of its exceptions."""
    # From version 1.29 on it tells its makers where it runs, from its import on, unless this is set before (its
    # Privacy.md). pyproject.toml asks for an older one; a person may have a newer one.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as errors

    return onnxruntime, errors


def _options(runtime: Any) -> Any:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it keeps what the largest request took
    options.enable_mem_pattern = False  # no request has the shape of the one before
    options.log_severity_level = _FATAL
    return options
