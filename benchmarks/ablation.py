"""What each expert is worth: the predictor without it, and the expert alone, on real histories.

A row is the mean over people of the difference to the whole predictor. Run:
.venv/bin/python -m benchmarks.ablation FILES... [--start 0.25] [--limit N] [--base]
"""

from __future__ import annotations

import argparse
from collections.abc import Collection
from pathlib import Path

from benchmarks.histories import Figures, figures, history, mean, write
from delta_learn.base.shipped import shipped_base
from delta_learn.entry import CommandEntry
from delta_learn.evaluation.replay import Method, replay
from delta_learn.nightly.contender import Contender
from delta_learn.predictor.neural import NeuralExpert
from delta_learn.predictor.suggest import EXPERTS
from delta_learn.serving.prediction import neural_expert

METRICS = ("hit@1", "hit@5", "ksr_full", "ksr_word", "ksr_part", "net", "bits_per_byte", "ms_p50")
WHOLE = "delta"


def variants(present: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The experts that take part, by the name of the row."""
    rows = {WHOLE: tuple(present)}
    for expert in present:
        rows[f"without {expert}"] = tuple(each for each in present if each != expert)
    return rows | {f"{expert} alone": (expert,) for expert in present}


def person(
    entries: list[CommandEntry],
    rows: dict[str, tuple[str, ...]],
    start: float,
    limit: int | None,
    base: NeuralExpert | None,
) -> dict[str, Figures]:
    """The figures of every row for one history."""
    methods: dict[str, Method] = {name: Contender(name, experts=experts, base=base) for name, experts in rows.items()}
    result = replay(entries, methods, start=start, limit=limit)
    return {name: figures(result, name, METRICS) for name in rows}


def less(row: Figures, whole: Figures) -> Figures:
    """The difference to the whole predictor, where both have the figure."""
    return {metric: value - whole[metric] for metric, value in row.items() if metric in whole}


def show(means: dict[str, Figures]) -> None:
    """The whole predictor's figures, then the differences."""
    print(f"{'':18}" + "".join(f"{metric:>15}" for metric in METRICS))
    for name, row in means.items():
        sign = "" if name == WHOLE else "+"
        cells = (f"{row[metric]:{sign}15.3f}" if metric in row else f"{'-':>15}" for metric in METRICS)
        print(f"{name:18}" + "".join(cells))


def main() -> None:
    """Measure, print one table, write JSON: macro means and every person by number."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--start", type=float, default=0.25)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--base", action="store_true", help="with the shipped base model as neural expert")
    arguments = parser.parse_args()
    model = shipped_base() if arguments.base else None
    rows = variants(EXPERTS if model else [expert for expert in EXPERTS if expert != "neural"])
    base = neural_expert(model) if model else None
    people = [person(history(file), rows, arguments.start, arguments.limit, base) for file in arguments.files]
    means = {
        name: mean(each[name] if name == WHOLE else less(each[name], each[WHOLE]) for each in people) for name in rows
    }
    show(means)
    write("ablation", {"difference": means, "people": people})


if __name__ == "__main__":
    main()
