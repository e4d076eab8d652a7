"""How a personal model is best made: from the base, from scratch, with public commands mixed in; after how many.

The model alone, bits a byte of the commands right after those that it was trained on; the base that has seen nothing
of the person is the row to beat. Means over people. Run:
.venv/bin/python -m benchmarks.recipes FILES... [--sizes 500,2000] [--recipes base,scratch] [--seconds 240]
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from benchmarks.histories import Figures, history, mean, write
from delta_learn.base.files import read_examples
from delta_learn.base.shipped import shipped_base
from delta_learn.config import Config
from delta_learn.entry import CommandEntry, Session, split_sessions
from delta_learn.nightly.learning import prepare, train
from delta_learn.predictor.contexts import contexts
from delta_learn.predictor.neural import NeuralExpert
from delta_learn.registry import ModelFile
from delta_learn.serving.prediction import neural_expert

SCORED = 300
SESSION = 20


def bits_per_byte(expert: NeuralExpert, entries: Sequence[CommandEntry], first: int) -> float:
    """Of the SCORED commands from `first` on, each with its newline."""
    bits = length = 0.0
    for entry, (_, context) in islice(zip(entries, contexts(entries), strict=True), first, first + SCORED):
        bits -= float(expert.log_probabilities([entry.command], context)[0]) / math.log(2)
        length += len(entry.command.encode(errors="surrogateescape")) + 1
    return bits / length


def public_sessions(base: Path, count: int) -> list[Session]:
    """`count` of the public commands that the package carries, as sessions."""
    lines = read_examples(base)[:count]
    return [
        Session(
            f"public-{first}", tuple(CommandEntry(line, session=f"public-{first}") for line in lines[first:][:SESSION])
        )
        for first in range(0, len(lines), SESSION)
    ]


def recipes(base: ModelFile, seconds: float) -> dict[str, Callable[[list[CommandEntry]], NeuralExpert]]:
    """By name: from a person's commands to a model."""
    directory = Path(__file__).parent.parent / "delta_learn" / "base"

    def make(
        entries: list[CommandEntry], start: ModelFile | None, public: int = 0, preset: str = "small"
    ) -> NeuralExpert:
        config = Config()
        config = replace(config, train=replace(config.train, max_seconds=seconds, preset=preset))
        sessions = [*public_sessions(directory, public), *split_sessions(entries)]
        return neural_expert(train(prepare(sessions, config, start), config, base=start).file)

    return {
        "base": lambda entries: make(entries, base),
        "scratch": lambda entries: make(entries, None),
        "base+public": lambda entries: make(entries, base, public=len(entries)),
        "scratch, base preset": lambda entries: make(entries, None, preset="base"),
    }


def person(
    entries: list[CommandEntry], sizes: Sequence[int], chosen: Sequence[str], base: ModelFile, seconds: float
) -> dict[str, Figures]:
    """Bits a byte by recipe and size; `-` is the base without a person's commands."""
    makers, rows = recipes(base, seconds), {"-": Figures()}
    for size in (size for size in sizes if size + SCORED <= len(entries)):
        rows["-"][str(size)] = bits_per_byte(neural_expert(base), entries, size)
        for name in chosen:
            begin = time.perf_counter()
            expert = makers[name](entries[:size])
            rows.setdefault(name, {})[str(size)] = bits_per_byte(expert, entries, size)
            print(f"{name}, {size}: {rows[name][str(size)]:.3f} ({time.perf_counter() - begin:.0f} s)", flush=True)
    return rows


def main() -> None:
    """Measure, print one table, write JSON: means and every person by number."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--sizes", default="500,2000")
    parser.add_argument("--recipes", default="base,scratch,base+public")
    parser.add_argument("--seconds", type=float, default=240.0)
    arguments = parser.parse_args()
    base = shipped_base()
    if base is None:
        parser.error("this installation carries no base model")
    sizes, chosen = list(map(int, arguments.sizes.split(","))), arguments.recipes.split(",")
    people = [person(history(file), sizes, chosen, base, arguments.seconds) for file in arguments.files]
    means = {name: mean(each[name] for each in people) for name in people[0]}
    print(f"{'bits/byte after':22}" + "".join(f"{size:>10,}" for size in sizes))
    for name, row in means.items():
        print(f"{name:22}" + "".join(f"{row[str(s)]:10.3f}" if str(s) in row else f"{'-':>10}" for s in sizes))
    write("recipes", {"mean": means, "people": people})


if __name__ == "__main__":
    main()
