"""What a person gets after 0, 50, 500 and 5,000 commands: windows of 200 commands with exactly so much history before.

Every method begins with nothing at the head of a window's history; means over the windows of a person, then over
people (a person with too few commands has no say).
Run: .venv/bin/python -m benchmarks.coldstart FILES... [--windows 4] [--sizes 0,50,500,5000] [--base]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.histories import Figures, figures, history, mean, write
from delta_learn.base.shipped import shipped_base
from delta_learn.entry import CommandEntry
from delta_learn.evaluation.baselines.catalogue import baseline
from delta_learn.evaluation.replay import Method, replay
from delta_learn.nightly.contender import Contender
from delta_learn.predictor.neural import NeuralExpert
from delta_learn.serving.prediction import neural_expert

SIZES = (0, 50, 500, 5000)
SCORED = 200
METRICS = ("hit@1", "hit@5", "ksr_full", "ksr_word", "ksr_part", "bits_per_byte")
BASELINES = ("autosuggest", "match-prev")


def window_starts(entries: int, known: int, windows: int) -> list[int]:
    """Where windows of `known` + SCORED entries begin: spread evenly, scored parts overlapping as little as may be."""
    last = entries - known - SCORED
    if last < 0:
        return []
    count = min(windows, last // SCORED + 1)
    return [last * number // max(1, count - 1) for number in range(count)]


def methods(base: NeuralExpert | None) -> dict[str, Method]:
    """New methods: delta, with the base where there is one, and what people use."""
    chosen: dict[str, Method] = {"delta": Contender("delta")}
    if base is not None:
        chosen["delta+base"] = Contender("delta+base", base=base)
    return {**chosen, **{name: baseline(name) for name in BASELINES}}


def person(entries: Sequence[CommandEntry], known: int, windows: int, base: NeuralExpert | None) -> dict[str, Figures]:
    """Means over one person's windows, by method; empty where the history is too short."""
    rows: dict[str, list[Figures]] = {}
    for start in window_starts(len(entries), known, windows):
        result = replay(entries[start : start + known + SCORED], methods(base), start=known)
        for name in result.methods:
            rows.setdefault(name, []).append(figures(result, name, METRICS))
    return {name: mean(each) for name, each in rows.items()}


def show(known: int, means: dict[str, Figures], people: int) -> None:
    """One table."""
    print(f"after {known:,} commands ({people} people)")
    print(f"{'':14}" + "".join(f"{metric:>15}" for metric in METRICS))
    for name, row in means.items():
        print(f"{name:14}" + "".join(f"{row[metric]:15.3f}" if metric in row else f"{'-':>15}" for metric in METRICS))


def main() -> None:
    """Measure, print tables, write JSON: macro means and every person by number."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--windows", type=int, default=4, help="windows of each person and size, at most")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--base", action="store_true", help="also delta with the shipped base model")
    arguments = parser.parse_args()
    model = shipped_base() if arguments.base else None
    base = neural_expert(model) if model else None
    histories = [history(file) for file in arguments.files]
    results = {}
    for known in map(int, arguments.sizes.split(",")):
        people = [row for entries in histories if (row := person(entries, known, arguments.windows, base))]
        means = {name: mean(row[name] for row in people) for name in (people[0] if people else ())}
        show(known, means, len(people))
        results[known] = {"mean": means, "people": people}
    write("coldstart", results)


if __name__ == "__main__":
    main()
