"""The predictor after 1,000 to 100,000 commands: time of an update, a prompt and a keystroke, memory and stored size.

The commands are those of the built-in sample, every other one made a line never typed before. Each size runs in a
process of its own; growth is the exponent e of cost ~ lines^e, by least squares over the sizes (0: constant).
Run: .venv/bin/python -m benchmarks.predictor [--sizes 1000,3000,10000,30000,100000]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import msgpack
import numpy as np

from benchmarks.histories import write
from delta_learn.collector.sample.generator import sample_entries
from delta_learn.entry import CommandEntry
from delta_learn.predictor.contexts import contexts
from delta_learn.predictor.suggest import Predictor

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
COMMANDS = 100
COLUMNS = {
    "update_ms": "update ms",
    "prompt_ms": "prompt ms",
    "keystroke_ms": "keystroke ms",
    "heap_mb": "heap MB",
    "resident_mb": "resident MB",
    "records_mb": "stored MB",
}
BUDGET_MS = 5.0
"""Update and prediction at the empty prompt together, at 50,000 lines; and one keystroke."""
BUDGET_MB = 100.0


def varied(n: int, share: float = 0.5) -> list[CommandEntry]:
    """`n` commands of the sample; a share of them, at random, get an argument of their own."""
    chance = random.Random(1)
    return [
        replace(entry, command=f"{entry.command} item-{number}") if chance.random() < share else entry
        for number, entry in enumerate(sample_entries(n))
    ]


def milliseconds(work: Callable[[], object]) -> float:
    """Processor time of one call: other processes do not count."""
    begin = time.process_time_ns()
    work()
    return (time.process_time_ns() - begin) / 1e6


def filled(entries: Sequence[CommandEntry], size: int) -> Predictor:
    """A predictor that remembers the first `size` entries; weights are learned while measuring."""
    predictor = Predictor()
    for entry, (_, context) in islice(zip(entries, contexts(entries), strict=True), size):
        predictor.remember(entry, context)
    return predictor


def timed(predictor: Predictor, entries: Sequence[CommandEntry], size: int) -> dict[str, float]:
    """Medians over the commands after `size`: prompt, update; of keystrokes the mean of each command's."""
    prompt, keystroke, update = [], [], []
    for entry, (_, context) in islice(zip(entries, contexts(entries), strict=True), size, None):
        prompt.append(milliseconds(lambda: predictor.suggest("", context)))  # noqa: B023 (called at once)
        typed = [entry.command[:end] for end in range(1, len(entry.command))]
        spent = milliseconds(lambda: [predictor.suggest(prefix, context, 1) for prefix in typed])  # noqa: B023
        keystroke.append(spent / max(1, len(typed)))
        update.append(milliseconds(lambda: predictor.observe(entry, context)))  # noqa: B023
    columns = {"update_ms": update, "prompt_ms": prompt, "keystroke_ms": keystroke}
    return {name: statistics.median(values) for name, values in columns.items()}


def resident_mb() -> float:
    """Memory of this process that is in use (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(size: int) -> dict[str, float]:
    """Everything but the heap, which would slow down what is timed."""
    entries = varied(size + COMMANDS)
    before = resident_mb()
    predictor = filled(entries, size)
    resident = resident_mb() - before
    stored = len(msgpack.packb(list(predictor.to_records()), unicode_errors="surrogateescape")) / 1e6
    return {"resident_mb": resident, "records_mb": stored, **timed(predictor, entries, size)}


def heap(size: int) -> dict[str, float]:
    """What a filled predictor holds; the entries themselves are not counted."""
    entries = varied(size)
    tracemalloc.start()
    predictor = filled(entries, size)
    predictor.suggest("", next(contexts(entries))[1])
    return {"heap_mb": tracemalloc.get_traced_memory()[0] / 1e6}


def in_a_process(what: str, size: int) -> dict[str, float]:
    """The figures of `measure` or `heap`, by a fresh interpreter."""
    command = [sys.executable, "-m", "benchmarks.predictor", "--sizes", str(size), "--only", what]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def exponent(sizes: Sequence[int], costs: Sequence[float]) -> float:
    """The slope of ln cost over ln size."""
    return float(np.polyfit(np.log(sizes), np.log(np.maximum(costs, 1e-6)), 1)[0])


def main() -> None:
    """Measure, print a table with the growth, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--only", choices=("measure", "heap"), help="one figure of one size, as JSON")
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.sizes.split(",")]
    if arguments.only:
        print(json.dumps({"measure": measure, "heap": heap}[arguments.only](sizes[0])))
        return
    print(f"{'lines':>10}" + "".join(f"{title:>14}" for title in COLUMNS.values()) + f"{'of budget':>12}")
    rows: dict[str, dict[str, float]] = {}
    for size in sizes:
        row = rows[str(size)] = in_a_process("measure", size) | in_a_process("heap", size)
        times = (row["update_ms"] + row["prompt_ms"], row["keystroke_ms"])
        row["of_budget"] = max(max(times) / BUDGET_MS, row["heap_mb"] / BUDGET_MB)
        print(f"{size:10,}" + "".join(f"{row[name]:14.3f}" for name in COLUMNS) + f"{row['of_budget']:12.2f}")
    growth = {name: exponent(sizes, [row[name] for row in rows.values()]) for name in COLUMNS}
    if len(sizes) > 1:
        print(f"{'exponent':>10}" + "".join(f"{growth[name]:14.2f}" for name in COLUMNS))
    write("predictor", {"sizes": rows, "exponent": growth})


if __name__ == "__main__":
    main()
