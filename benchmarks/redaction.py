"""Redaction of commands: what it finds and leaves in forms from manual pages, and its speed.

Speed stands against a pass over the same lines that only builds the results. With files of commands as arguments, one
JSON object a line with `cmd` or `cmds`, also the share of their lines that change.

Run: .venv/bin/python -m benchmarks.redaction [FILE.jsonl ...]
"""

from __future__ import annotations

import json
import random
import statistics
import string
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.redaction_forms import benign_forms, secret_forms, survives
from delta_learn.collector.redaction.redact import Redaction, redact
from delta_learn.collector.sample.generator import sample_entries

RUNS = 7
SEEDS = range(5)
BUDGET = 20_000
"""Lines a second: redaction is part of an import."""
SECRET_LINES = (
    "mysql -u root -p{} shop",
    "curl -s -H 'Authorization: Bearer {}' https://api.example.com/v1/orders | jq .",
    "export AWS_SECRET_ACCESS_KEY={}",
    "git clone https://bob:{}@git.example.com/shop.git",
    "ssh web1 'sudo -u app env DB_PASSWORD={} ./manage migrate'",
    "docker run -d --name db -e POSTGRES_PASSWORD={} -p 5432:5432 postgres:16",
)


def untouched(line: str) -> Redaction:
    """What any pass must at least do."""
    return Redaction(line, line, ())


def secret_lines(count: int) -> list[str]:
    """Lines that all hold a secret."""
    rng = random.Random(1)
    secrets = ("".join(rng.choices(string.ascii_letters + string.digits, k=16)) for _ in range(count))
    return [SECRET_LINES[number % len(SECRET_LINES)].format(secret) for number, secret in enumerate(secrets)]


def corpora() -> dict[str, list[str]]:
    """Lines by what they are like."""
    return {"a history": [entry.command for entry in sample_entries()], "secrets only": secret_lines(5000)}


def seconds(work: Callable[[str], Redaction], lines: Sequence[str]) -> float:
    """Processor time for all lines, on one thread."""
    start = time.process_time()
    for line in lines:
        work(line)
    return time.process_time() - start


def measure(lines: Sequence[str]) -> dict[str, float]:
    """Medians over runs, the two passes side by side."""
    pairs = [(seconds(redact, lines), seconds(untouched, lines)) for _ in range(RUNS)]
    taken = statistics.median(redacting for redacting, _ in pairs)
    return {
        "lines_per_s": len(lines) / taken,
        "megabytes_per_s": sum(map(len, lines)) / 1e6 / taken,
        "redacted_share": sum(bool(redact(line).spans) for line in lines) / len(lines),
        "redact_to_untouched": statistics.median(redacting / floor for redacting, floor in pairs),
    }


def detection() -> dict[str, dict[str, float]]:
    """Recall on secret forms and share of look-alikes changed, by seed."""
    table = {}
    for seed in SEEDS:
        secrets, benign = secret_forms(seed), benign_forms(seed)
        left = sum(survives(form, redact(form.command).redacted) for form in secrets)
        changed = sum(bool(redact(form.command).spans) for form in benign)
        table[f"seed {seed}"] = {
            "secret_forms": len(secrets),
            "recall": 1 - left / len(secrets),
            "benign_forms": len(benign),
            "false_positives": changed / len(benign),
        }
    return table


def commands_of(path: Path) -> list[str]:
    """The commands of a file of JSON objects."""
    commands: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        commands += record["cmds"] if "cmds" in record else [record["cmd"]]
    return commands


def changed_share(path: Path) -> dict[str, float]:
    """How many commands of a file change."""
    commands = commands_of(path)
    changed = sum(bool(redact(command).spans) for command in commands)
    return {"commands": len(commands), "changed": changed, "share": changed / len(commands)}


def main(paths: Sequence[str] = ()) -> None:
    """Measure, print tables, write JSON."""
    found = detection()
    print(f"{'':14}{'secret forms':>13}{'recall':>9}{'look-alikes':>13}{'changed':>9}")
    for name, row in found.items():
        print(
            f"{name:14}{row['secret_forms']:13,.0f}{row['recall']:9.2%}{row['benign_forms']:13,.0f}"
            f"{row['false_positives']:9.2%}"
        )
    shares = {Path(path).stem: changed_share(Path(path)) for path in paths}
    for name, row in shares.items():
        print(f"{name:14}{row['commands']:13,.0f} commands, {row['changed']:,.0f} changed{row['share']:9.3%}")
    speed(found, shares)


def speed(*others: dict[str, dict[str, float]]) -> None:
    """Measure the speed, print its table, write all figures as JSON."""
    figures = {name: measure(lines) for name, lines in corpora().items()}
    print(f"{'':14}{'lines/s':>10}{'of budget':>11}{'MB/s':>7}{'redacted':>10}{'x untouched':>13}")
    for name, row in figures.items():
        print(
            f"{name:14}{row['lines_per_s']:10,.0f}{row['lines_per_s'] / BUDGET:11.1f}{row['megabytes_per_s']:7.1f}"
            f"{row['redacted_share']:10.1%}{row['redact_to_untouched']:13,.0f}"
        )
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    together = {name: row for table in (*others, figures) for name, row in table.items()}
    (results / "redaction.json").write_text(json.dumps(together, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
