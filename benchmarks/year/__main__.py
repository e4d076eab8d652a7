"""A year of nights: an invented person whose work changes twice, and a machine to which things happen.

Every night is the real pipeline with the shipped base, in a process that may be killed, find the disk full, the clock
wrong, the battery in use, or its user back. After each deploy, what was typed from then on is replayed with the new
model, the one before it, and none: a deploy is wrong where the new one saves fewer keys than the one before.

Run: .venv/bin/python -m benchmarks.year [--days N] [--seed S]
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.histories import write
from benchmarks.year.judge import BEFORE, WITH, WITHOUT
from benchmarks.year.simulation import NightOf, Simulation, Year, shortened

MONTH = 30


def told(night: NightOf) -> None:
    """A line a night."""
    broken = f" BROKEN: {'; '.join(night.broken)}" if night.broken else ""
    print(
        f"{night.day:4} {night.event:11} {night.outcome:10} {night.seconds:6.1f} s {night.bytes / 1e6:6.1f} MB "
        f"{night.version or '-':14} {night.reason[:90]}{broken}",
        flush=True,
    )


def months(simulation: Simulation) -> None:
    """What came of the nights, and of each key that was typed the share that was saved."""
    print(f"\n{'days':>9}{'deployed':>9}{'kept':>6}{'skipped':>8}{'failed':>7}{'unfin.':>7}{'not due':>8}{'asleep':>7}"
          f"{'MB':>7}{'without':>9}{'before':>8}{'with':>7}")  # fmt: skip
    for start in range(0, simulation.year.days, MONTH):
        days = range(start, min(start + MONTH, simulation.year.days))
        nights = simulation.nights[days.start : days.stop]
        came = Counter(night.outcome for night in nights)
        counts = [came[name] for name in ("deployed", "kept back", "skipped", "failed", "unfinished", "not due")]
        shares = [saved(simulation, method, days) for method in (WITHOUT, BEFORE, WITH)]
        print(
            f"{start:4}-{days[-1]:<4}" + "".join(f"{n:{w}}" for n, w in zip(counts, (9, 6, 8, 7, 7, 8), strict=True))
            + f"{came['asleep']:7}{nights[-1].bytes / 1e6:7.1f}" + "".join(f"{share:8.3f}" for share in shares)
        )  # fmt: skip


def saved(simulation: Simulation, method: str, days: range) -> float:
    """Net keystrokes saved, of each one typed on these days."""
    verdicts = [verdict for _, verdict in simulation.verdicts]
    chars = sum(n for verdict in verdicts for day, n in verdict.chars.items() if day in days)
    keys = sum(n for verdict in verdicts for day, n in verdict.saved[method].items() if day in days)
    return keys / chars if chars else float("nan")


def events(simulation: Simulation) -> None:
    """What came of nights in which something happened, and of the night after."""
    print("\nevent: what came of that night; of the next")
    for event in sorted({night.event for night in simulation.nights}):
        chosen = [n for n in simulation.nights if n.event == event]
        following = [simulation.nights[n.day + 1] for n in chosen if n.day + 1 < len(simulation.nights)]
        came, next_ = (Counter(night.outcome for night in group) for group in (chosen, following))
        print(f"{event or 'nothing':11} {dict(came)}; {dict(next_)}")


def deploys(simulation: Simulation) -> None:
    """Each deployed version against the one before it, over all days on which it was in use."""
    print("\ndeployed, days in use, keys gained on what was before it (wrong: fewer, beyond chance)")
    for version, verdict in simulation.verdicts:
        typed = sum(verdict.chars.values())
        wrong = "WRONG" if verdict.worse else "fewer" if verdict.gain() < 0 else ""
        print(f"{version or 'no model':14}{len(verdict.chars):4}{verdict.gain():+7} of {typed:6} {wrong}")


def changes(simulation: Simulation) -> None:
    """The share saved around each change of work."""
    for change in simulation.year.changes:
        before = saved(simulation, WITH, range(change - 14, change))
        weeks = [saved(simulation, WITH, range(change + 7 * week, change + 7 * week + 7)) for week in range(4)]
        print(
            f"\nwork changes on day {change}: saved {before:.3f} before; weeks after "
            + " ".join(f"{w:.3f}" for w in weeks)
        )
        days = [saved(simulation, WITH, range(day, day + 1)) for day in range(change, change + 10)]
        print("by day from then on: " + " ".join(f"{share:.2f}" for share in days))


def main() -> None:
    """Simulate, print tables, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        simulation = Simulation(shortened(Year(seed=options.seed), options.days), Path(home), told)
        simulation.run()
    for part in (months, events, deploys, changes):
        part(simulation)
    unexplained = [night.day for night in simulation.nights if not night.reason]
    print(f"\nnights without a reason: {unexplained}; nights that broke something: "
          f"{[night.day for night in simulation.nights if night.broken]}")  # fmt: skip
    write("year", simulation.to_json())


if __name__ == "__main__":
    main()
