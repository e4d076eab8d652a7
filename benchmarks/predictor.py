"""Learning and ranking with 1,000, 10,000 and 50,000 distinct lines: time and memory of one command.

Run: .venv/bin/python -m benchmarks.predictor
"""

from __future__ import annotations

import json
import random
import statistics
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from delta_learn.entry import CommandEntry
from delta_learn.predictor.context import Context
from delta_learn.predictor.suggest import Predictor

SIZES = (1_000, 10_000, 50_000)
COMMANDS = 100
BUDGET_MS = 5.0
"""Update and prediction together, at 50,000 lines (docs/design.md, section 10)."""

_TOOLS = [f"tool{number}" for number in range(300)]


@dataclass
class Shell:
    """A predictor, and someone who types: each of `size` lines once, and as many repeats of favourites."""

    size: int
    predictor: Predictor = field(default_factory=Predictor)
    lines: list[str] = field(default_factory=list)
    entries: list[CommandEntry] = field(default_factory=list)
    typed: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def fill(self) -> None:
        """Remember the history: the weights are learned while measuring."""
        self.lines = [f"{self.chance.choice(_TOOLS)} --name {number}" for number in range(self.size)]
        favourites = [self.lines[int(self.size * self.chance.random() ** 3)] for _ in range(self.size)]
        history = self.lines + favourites
        self.chance.shuffle(history)
        for line in history:
            context = self.context()
            entry = CommandEntry(line, timestamp=context.timestamp, session="s")
            self.predictor.remember(entry, context)
            self.add(entry)

    def add(self, entry: CommandEntry) -> None:
        """Go to the next prompt; only the commands that a context shows are kept."""
        self.entries = [*self.entries[-7:], entry]
        self.typed += 1

    def context(self) -> Context:
        """The prompt after the last command."""
        return Context(previous=tuple(self.entries), timestamp=60.0 * self.typed, session="s")


def milliseconds(work: Callable[[], object]) -> float:
    """Processor time of one call: other processes do not count."""
    begin = time.process_time_ns()
    work()
    return (time.process_time_ns() - begin) / 1e6


def measure(size: int) -> dict[str, float]:
    """Medians over COMMANDS commands, and the memory that the history takes."""
    tracemalloc.start()
    shell = Shell(size)
    shell.fill()
    shell.predictor.suggest("", shell.context())
    megabytes = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    rank, keystroke, update = [], [], []
    for _ in range(COMMANDS):
        context = shell.context()
        line = shell.chance.choice(shell.lines)
        rank.append(milliseconds(lambda: shell.predictor.suggest("", context)))  # noqa: B023 (called at once)
        typed = [line[:end] for end in range(1, len(line))]
        keystrokes = milliseconds(lambda: [shell.predictor.suggest(p, context, 1) for p in typed])  # noqa: B023
        keystroke.append(keystrokes / len(typed))
        entry = CommandEntry(line, timestamp=context.timestamp, session="s")
        update.append(milliseconds(lambda: shell.predictor.observe(entry, context)))  # noqa: B023
        shell.add(entry)
    return {
        "prediction_ms": statistics.median(rank),
        "keystroke_ms": statistics.median(keystroke),
        "update_ms": statistics.median(update),
        "megabytes": megabytes,
    }


def main() -> None:
    """Measure, print a table with growth against the smallest size, write JSON."""
    figures = {size: measure(size) for size in SIZES}
    columns = ("prediction_ms", "update_ms", "keystroke_ms", "megabytes")
    print(f"{'lines':>8}" + "".join(f"{column:>16}{'growth':>8}" for column in columns) + f"{'of budget':>11}")
    for size, row in figures.items():
        row["growth_lines"] = size / SIZES[0]
        for column in columns:
            row[f"growth_{column}"] = row[column] / figures[SIZES[0]][column]
        row["of_budget"] = (row["prediction_ms"] + row["update_ms"]) / BUDGET_MS
        cells = "".join(f"{row[column]:16.3f}{row[f'growth_{column}']:8.1f}" for column in columns)
        print(f"{size:8}{cells}{row['of_budget']:11.2f}")
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / "predictor.json").write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
