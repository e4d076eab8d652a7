"""cli/data.py: redact with the person's own patterns, status in four lines; cli/train.py in the background."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.nightly.background import Background
from delta_learn.paths import Paths
from delta_learn.storage.lock import Holder

Run = Callable[..., Result]
SECRET = "Zk9" + "wLq7TmBx2Rv"


def test_redact_knows_the_persons_own_patterns(run: Run) -> None:
    run("config", "set", "collect.redact.ticket", "TCK-([0-9]+)")
    assert run("redact", stdin=b"open TCK-4711 \xff\n").stdout_bytes == b"open TCK-<secret:ticket> \xff\n"
    (span,) = json.loads(run("redact", "--json", stdin="open TCK-4711\n").stdout)["spans"]
    assert span == {"start": 9, "end": 13, "kind": "ticket"}


def test_explain_says_which_rule_and_never_the_secret(run: Run) -> None:
    command = f"mysql --password={SECRET} shop"
    lines = run("redact", "--explain", command).stdout.splitlines()
    assert lines[0].startswith("mysql --password=<secret:")
    assert lines[1].endswith(f"(characters 18 to {17 + len(SECRET)})")
    assert len(lines) == 2
    found = json.loads(run("redact", "--explain", command, "--json").stdout)
    assert found["findings"][0]["start"] == 17
    assert SECRET not in json.dumps(found) + "".join(lines)
    assert run("redact", "--explain", "ls -l").stdout == "ls -l\n  nothing is replaced\n"


def test_apply_redacts_what_is_kept(run: Run, paths: Paths) -> None:
    Store.open(paths).add([CommandEntry("open TCK-4711", timestamp=1e9), CommandEntry("ls", timestamp=1e9)])
    assert "Nothing changed" in run("redact", "--apply").stdout
    run("config", "set", "collect.redact.ticket", "TCK-([0-9]+)")
    assert run("redact", "--apply").stdout.startswith("1 entry changed, in the shards of 1 day (1 ticket).")
    assert "open TCK-<secret:ticket>" in [entry.command for entry in Store.open(paths).entries()]
    assert json.loads(run("redact", "--apply", "--json").stdout) == {"days": 0, "entries": 0, "redacted": {}}
    assert run("redact", "--apply", "--explain", "ls").exit_code == 2


def test_status_in_four_lines(run: Run) -> None:
    assert [line.partition(":")[0] for line in run("status", "--short").stdout.splitlines()] == [
        "Last training",
        "Dataset size",
        "Model version",
        "Next scheduled training",
    ]
    assert json.loads(run("status", "--json").stdout)["paused"] is False


@pytest.mark.parametrize(
    ("run_", "words"),
    [
        (Background(Path("/log/train.log"), 7), "Training runs in the background (pid 7)"),
        (Background(Path("/log/train.log"), 7, Holder("delta-learn train", 7, 0.0, "")), "runs already"),
    ],
)
def test_a_training_in_the_background_is_one_line(
    run: Run, run_: Background, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("delta_learn.nightly.background.start_training", lambda paths: run_)
    (line,) = run("train", "--background").stdout.splitlines()
    assert words in line
    assert "/log/train.log" in line
    assert ":train status" in line


def test_what_was_forgotten_is_imported_again_only_when_asked_for(run: Run, home: Path) -> None:
    history = home / "history.jsonl"
    rows = [{"command": command, "timestamp": 1e9 + n} for n, command in enumerate(["ls", "ssh vault-host", "make"])]
    history.write_text("\n".join(map(json.dumps, rows)))
    run("import", str(history))
    run("forget", "vault", "--yes")
    lines = run("import", str(history)).stdout.splitlines()
    assert "0 new, 2 known" in lines[0]
    assert lines[-1] == "  1 forgotten before, not imported again; `--again` imports them too."
    assert json.loads(run("import", str(history), "--json").stdout)["imports"][0]["forgotten"] == 1
    assert "1 new, 2 known" in run("import", str(history), "--again").stdout
    assert "forgotten before" not in run("import", str(history)).stdout
