"""delta_learn learns from your shell history on your own machine and predicts the next command.

Every name below is imported on first use, so that `import delta_learn` costs milliseconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from delta_learn.version import VERSION

if TYPE_CHECKING:
    from delta_learn.collector.redaction.redact import redact
    from delta_learn.collector.store import Store
    from delta_learn.dataset.windows import Dataset
    from delta_learn.entry import CommandEntry, Session
    from delta_learn.errors import DeltaError
    from delta_learn.evaluation.replay import replay
    from delta_learn.model.config import DeltaModelConfig
    from delta_learn.model.gpt import DeltaModel
    from delta_learn.predictor.context import Context
    from delta_learn.predictor.suggest import Predictor
    from delta_learn.tokenizer.tokenizer import Tokenizer
    from delta_learn.trainer.loop import Trainer

__version__ = VERSION

_HOMES = {
    "CommandEntry": "entry",
    "Context": "predictor.context",
    "Dataset": "dataset.windows",
    "DeltaError": "errors",
    "DeltaModel": "model.gpt",
    "DeltaModelConfig": "model.config",
    "Predictor": "predictor.suggest",
    "Session": "entry",
    "Store": "collector.store",
    "Tokenizer": "tokenizer.tokenizer",
    "Trainer": "trainer.loop",
    "redact": "collector.redaction.redact",
    "replay": "evaluation.replay",
}

__all__ = [
    "CommandEntry",
    "Context",
    "Dataset",
    "DeltaError",
    "DeltaModel",
    "DeltaModelConfig",
    "Predictor",
    "Session",
    "Store",
    "Tokenizer",
    "Trainer",
    "__version__",
    "redact",
    "replay",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'delta_learn' has no attribute {name!r}")
    value = getattr(import_module(f"delta_learn.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
