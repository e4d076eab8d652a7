"""config.json: validated dataclasses with defaults; what is wrong is said in one sentence."""

from __future__ import annotations

import dataclasses
import difflib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from delta_learn.errors import ConfigError

T = TypeVar("T")

PRESETS = ("small", "base")
PRECISIONS = ("auto", "fp32", "bf16", "fp16")


@dataclass(frozen=True, slots=True)
class TokenizerConfig:
    """How the vocabulary is made."""

    vocab_size: int = 2048


@dataclass(frozen=True, slots=True)
class DatasetConfig:
    """How entries become training windows."""

    session_gap_minutes: float = 30.0
    taught_weight: float = 4.0
    """Loss weight of entries that the person taught, against 1 for the others."""
    rare_variants: int = 2
    """Synthetic variants made of each command seen once or twice."""
    synthetic_weight: float = 0.3
    """Loss weight of synthetic variants, against 1 for what was typed."""


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """How the personal model is trained."""

    preset: str = "small"
    """`small` or `base` (model/config.py)."""
    max_seconds: float = 240.0
    """The plan has as many steps as fit in this many seconds at the speed measured before the run."""
    max_epochs: int = 8
    row_tokens: int = 128
    """Tokens in a row of a batch; at most the model's block_size."""
    batch_rows: int = 16
    accumulation: int = 1
    """Batches whose gradients are summed for one step."""
    learning_rate: float = 0.02
    """Peak rate of Muon, for the matrices."""
    adam_learning_rate: float = 0.003
    """Peak rate of AdamW, for embeddings and vectors."""
    weight_decay: float = 0.01
    warmup_fraction: float = 0.05
    clip_norm: float = 1.0
    patience: int = 3
    """Evaluations without improvement after which training stops."""
    amp: str = "auto"
    """`auto`, `fp32`, `bf16` or `fp16`; auto is bf16 on GPUs that compute in it, fp32 on CPUs."""
    threads: int = 2
    """CPU threads; part of what makes a run repeatable, so not the number of cores of the moment."""
    checkpoint_seconds: float = 30.0
    """Between two checkpoints of a run in progress."""
    seed: int = 1337
    min_entries: int = 500
    """Below this many entries there is nothing to learn from."""
    min_new_entries: int = 200
    """`--nightly` skips below this many entries since the last training."""

    def __post_init__(self) -> None:
        for name, known in (("preset", PRESETS), ("amp", PRECISIONS)):
            if getattr(self, name) not in known:
                raise ConfigError(f"train.{name} must be {' or '.join(known)}, not {getattr(self, name)!r}.")


@dataclass(frozen=True, slots=True)
class GateConfig:
    """When a candidate is deployed."""

    holdout: int = 500
    """Newest entries kept from training and replayed; at least 300."""
    min_probability: float = 0.95
    max_hit1_loss: float = 0.02
    max_p99_ms: float = 250.0
    max_model_mb: float = 200.0
    keep_models: int = 7


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that config.json can hold; a missing file or field means the default."""

    tokenizer: TokenizerConfig = field(default_factory=TokenizerConfig)
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    gate: GateConfig = field(default_factory=GateConfig)

    @classmethod
    def load(cls, path: Path) -> Config:
        """Read `path`.

        Raises:
            ConfigError: not JSON, an unknown setting, or a value of the wrong type.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return cls()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path} cannot be read ({error}); mend or remove it.") from error
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            raise ConfigError(f"{path} is not JSON (line {error.lineno}: {error.msg}); mend or remove it.") from error
        return from_mapping(cls, data, where=str(path))


def from_mapping(kind: type[T], data: Any, where: str) -> T:
    """Build a configuration dataclass from plain data.

    Raises:
        ConfigError: an unknown name or a value of the wrong type; the message names both.
    """
    if not isinstance(data, dict):
        raise ConfigError(f"{where} must be an object of settings, not {type(data).__name__}.")
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for name, value in data.items():
        if name not in hints:
            raise ConfigError(f"{where} has no setting {name!r}{_suggestion(name, hints)}")
        values[name] = _checked(hints[name], value, f"{where}: {name}")
    return kind(**values)


def _checked(kind: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(kind):
        return from_mapping(kind, value, where)  # type: ignore[arg-type]
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise ConfigError(f"{where} must be of type {kind.__name__}, not {json.dumps(value)}.")
    return value


def _suggestion(name: str, known: dict[str, Any]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; it knows {', '.join(sorted(known))}."
