"""Which engine runs a model: ONNX Runtime where it is installed and can, else torch."""

from __future__ import annotations

import logging
from typing import Any

from delta_learn.errors import MissingDependencyError
from delta_learn.serving.tree import TreeEngine

logger = logging.getLogger(__name__)

AUTO, ONNX, TORCH = "auto", "onnx", "torch"


def load_engine(config: dict[str, Any], weights: bytes, engine: str = AUTO) -> TreeEngine[Any]:
    """The engine of a model file's configuration and weights; `engine` as the setting serve.engine.

    Raises:
        MissingDependencyError: what is to run it is not installed.
        ModelError: they do not fit each other or this version of delta_learn.
    """
    found = None if engine == TORCH else _in_onnx(config, weights, only=engine == ONNX)
    return _in_torch(config, weights) if found is None else found


def _in_onnx(config: dict[str, Any], weights: bytes, *, only: bool) -> TreeEngine[Any] | None:
    from delta_learn.model.onnx import UnsupportedModelError

    try:
        from delta_learn.serving.onnxengine import load_onnx

        return load_onnx(config, weights)
    except ImportError as error:
        if only:
            raise _missing("ONNX Runtime") from error
    except UnsupportedModelError as error:
        if only:
            raise
        logger.info("%s It runs in torch.", error)
    return None


def _in_torch(config: dict[str, Any], weights: bytes) -> TreeEngine[Any]:
    try:
        from delta_learn.serving.torchengine import load_torch
    except ImportError as error:
        raise _missing("torch") from error
    return load_torch(config, weights)


def _missing(what: str) -> MissingDependencyError:
    return MissingDependencyError(f"The model needs {what}; install it with `pip install 'delta-learn[train]'`.")
