"""What the registry keeps of each model: the gate's decision, its figures and its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from delta_learn.registry import ModelRecord, Registry

METRIC = "ksr_word"
"""Keystrokes saved, as a share of all characters (docs/architecture.md, metrics)."""
_LABELS = {
    "delta": "this model",
    "deployed": "what predicted before",
    "autosuggest": "zsh-autosuggestions",
    "match-prev": "match_prev_cmd",
    "atuin": "Atuin",
    "ipam-0.8": "IPAM, alpha .8",
    "ipam-0.9": "IPAM, alpha .9",
    "witten-bell": "Witten-Bell n-gram",
}


@dataclass(frozen=True, slots=True)
class Band:
    """A figure with its 90 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Model:
    """One version, and what the gate said of it."""

    version: str
    created: float
    """Seconds since the epoch."""
    entries: int
    """It was trained on."""
    passed: bool
    deployed: bool
    """It predicts now."""
    gain: Band | None
    """Keys a command more than what predicted then; None where the gate could not tell."""
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rival:
    """A method that was replayed beside the newest model, over the same commands."""

    label: str
    saved: float
    """Share of the keystrokes that it saves."""
    gain: Band | None
    """What the model saves more, as a share; None for the model itself."""


def models(registry: Registry) -> list[Model]:
    """All versions that are kept, oldest first."""
    return [_model(record, registry.deployed) for record in registry.models]


def rivals(registry: Registry) -> list[Rival]:
    """The newest model first, then the others as they came in the replay; empty where none is kept."""
    replay: Mapping[str, Any] = registry.models[-1].gate.get("replay", {}) if registry.models else {}
    gains = replay.get("gains", {})
    return [
        Rival(_LABELS.get(name, name), figures[METRIC], _band(gains.get(name, {}).get(METRIC)))
        for name, figures in replay.get("figures", {}).items()
    ]


def _model(record: ModelRecord, deployed: str | None) -> Model:
    gate = record.gate
    return Model(
        version=record.version,
        created=record.created,
        entries=record.lineage.get("entries", 0),
        passed=bool(gate.get("deploy")),
        deployed=record.version == deployed,
        gain=_band(gate.get("interval")),
        reasons=tuple(gate.get("reasons", ())),
    )


def _band(figure: Mapping[str, float] | None) -> Band | None:
    return Band(figure["mean"], figure["low"], figure["high"]) if figure else None
