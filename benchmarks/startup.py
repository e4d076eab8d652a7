"""How long `import delta_learn` and `delta-learn --help` take, against an empty Python: medians.

Run: .venv/bin/python benchmarks/startup.py
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 15
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import delta_learn": ["-c", "import delta_learn"],
    "import numpy": ["-c", "import numpy"],
    "delta-learn --help": [
        "-c",
        "import sys; sys.argv = ['delta-learn', '--help']; from delta_learn.cli.app import main; main()",
    ],
}


def milliseconds(arguments: list[str]) -> float:
    """Wall time of one fresh interpreter."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - start) * 1000


def main() -> None:
    """Measure interleaved, print a table, write JSON."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(RUNS):
        for name, arguments in COMMANDS.items():
            times[name].append(milliseconds(arguments))
    medians = {name: statistics.median(values) for name, values in times.items()}
    empty = medians["python -c pass"]
    print(f"{'':24}{'ms':>8}{'above an empty Python':>24}{'ratio':>8}")
    for name, value in medians.items():
        print(f"{name:24}{value:8.1f}{value - empty:24.1f}{value / empty:8.2f}")
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / "startup.json").write_text(json.dumps(medians, indent=1))


if __name__ == "__main__":
    main()
