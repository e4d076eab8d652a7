"""config.json: validated dataclasses with defaults; what is wrong is said in one sentence."""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from delta_learn.errors import ConfigError

T = TypeVar("T")

PRESETS = ("small", "base", "large", "small-gqa", "base-gqa")
PRECISIONS = ("auto", "fp32", "bf16", "fp16")
COMPILE = ("auto", "on", "off")
DEVICES = ("auto", "cpu", "cuda")
ENGINES = ("auto", "onnx", "torch")
VARIABLES = ("VIRTUAL_ENV", "CONDA_DEFAULT_ENV", "NODE_ENV", "AWS_PROFILE", "KUBECONFIG", "DOCKER_CONTEXT")
"""Environment variables that say where the person is at work."""

TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
"""`HH:MM`."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class CollectConfig:
    """What is recorded."""

    exclude_directories: tuple[str, ...] = ()
    """Nothing is recorded there or below; `~` and the wildcards of fnmatch(3) are understood."""
    exclude_commands: tuple[str, ...] = ()
    """Commands that match one of these patterns of fnmatch(3) as a whole are not recorded."""
    redact: Mapping[str, str] = field(default_factory=dict)
    """Secrets of your own: kind (a-z, 0-9, `-`, `_`) to regular expression; group 1, if any, is the secret."""
    environment: tuple[str, ...] = VARIABLES
    """Environment variables recorded with each command; their values pass redaction too."""
    agents: bool = False
    """Whether commands typed by programs (DELTA_AUTHOR, known coding agents) are recorded."""
    spool_mb: float = 64.0
    """What is not yet drained may take this much; then the oldest sessions go, and `doctor` says so."""

    def __post_init__(self) -> None:
        for name in self.environment:
            if not _VARIABLE.fullmatch(name):
                raise ConfigError(f"collect.environment holds {name!r}, which is no name of a variable.")


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
    accepted_weight: float = 0.5
    """Loss weight of commands that were a suggestion, taken whole: a model must not feed on what it said itself."""
    rare_variants: int = 2
    """Synthetic variants made of each command seen once or twice."""
    synthetic_weight: float = 0.3
    """Loss weight of synthetic variants, against 1 for what was typed."""


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """How the personal model is trained."""

    preset: str = "small"
    """One of PRESETS (model/config.py)."""
    from_base: bool = True
    """Start from the base model that the package carries, where it is of this preset; else from scratch."""
    finetune_factor: float = 0.5
    """Part of both rates with which training goes on from a base: it must not forget what it knows."""
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
    compile: str = "auto"
    """Whether torch.compile makes kernels for this model: `on`, `off`, or `auto`, on GPUs."""
    recompute: bool = False
    """Compute the insides of each block a second time in the backward pass: less memory, a third more work."""
    device: str = "auto"
    """`cpu`, `cuda`, or `auto`: all GPUs if there are any, else the CPU."""
    shard: bool = False
    """Split weights and optimizer state among the processes (FSDP2), for a model that outgrows a GPU."""
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
        for name, known in (("preset", PRESETS), ("amp", PRECISIONS), ("device", DEVICES), ("compile", COMPILE)):
            if getattr(self, name) not in known:
                raise ConfigError(f"train.{name} must be {' or '.join(known)}, not {getattr(self, name)!r}.")
        if self.finetune_factor <= 0:
            raise ConfigError(f"train.finetune_factor must be above 0, not {self.finetune_factor}.")


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
class RetentionConfig:
    """What is kept; 0 is without limit. At night whole days go, the oldest first."""

    days: int = 730
    """Before the newest day of which there is anything."""
    max_mb: float = 500.0
    """Of sealed shards; a million commands take about 40."""

    def __post_init__(self) -> None:
        for name in ("days", "max_mb"):
            if getattr(self, name) < 0:
                raise ConfigError(f"retention.{name} must be 0 or more, not {getattr(self, name)}.")


@dataclass(frozen=True, slots=True)
class AbConfig:
    """The A/B test of a candidate that the gate is not sure of, against the deployed model, at the prompt."""

    enabled: bool = False
    """While a test runs the server holds two models, and asks both."""
    min_probability: float = 0.75
    """P(it saves keystrokes) from which on a candidate is tried; the gate keeps it only for being less than sure."""
    days: float = 30.0
    """A test that has not decided by then ends, and the deployed model stays."""

    def __post_init__(self) -> None:
        if not 0 <= self.min_probability <= 1:
            raise ConfigError(f"ab.min_probability must be from 0 to 1, not {self.min_probability}.")
        if self.days <= 0:
            raise ConfigError(f"ab.days must be above 0, not {self.days}.")


@dataclass(frozen=True, slots=True)
class ServeConfig:
    """How suggestions come to the prompt."""

    idle_minutes: float = 60.0
    """The server leaves when no shell has asked anything for so long; the next prompt starts it again."""
    engine: str = "auto"
    """What runs the model: `onnx` (ONNX Runtime, int8), `torch`, or `auto`, the first of them that can."""

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise ConfigError(f"serve.engine must be {' or '.join(ENGINES)}, not {self.engine!r}.")
        if self.idle_minutes <= 0:
            raise ConfigError(f"serve.idle_minutes must be above 0, not {self.idle_minutes}.")


@dataclass(frozen=True, slots=True)
class ScheduleConfig:
    """When the night begins, and how much of the machine it gets; `delta-learn schedule install` uses them."""

    at: str = "02:00"
    """Local time from which on the night's work is due, once a day."""
    spread_minutes: float = 15.0
    """systemd waits up to so much longer, drawn by chance."""
    nice: int = 19
    """How far all others go first, from 0 to 19."""
    cpu_percent: int = 200
    """Of one core; systemd lets the night have no more."""
    memory_mb: int = 4096
    """systemd ends a night that needs more."""

    def __post_init__(self) -> None:
        if not TIME_OF_DAY.fullmatch(self.at):
            raise ConfigError(f"schedule.at must be a time of day from 00:00 to 23:59, not {self.at!r}.")
        if not 0 <= self.nice <= 19:
            raise ConfigError(f"schedule.nice must be from 0 to 19, not {self.nice}.")
        if not 0 <= self.spread_minutes <= 60:
            raise ConfigError(f"schedule.spread_minutes must be from 0 to 60, not {self.spread_minutes}.")
        for name in ("cpu_percent", "memory_mb"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"schedule.{name} must be above 0, not {getattr(self, name)}.")


@dataclass(frozen=True, slots=True)
class NightConfig:
    """What must hold before `train --nightly` begins; while it trains, it waits whenever somebody needs the machine."""

    idle_minutes: float = 10.0
    """So long nothing was typed in any terminal."""
    max_pressure: float = 20.0
    """Percent of the last 10 s in which something waited for a processor, for memory or for the disk."""
    max_load: float = 0.25
    """Part of all processors that others use: in the last minute before, in the last second during training."""
    max_gpu_percent: float = 20.0
    """How busy a GPU may be before."""
    calm_seconds: float = 60.0
    """So long all must hold again before training goes on."""
    window_hours: float = 6.0
    """After so long the night is over; what is not done goes on in the next one."""
    between_hours: float = 16.0
    """From a training to the next night."""
    root: str = "/"
    """Where /proc, /sys and /dev are looked for."""

    def __post_init__(self) -> None:
        for name in ("calm_seconds", "window_hours"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"night.{name} must be above 0, not {getattr(self, name)}.")


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that config.json can hold; a missing file or field means the default."""

    collect: CollectConfig = field(default_factory=CollectConfig)
    tokenizer: TokenizerConfig = field(default_factory=TokenizerConfig)
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    gate: GateConfig = field(default_factory=GateConfig)
    ab: AbConfig = field(default_factory=AbConfig)
    retention: RetentionConfig = field(default_factory=RetentionConfig)
    serve: ServeConfig = field(default_factory=ServeConfig)
    night: NightConfig = field(default_factory=NightConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)

    @classmethod
    def load(cls, path: Path) -> Config:
        """Read `path`.

        Raises:
            ConfigError: not JSON, an unknown setting, or a value of the wrong type.
        """
        return from_mapping(cls, read_settings(path), where=str(path))

    def get(self, name: str) -> Any:
        """The value of a setting, `collect.agents`, or of all settings of a section, `collect`, as plain data.

        Raises:
            ConfigError: there is no such setting.
        """
        value: Any = dataclasses.asdict(self)
        for depth, part in enumerate(name.split(".")):
            if not isinstance(value, dict) or part not in value:
                known = value if isinstance(value, dict) else {}
                where = ".".join(name.split(".")[:depth]) or "config.json"
                raise ConfigError(f"{where} has no setting {part!r}{_suggestion(part, known)}")
            value = value[part]
        return value


def read_settings(path: Path) -> Any:
    """What config.json holds, not yet checked; an empty object where there is no file.

    Raises:
        ConfigError: it cannot be read or is not JSON.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read ({error}); mend or remove it.") from error
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path} is not JSON (line {error.lineno}: {error.msg}); mend or remove it.") from error


def with_setting(settings: Any, name: str, text: str) -> dict[str, Any]:
    """A copy of `settings` in which `name` (`train.preset`, `collect.redact.ticket`) has the value `text`.

    `text` is JSON, or a plain word.

    Raises:
        ConfigError: there is no such setting, it cannot have this value, or another setting is wrong.
    """
    *sections, last = name.split(".")
    changed: dict[str, Any] = _copied(settings)
    place = changed
    for section in sections:
        place = place.setdefault(section, {})
        if not isinstance(place, dict):
            raise ConfigError(f"{section} in {name} is not a section of settings.")
    # The settings of collect.redact are regular expressions, of which some are JSON as well.
    place[last] = text if sections[1:] else _value(text)
    from_mapping(Config, changed, where="config.json")
    return changed


def without_setting(settings: Any, name: str) -> dict[str, Any]:
    """A copy of `settings` in which `name` has its default again; sections that are then empty go too.

    Raises:
        ConfigError: there is no such setting.
    """
    *sections, last = name.split(".")
    changed = _copied(settings)
    places = [changed]
    for section in sections:
        places.append(places[-1].get(section, {}))
    if not isinstance(places[-1], dict) or last not in places[-1]:
        Config().get(name)  # says so where there is no such setting
        return changed
    del places[-1][last]
    for section, inside, outside in zip(reversed(sections), reversed(places), reversed(places[:-1]), strict=False):
        if not inside:
            del outside[section]
    return changed


def _copied(settings: Any) -> dict[str, Any]:
    from_mapping(Config, settings, where="config.json")
    copy: dict[str, Any] = json.loads(json.dumps(settings))
    return copy


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


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
    if kind == tuple[str, ...] and isinstance(value, list) and all(isinstance(v, str) for v in value):
        return tuple(value)
    if kind == Mapping[str, str] and isinstance(value, dict) and all(isinstance(v, str) for v in value.values()):
        return value
    if type(value) is not kind:
        raise ConfigError(f"{where} must be {_type_name(kind)}, not {json.dumps(value)}.")
    return value


def _type_name(kind: Any) -> str:
    names = {tuple[str, ...]: "a list of strings", Mapping[str, str]: "an object of strings"}
    return names.get(kind) or f"of type {kind.__name__}"


def _suggestion(name: str, known: dict[str, Any]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; it knows {', '.join(sorted(known))}."
