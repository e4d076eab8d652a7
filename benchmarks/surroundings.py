"""Words from here and their kin: milliseconds a call in directories of 10, 1,000 and 100,000 names, cold and warm.

Cold is the first look of a process, with the kernel's own caches warm; what is not there in 5 ms is not waited for.

Run: .venv/bin/python -m benchmarks.surroundings
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from delta_learn.surroundings.danger import is_destructive
from delta_learn.surroundings.deadline import KEYSTROKE_SECONDS, Deadline
from delta_learn.surroundings.exists import stands
from delta_learn.surroundings.files import Files
from delta_learn.surroundings.here import words_here

SIZES = (10, 1_000, 100_000)
COLD_RUNS, WARM_RUNS = 15, 500
LINES = ("", "cat ", "cat name1", "cat none", "cd ", "git checkout ", "make ")
COMMANDS = ("cat name1 name2", "cd none", "git status")


def fill(directory: Path, size: int) -> None:
    """A repository with branches, a makefile, and `size` names, of which every tenth is a directory."""
    (directory / ".git" / "refs" / "heads").mkdir(parents=True)
    (directory / ".git" / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    for number in range(20):
        (directory / ".git" / "refs" / "heads" / f"branch{number}").write_text("0" * 40, encoding="utf-8")
    (directory / "Makefile").write_text("".join(f"target{number}:\n\ttrue\n" for number in range(50)), encoding="utf-8")
    for number in range(size):
        path = directory / f"name{number}"
        path.mkdir() if number % 10 == 0 else path.touch()
    os.utime(directory, (1_700_000_000, 1_700_000_000))


def quantiles(seconds: list[float]) -> dict[str, float]:
    """Median and 99th percentile, in milliseconds."""
    ordered = sorted(seconds)
    return {
        "ms_p50": round(1e3 * statistics.median(ordered), 4),
        "ms_p99": round(1e3 * ordered[int(0.99 * (len(ordered) - 1))], 4),
    }


def timed(work: Callable[[Files], object], files: Files | None, runs: int) -> dict[str, float]:
    """`work` with these files, or each time with ones that have seen nothing."""
    taken = []
    for _ in range(runs):
        looking = files or Files()
        looking.bounded(int, 0, Deadline(1))  # the thread is there
        start = time.perf_counter()
        work(looking)
        taken.append(time.perf_counter() - start)
    return quantiles(taken)


def calls(directory: str) -> dict[str, Callable[[Files], object]]:
    """What is measured, by name."""
    found: dict[str, Callable[[Files], object]] = {
        f"words {line!r}": lambda files, line=line: words_here(line, directory, Deadline(), files)  # type: ignore[misc]
        for line in LINES
    }
    found |= {
        f"stands {line!r}": lambda files, line=line: stands(line, directory, Deadline(), files)  # type: ignore[misc]
        for line in COMMANDS
    }
    return found | {"danger": lambda _: is_destructive("sudo git -C repo push --force origin main && ls -la")}


def measure(size: int) -> dict[str, dict[str, dict[str, float]]]:
    """By call: cold and warm."""
    with tempfile.TemporaryDirectory() as name:
        fill(Path(name), size)
        table = {}
        for call, work in calls(name).items():
            files = Files()
            words_here("", name, Deadline(1), files)
            words_here("git checkout ", name, Deadline(1), files)
            table[call] = {"cold": timed(work, None, COLD_RUNS), "warm": timed(work, files, WARM_RUNS)}
    return table


def main() -> None:
    """Measure, print a table, write JSON."""
    results = {str(size): measure(size) for size in SIZES}
    print(f"{'names':>8} {'call':26}{'cold p50':>10}{'cold p99':>10}{'warm p50':>10}{'warm p99':>10}  ms")
    for size, table in results.items():
        for call, row in table.items():
            numbers = (row[state][which] for state in ("cold", "warm") for which in ("ms_p50", "ms_p99"))
            print(f"{size:>8} {call:26}" + "".join(f"{number:10.3f}" for number in numbers))
    path = Path(__file__).parent / "results" / "surroundings.json"
    facts = {"deadline_ms": 1e3 * KEYSTROKE_SECONDS, "names": results}
    path.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
