"""The steps of a night: each reads what the night knows, does one thing, and says what it did."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

from delta_learn.collector.redaction.redact import redact
from delta_learn.collector.store import in_order
from delta_learn.collector.teaching import commands_only
from delta_learn.collector.usage import accepted_commands
from delta_learn.dataset.split import split_by_time
from delta_learn.entry import split_sessions
from delta_learn.evaluation import gate
from delta_learn.evaluation.baselines.catalogue import BASELINES, baseline
from delta_learn.evaluation.replay import Method, replay
from delta_learn.nightly.abtest import try_at_prompt
from delta_learn.nightly.conditions import conditions, holdout_size, unmet
from delta_learn.nightly.contender import Contender
from delta_learn.nightly.learning import prepare, require_torch, train
from delta_learn.nightly.machine import Machine
from delta_learn.nightly.night import Night, given
from delta_learn.nightly.unfinished import go_on, note
from delta_learn.registry import ModelRecord, Registry
from delta_learn.serving.prediction import neural_expert
from delta_learn.storage.atomic import private_directory
from delta_learn.storage.lock import exclusive
from delta_learn.storage.shards import TokenShards

DEPLOYED = "deployed"
"""The name, in a replay, of what predicts until now: the deployed model, or none."""

logger = logging.getLogger(__name__)


def check_conditions(night: Night) -> None:
    """Go on only if there is something to learn, and at night only if it is worth it."""
    entries = night.store.entries()
    night.entries, night.accepted = commands_only(entries), accepted_commands(entries)
    machine = Machine(Path(night.config.night.root)) if night.nightly else None
    night.conditions = conditions(len(night.entries), night.registry, night.config, machine)
    failed = unmet(night.conditions)
    if failed:
        night.skipped = f"Nothing was trained: {failed.reason}; what predicted until now stays."
    elif night.nightly:
        go_on(night)


def check_packages(night: Night) -> None:  # noqa: ARG001
    """Say that torch is missing before any work is done."""
    require_torch()


def split_in_time(night: Night) -> None:
    """Keep the newest entries, by sessions, for the gate: nothing that trains ever sees them."""
    sessions = split_sessions(night.entries, night.config.dataset.session_gap_minutes * 60)
    night.split = split_by_time(sessions, holdout_size(len(night.entries), night.config))
    trained, held_out = (sum(map(len, side)) for side in (night.split.train, night.split.held_out))
    night.say(f"{trained:,} entries to learn from, the newest {held_out:,} to test on.")


def train_tokenizer(night: Night) -> None:
    """Make the pieces and, with them, the tokens of everything that is learnt from."""
    night.lesson = prepare(given(night.split).train, night.config, night.base, night.accepted)
    origin = f", those of {night.base.meta.get('version')}, where training starts" if night.base else ""
    night.say(f"A vocabulary of {night.lesson.tokenizer.vocab_size:,} pieces{origin}.")


def write_tokens(night: Night) -> None:
    """Rewrite the monthly token shards."""
    lesson = given(night.lesson)
    TokenShards(night.store.paths.processed, night.store.keyring).replace_all(lesson.runs, lesson.tokenizer.version)
    made = sum(run.entries for run in lesson.runs if run.synthetic)
    tokens = sum(len(run.ids) // 2 for run in lesson.runs)
    night.say(f"{tokens:,} tokens, {made:,} entries of them variants of rare commands.")


def train_model(night: Night) -> None:
    """Train the candidate; an interrupted run goes on where it was."""
    place = (private_directory(night.store.paths.checkpoints), night.store.keyring)
    note(night)
    night.personal = train(
        given(night.lesson),
        night.config,
        base=night.base,
        checkpoint=place,
        processes=(night.processes, night.store.paths.key),
        on_progress=night.on_progress,
        rest=night.rest,
    )
    result = night.personal.result
    bits = "" if result.bits_per_token is None else f", {result.bits_per_token:.2f} bits a token on newer entries"
    speed = result.tokens / max(result.seconds, 1e-9)
    night.say(
        f"Trained {night.personal.parameters / 1e6:.1f}M parameters for {result.steps} of "
        f"{result.planned_steps} steps in {result.seconds:.0f} s ({speed:,.0f} tokens/s){bits}."
    )


def replay_newest(night: Night) -> None:
    """Replay the newest entries, which nothing was trained on, with candidate, deployed and baselines."""
    split = given(night.split)
    held_out = [entry for session in split.held_out for entry in session]
    deployed = night.registry.in_use(neural_expert).model
    learnt = {entry.command for entry in night.entries}
    candidate = Contender("delta", neural_expert(given(night.personal).file), learnt)
    methods: dict[str, Method] = {
        "delta": candidate,
        DEPLOYED: Contender(DEPLOYED, deployed),
        **{name: baseline(name) for name in BASELINES},
    }
    # A long session may reach over the boundary: all that was learnt from comes first, whatever its time.
    entries = [*in_order(entry for session in split.train for entry in session), *in_order(held_out)]
    night.replay = replay(
        entries,
        methods,
        start=len(entries) - len(held_out),
        on_progress=night.replayed,
    )
    night.leaks = candidate.leaks


def decide(night: Night) -> None:
    """Ask the gate; it looks at keystrokes, never at the loss."""
    file = given(night.personal).file
    night.decision = gate.decide(
        gate.GateInput.from_replay(
            given(night.replay),
            candidate="delta",
            deployed=DEPLOYED,
            model_mb=(len(file.weights) + len(file.tokenizer)) / 1e6,
            canary_failures=night.leaks,
            redaction_failures=sum(bool(redact(entry.command).spans) for entry in night.entries),
        ),
        night.config.gate,
        seed=night.config.train.seed,
    )


def deploy_or_keep(night: Night) -> None:
    """Write the candidate with all that is known of it; deploy it if the gate let it pass."""
    decision, paths = given(night.decision), night.store.paths
    with exclusive(paths.lock, "delta-learn train", timeout=60):
        night.registry = Registry(paths, night.store.keyring)
        night.version = night.registry.new_version(time.strftime("%Y-%m-%d"))
        outcome = {**decision.to_json(), "replay": _measured(night)}
        record = ModelRecord(night.version, time.time(), _lineage(night), outcome)
        night.registry.save_model(record, given(night.personal).file)
        if decision.deploy:
            night.registry.deploy(night.version)
        elif decision.borderline(night.config.ab.min_probability):
            try_at_prompt(night, night.version)
    logger.info("%s: %s", night.version, " ".join(decision.reasons))


def prune(night: Night) -> None:
    """Remove the oldest models beyond those that are kept."""
    with exclusive(night.store.paths.lock, "delta-learn train", timeout=60):
        for version in night.registry.prune(night.config.gate.keep_models):
            logger.info("removed %s", version)


def _lineage(night: Night) -> dict[str, Any]:
    trained = [entry for session in given(night.split).train for entry in session]
    times = [entry.timestamp for entry in trained if entry.timestamp is not None]
    result = given(night.personal).result
    return {
        "base": night.base.meta.get("version") if night.base else None,
        "entries": len(trained),
        "entries_total": len(night.entries),
        "from": min(times, default=None),
        "to": max(times, default=None),
        "seed": night.config.train.seed,
        "steps": result.steps,
        "tokens": result.tokens,
        "seconds": round(result.seconds, 1),
        "bits_per_token": result.bits_per_token,
    }


def _measured(night: Night) -> dict[str, Any]:
    """What each method saves, and what the candidate gains on it, with the interval: for the report."""
    replay, metrics = given(night.replay), ("hit@1", "ksr_word", "net")
    figures = {name: replay.figures(name) for name in replay.methods}
    gains = replay.differences("delta", seed=night.config.train.seed)
    return {
        "figures": {name: {metric: each[metric] for metric in metrics} for name, each in figures.items()},
        "gains": {
            name.removeprefix("delta-vs-"): {metric: each[metric] for metric in metrics if metric in each}
            for name, each in gains.items()
        },
    }
