"""The test that a candidate model must pass to be deployed (docs/architecture.md, metrics): in doubt, keep.

"Higher mean" deploys an equal model on almost every second night, and a figure that is missing must never
count as a good one: whatever is absent, NaN or unpaired is a reason to keep.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from delta_learn.config import GateConfig
from delta_learn.evaluation.bootstrap import BlockBootstrap, Interval
from delta_learn.evaluation.result import ReplayResult

MIN_COMMANDS = 300
HIT1_QUANTILE = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class GateInput:
    """Two models replayed, frozen, over the same newest commands that neither was trained on."""

    candidate_net: ArrayLike
    """Keys saved less wrong suggestions shown, of each command: shape (n,), as `ReplayResult.net_keys`."""
    deployed_net: ArrayLike
    candidate_hit1: ArrayLike
    """1 where the first suggestion at the empty prompt was the command, else 0: shape (n,)."""
    deployed_hit1: ArrayLike
    sessions: Sequence[int] | Sequence[str] | NDArray[np.int64]
    """The session of each command: shape (n,)."""
    latency_p99_ms: float | None
    """99th percentile of the candidate's requests; None when it was not measured."""
    model_mb: float | None
    """Size of the candidate's file in megabytes (1e6 bytes)."""
    canary_failures: int | None
    """Planted secrets that the candidate gave away; None when the check did not run."""
    redaction_failures: int | None
    """Secrets found in what the candidate was trained on; None when the check did not run."""

    @classmethod
    def from_replay(
        cls,
        result: ReplayResult,
        *,
        candidate: str,
        deployed: str,
        model_mb: float | None,
        canary_failures: int | None,
        redaction_failures: int | None,
    ) -> GateInput:
        """The input from a replay of both models, named as in the replay."""
        return cls(
            candidate_net=result.net_keys(candidate),
            deployed_net=result.net_keys(deployed),
            candidate_hit1=result.methods[candidate].hit1,
            deployed_hit1=result.methods[deployed].hit1,
            sessions=result.commands.sessions,
            latency_p99_ms=float(np.percentile(result.methods[candidate].request_ms, 99)),
            model_mb=model_mb,
            canary_failures=canary_failures,
            redaction_failures=redaction_failures,
        )


@dataclass(frozen=True, slots=True)
class GateDecision:
    """Whether to deploy, and why."""

    deploy: bool
    probability: float | None
    """P(mean gain of net keystrokes > 0); None when it could not be computed."""
    interval: Interval | None
    """Gain of net keystrokes per command."""
    reasons: tuple[str, ...]
    """One sentence each: every reason to keep, or the one reason to deploy."""
    numbers: dict[str, float | int | None]
    unsure: bool = False
    """Whether all that keeps it is that its gain is not certain: no budget, check or other rule is against it."""

    def borderline(self, least: float) -> bool:
        """Whether it may be tried at the prompt (serving/abtest.py): unsure, but P(gain > 0) is `least` or more."""
        return self.unsure and self.probability is not None and self.probability >= least

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "deploy": self.deploy,
            "probability": self.probability,
            "interval": self.interval.to_json() if self.interval else None,
            "reasons": list(self.reasons),
            "numbers": dict(self.numbers),
            "unsure": self.unsure,
        }


@dataclass(frozen=True, slots=True)
class _Gain:
    """The paired comparison of candidate and deployed."""

    probability: float
    interval: Interval
    hit1: float
    hit1_low: float
    """5 % quantile of the bootstrap."""


def decide(given: GateInput, config: GateConfig, *, seed: int = 0) -> GateDecision:
    """Deploy only when every rule of the gate holds; the same input and seed give the same decision."""
    pairs = _pairs(given)
    reasons = list(_unpaired(pairs))
    gain = None if reasons else _gain(pairs, seed)
    doubts = list(_doubts(gain, config)) if gain else []
    reasons += doubts
    if gain:
        reasons += _hit_reasons(gain, config)
    reasons += _budget_reasons(given, config)
    reasons += _check_reasons(given)
    deploy = gain is not None and not reasons
    return GateDecision(
        deploy=deploy,
        probability=gain.probability if gain else None,
        interval=gain.interval if gain else None,
        reasons=(_why_deploy(gain),) if deploy and gain else tuple(reasons),
        numbers=_numbers(given, gain),
        unsure=bool(doubts) and reasons == doubts,
    )


def _pairs(given: GateInput) -> dict[str, NDArray[Any]]:
    names = ("candidate_net", "deployed_net", "candidate_hit1", "deployed_hit1")
    pairs: dict[str, NDArray[Any]] = {name: np.asarray(getattr(given, name), np.float64) for name in names}
    return pairs | {"sessions": np.asarray(given.sessions)}


def _unpaired(pairs: dict[str, NDArray[Any]]) -> Iterator[str]:
    """Why the two cannot be compared at all."""
    sizes = {name: values.size for name, values in pairs.items()}
    if len(set(sizes.values())) > 1:
        listed = ", ".join(f"{name} {size}" for name, size in sizes.items())
        yield f"The two replays do not cover the same commands ({listed})."
        return
    n = sizes["sessions"]
    if n < MIN_COMMANDS:
        yield f"Only {n} commands could be replayed; {MIN_COMMANDS} are needed to tell the models apart."
    for name, values in pairs.items():
        missing = 0 if name == "sessions" else int((~np.isfinite(values)).sum())
        if missing:
            yield f"{name} is missing for {missing} of {n} commands."


def _gain(pairs: dict[str, NDArray[Any]], seed: int) -> _Gain:
    bootstrap = BlockBootstrap(pairs["sessions"], seed=seed)
    net = pairs["candidate_net"] - pairs["deployed_net"]
    hit1 = pairs["candidate_hit1"] - pairs["deployed_hit1"]
    return _Gain(
        probability=float((bootstrap.ratios(net) > 0.0).mean()),
        interval=bootstrap.interval(net),
        hit1=float(hit1.mean()),
        hit1_low=float(np.quantile(bootstrap.ratios(hit1), HIT1_QUANTILE)),
    )


def _doubts(gain: _Gain, config: GateConfig) -> Iterator[str]:
    if gain.probability < config.min_probability:
        yield (
            f"It is not certain that the candidate saves keystrokes: P = {gain.probability:.3f}, "
            f"{config.min_probability:.2f} is needed ({_keys(gain.interval)})."
        )


def _hit_reasons(gain: _Gain, config: GateConfig) -> Iterator[str]:
    if gain.hit1_low < -config.max_hit1_loss:
        yield (
            f"Its first suggestion may be right less often: by {-gain.hit1_low:.3f} at the 5 % quantile, "
            f"{config.max_hit1_loss:.3f} is allowed."
        )


def _budget_reasons(given: GateInput, config: GateConfig) -> Iterator[str]:
    budgets = (
        ("latency at the 99th percentile", given.latency_p99_ms, config.max_p99_ms, "ms"),
        ("model size", given.model_mb, config.max_model_mb, "MB"),
    )
    for what, value, limit, unit in budgets:
        if _known(value) is None:
            yield f"The {what} was not measured."
        elif not value or value < 0:
            yield f"The {what} of {value} {unit} cannot be right."
        elif value > limit:
            yield f"The {what} is {value:.1f} {unit}; {limit:.1f} {unit} is allowed."


def _check_reasons(given: GateInput) -> Iterator[str]:
    checks = (("canary", given.canary_failures), ("redaction", given.redaction_failures))
    for what, failures in checks:
        if _known(failures) is None:
            yield f"The {what} check did not run."
        elif failures:
            yield f"The {what} check failed in {failures} of its cases: the candidate may give secrets away."


def _known(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _why_deploy(gain: _Gain) -> str:
    return f"The candidate saves keystrokes: P = {gain.probability:.3f} ({_keys(gain.interval)})."


def _keys(interval: Interval) -> str:
    return f"{interval.mean:+.3f} keys a command, 90 % interval {interval.low:+.3f} to {interval.high:+.3f}"


def _numbers(given: GateInput, gain: _Gain | None) -> dict[str, float | int | None]:
    return {
        "n": int(np.size(given.candidate_net)),
        "net_gain": gain.interval.mean if gain else None,
        "probability": gain.probability if gain else None,
        "hit1_gain": gain.hit1 if gain else None,
        "hit1_gain_low": gain.hit1_low if gain else None,
        "latency_p99_ms": _known(given.latency_p99_ms),
        "model_mb": _known(given.model_mb),
        "canary_failures": _known(given.canary_failures),
        "redaction_failures": _known(given.redaction_failures),
    }
