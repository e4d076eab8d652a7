"""What a drain costs: 10,000 recorded commands from the spool to the shards, against writing them plainly.

Run: .venv/bin/python benchmarks/drain.py
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import lz4.block
import msgpack

from delta_learn.collector.drain import drain
from delta_learn.collector.redaction.redact import redact_entry
from delta_learn.collector.sample.generator import sample_entries
from delta_learn.collector.spoolfiles import read_session, sessions
from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.paths import Paths

COMMANDS = 10_000
SHELLS = 8
RUNS = 7
BUDGET_SECONDS = 1.0


def record(kind: str, *fields: object) -> bytes:
    """One record as the hooks write it (shell/README.md); the sample has nothing that is to be escaped but LF."""
    parts = (str(field).encode("utf-8", "surrogateescape").replace(b"\n", b"\x1en") for field in fields)
    return b"\x1e1" + kind.encode() + b"\0".join(parts) + b"\n"


def write_spool(spool: Path, entries: list[CommandEntry]) -> None:
    """A start and an end for each entry, in the files of 8 live shells."""
    now = int(time.time() * 1e6)
    for shell in range(SHELLS):
        path = spool / f"zsh-{now}-{os.getpid()}-{shell}.0"
        records = [record("H", "zsh 5.9", os.getpid(), os.uname().nodename, "ann", "linux-gnu x86_64", "")]
        for number, entry in enumerate(entries[shell::SHELLS]):
            start = now + number * 1000
            pairs = "VIRTUAL_ENV=/srv/venv\x1fGIT_ROOT=/srv\x1fGIT_BRANCH=main\x1f"
            records.append(record("S", number, start, "", entry.directory or "/srv", pairs, entry.command))
            records.append(record("E", number, start, start + 700, entry.exit_code or 0))
        path.write_bytes(b"".join(records))
        path.chmod(0o600)


def write_plain(path: Path, entries: list[CommandEntry]) -> None:
    """The same entries as lz4 of msgpack, synced."""
    with path.open("wb", buffering=0) as file:
        file.write(lz4.block.compress(msgpack.packb([entry.to_record() for entry in entries])))
        os.fsync(file.fileno())


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(root: Path) -> dict[str, list[float]]:
    """Seconds of every run, the kinds interleaved; each drain begins with an empty store."""
    entries = sample_entries(COMMANDS, seed=5)
    times: dict[str, list[float]] = {"drain": [], "again": [], "read": [], "redact": [], "plain": []}
    for run in range(RUNS):
        paths = Paths(root / f"home{run}", root / f"state{run}")
        store = Store.open(paths)
        paths.spool.mkdir(mode=0o700)
        write_spool(paths.spool, entries)
        times["read"].append(seconds(lambda: [read_session(files) for files in sessions(paths.spool)]))  # noqa: B023
        times["redact"].append(seconds(lambda: [redact_entry(entry) for entry in entries]))
        times["plain"].append(seconds(lambda: write_plain(root / "plain", entries)))
        times["drain"].append(seconds(lambda: drain(store)))  # noqa: B023
        times["again"].append(seconds(lambda: drain(store)))  # noqa: B023
        if len(store.entries()) != COMMANDS:
            raise RuntimeError(f"{len(store.entries())} of {COMMANDS} commands came through")
        shutil.rmtree(paths.state)
    return times


def main() -> None:
    """Measure, print a table, write JSON."""
    with tempfile.TemporaryDirectory() as directory:
        times = measure(Path(directory))
    plain = times["plain"]
    ratios = {
        name: statistics.median(value / base for value, base in zip(values, plain, strict=True))
        for name, values in times.items()
    }
    medians = {name: statistics.median(values) for name, values in times.items()}
    labels = {
        "drain": "drain",
        "again": "drain with nothing new",
        "read": "of it: reading the spool",
        "redact": "of it: redaction",
        "plain": "plain msgpack + lz4",
    }
    print(f"{COMMANDS:,} commands{'median s':>22}{'times plain':>14}")
    for name, label in labels.items():
        print(f"{label:26}{medians[name]:12.3f}{ratios[name]:14.1f}")
    print(f"budget {BUDGET_SECONDS} s: {'kept' if medians['drain'] <= BUDGET_SECONDS else 'NOT KEPT'}")
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / "drain.json").write_text(json.dumps({"seconds": medians, "times_plain": ratios}, indent=1))


if __name__ == "__main__":
    main()
