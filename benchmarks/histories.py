"""What the benchmarks on real histories share: reading one as an import would, and means over people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean

from delta_learn.collector.importers.detect import read_history
from delta_learn.collector.redaction.redact import redact_entry
from delta_learn.entry import CommandEntry
from delta_learn.evaluation.result import ReplayResult

Figures = dict[str, float]


def history(file: Path) -> list[CommandEntry]:
    """The redacted entries of a history whose order can be trusted, oldest first."""
    read = read_history(file)
    return [redact_entry(entry)[0] for entry in read.entries[read.learnable_from :]]


def figures(result: ReplayResult, name: str, metrics: Sequence[str]) -> Figures:
    """Some metrics of one method; those that it does not have are left out."""
    found = result.figures(name)
    return {metric: float(value) for metric in metrics if (value := found[metric]) is not None}


def mean(rows: Iterable[Mapping[str, float]]) -> Figures:
    """The mean of each figure over the rows that have it."""
    columns: dict[str, list[float]] = {}
    for row in rows:
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    return {name: fmean(values) for name, values in columns.items()}


def write(name: str, results: object) -> None:
    """Keep the results beside the others."""
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(results, indent=1))
