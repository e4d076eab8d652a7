"""What sealing costs: 100,000 records through a block file, against plain msgpack and lz4 in the same blocks.

Run: .venv/bin/python benchmarks/storage.py
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lz4.block
import msgpack

from delta_learn.storage.blockfile import BlockReader, BlockWriter
from delta_learn.storage.seal import Keyring
from delta_learn.storage.shards import RECORDS_PER_BLOCK

RECORDS = 100_000
RUNS = 7
KEYRING = Keyring(bytes(32))

Block = list[Any]


def blocks() -> list[Block]:
    """Records of the size and shape of real entries, in blocks as a shard has them."""
    records = [
        {
            "command": f"git commit -m 'change {n * 7919 % RECORDS} of module {n % 97}'",
            "directory": f"/home/someone/projects/number-{n % 53}",
            "timestamp": 1.7e9 + n * 13.7,
            "exit_code": n % 3,
            "session": f"{n // 40:032x}",
            "sequence": n % 40,
            "shell": "zsh",
        }
        for n in range(RECORDS)
    ]
    return [records[start : start + RECORDS_PER_BLOCK] for start in range(0, RECORDS, RECORDS_PER_BLOCK)]


def write_plain(path: Path, data: list[Block]) -> None:
    """Length-prefixed lz4 of msgpack, synced at the end."""
    with path.open("wb", buffering=0) as file:
        for block in data:
            frame = lz4.block.compress(msgpack.packb(block))
            file.write(len(frame).to_bytes(4, "big") + frame)
        os.fsync(file.fileno())


def read_plain(path: Path) -> int:
    """Number of records."""
    count = 0
    with path.open("rb") as file:
        while prefix := file.read(4):
            count += len(msgpack.unpackb(lz4.block.decompress(file.read(int.from_bytes(prefix, "big")))))
    return count


def write_sealed(path: Path, data: list[Block]) -> None:
    """An append-only block file."""
    path.unlink(missing_ok=True)
    with BlockWriter.append(path, kind="raw", label="benchmark", keyring=KEYRING) as writer:
        for block in data:
            writer.write(block)


def read_sealed(path: Path) -> int:
    """Number of records."""
    with BlockReader(path, kind="raw", keyring=KEYRING) as reader:
        return reader.verify()


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(directory: Path) -> dict[str, list[float]]:
    """Seconds of every run, the four kinds interleaved."""
    data, plain, sealed = blocks(), directory / "plain", directory / "sealed"
    works: dict[str, Callable[[], object]] = {
        "write plain": lambda: write_plain(plain, data),
        "write sealed": lambda: write_sealed(sealed, data),
        "read plain": lambda: read_plain(plain),
        "read sealed": lambda: read_sealed(sealed),
    }
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(RUNS):
        for name, work in works.items():
            times[name].append(seconds(work))
    return times


def main() -> None:
    """Measure, print a table, write JSON."""
    size = sum(len(msgpack.packb(block)) for block in blocks()) / 1e6
    with tempfile.TemporaryDirectory() as directory:
        times = measure(Path(directory))
    speeds = {name: size / statistics.median(values) for name, values in times.items()}
    ratios = {
        kind: statistics.median(
            plain / sealed for plain, sealed in zip(times[f"{kind} plain"], times[f"{kind} sealed"], strict=True)
        )
        for kind in ("write", "read")
    }
    print(f"{size:.1f} MB of msgpack{'plain MB/s':>14}{'sealed MB/s':>14}{'sealed / plain':>16}")
    for kind, ratio in ratios.items():
        print(f"{kind:18}{speeds[f'{kind} plain']:14.0f}{speeds[f'{kind} sealed']:14.0f}{ratio:16.2f}")
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / "storage.json").write_text(json.dumps({"mb_per_s": speeds, "sealed_to_plain": ratios}, indent=1))


if __name__ == "__main__":
    main()
