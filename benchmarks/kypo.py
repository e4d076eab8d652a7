"""Trainees of cybersecurity courses (KYPO), each session from nothing: delta against IPAM, and what directories bring.

The data: Svabensky et al., Data in Brief 38 (2021), doi.org/10.1016/j.dib.2021.107398; JSON Lines with a session and a
directory a command. Lines that stand for pasted lines of the exercise's key (EXAMPLE_KEY_LINE) are left out.
Run: .venv/bin/python -m benchmarks.kypo FILE [--base] [--limit N]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.histories import history, write
from delta_learn.base.shipped import shipped_base
from delta_learn.cli.replay import comparison
from delta_learn.entry import CommandEntry
from delta_learn.evaluation.baselines.catalogue import baseline
from delta_learn.evaluation.replay import Method, ReplayResult, replay_sessions
from delta_learn.nightly.contender import Contender
from delta_learn.predictor.neural import NeuralExpert
from delta_learn.serving.prediction import neural_expert

LEFT_OUT = "EXAMPLE_KEY_LINE"
BASELINES = ("ipam-0.8", "ipam-0.9", "match-prev", "autosuggest")
NO_DIRECTORY = "no directory"


def trainees(file: Path) -> list[CommandEntry]:
    """The commands, redacted as an import would be, without the lines of keys that were pasted."""
    return [entry for entry in history(file) if LEFT_OUT not in entry.command]


def measure(entries: Sequence[CommandEntry], base: NeuralExpert | None, limit: int | None) -> ReplayResult:
    """All methods; `no directory` is delta where the history does not tell directories."""

    def methods() -> Mapping[str, Method]:
        return {"delta": Contender("delta", base=base), **{name: baseline(name) for name in BASELINES}}

    def blind() -> Mapping[str, Method]:
        return {NO_DIRECTORY: Contender(NO_DIRECTORY, base=base)}

    told = replay_sessions(entries, methods, limit=limit)
    untold = replay_sessions([replace(entry, directory=None) for entry in entries], blind, limit=limit)
    return replace(told, methods={**told.methods, **untold.methods})


def keys_by_command(result: ReplayResult) -> dict[str, float]:
    """The mean of each command's saved share of keys, so that long pasted lines weigh as little as `ls`."""
    chars = result.commands.chars
    keys = {name: scores.keys_full for name, scores in result.methods.items()}
    keys["perfect recall"] = result.commands.oracle_keys
    return {name: float((1 - pressed / chars).mean()) for name, pressed in keys.items()}


def main() -> None:
    """Measure, print the table of a replay, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--base", action="store_true", help="with the shipped base model")
    parser.add_argument("--limit", type=int, help="score at most so many commands")
    arguments = parser.parse_args()
    model = shipped_base() if arguments.base else None
    if arguments.base and model is None:
        parser.error("this installation carries no base model")
    entries = trainees(arguments.file)
    begin = time.perf_counter()
    result = measure(entries, neural_expert(model) if model else None, arguments.limit)
    spent = time.perf_counter() - begin
    print(comparison(result))
    sessions = len({entry.session for entry in entries})
    each = keys_by_command(result)
    print("KSR-full, mean over commands: " + ", ".join(f"{name} {share:.3f}" for name, share in each.items()))
    print(f"{sessions} sessions, {spent:.0f} s")
    written = {"base": arguments.base, "sessions": sessions, "ksr_full_by_command": each}
    write("kypo", {**written, **result.to_json()})


if __name__ == "__main__":
    main()
