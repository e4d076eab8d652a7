"""Milliseconds a command that each baseline costs in a replay, with 1,000 and 10,000 commands of history.

The history is made up: Zipf-distributed commands and arguments, half of them repeats of the last lines.
Run: .venv/bin/python benchmarks/replay.py
"""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

from delta_learn.entry import CommandEntry
from delta_learn.evaluation.baselines.catalogue import BASELINES, baseline
from delta_learn.evaluation.replay import replay

SIZES = (1_000, 10_000)
SCORED = 500
COMMANDS = (
    "git commit -m",
    "git checkout",
    "cd",
    "vim",
    "make",
    "docker compose up",
    "ssh",
    "ls -la",
    "kubectl get",
)


def made_up_history(size: int, seed: int = 0) -> list[CommandEntry]:
    """A history of `size` commands, a minute apart."""
    chance = random.Random(seed)
    lines: list[str] = []
    for _ in range(size):
        if lines and chance.random() < 0.5:
            lines.append(chance.choice(lines[-200:]))
        else:
            argument = int(chance.paretovariate(0.6)) % 5_000
            lines.append(f"{chance.choice(COMMANDS)} path/{argument % 50}/name{argument}")
    return [CommandEntry(line, timestamp=60.0 * number) for number, line in enumerate(lines)]


def milliseconds(name: str, size: int) -> dict[str, float]:
    """Wall time of the newest commands, all requests for a command and its update together."""
    entries = made_up_history(size + SCORED)
    begun: list[float] = []

    def note(done: int, _: int) -> None:
        if done == size:
            begun.append(time.perf_counter())

    result = replay(entries, {name: baseline(name)}, start=size, on_progress=note)
    spent = time.perf_counter() - begun[0]
    requests = result.methods[name].request_ms
    return {"ms_per_command": 1000 * spent / SCORED, "requests_per_command": len(requests) / SCORED}


def main() -> None:
    """Measure every baseline at both sizes, print a table, write JSON."""
    results = {str(size): {name: milliseconds(name, size) for name in BASELINES} for size in SIZES}
    for size, methods in results.items():
        cheapest = methods["autosuggest"]["ms_per_command"]
        print(f"{size + ' commands':16}{'ms a command':>14}{'ratio':>8}{'requests':>10}")
        for name, figures in methods.items():
            figures["ratio"] = figures["ms_per_command"] / cheapest
            print(
                f"{name:16}{figures['ms_per_command']:14.3f}{figures['ratio']:8.2f}"
                f"{figures['requests_per_command']:10.1f}"
            )
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    (folder / "replay.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
