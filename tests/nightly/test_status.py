"""nightly/status.py: the facts, in long, in four lines and as JSON."""

from __future__ import annotations

import time

import pytest

from delta_learn.collector.outcome import Outcome
from delta_learn.collector.pause import pause
from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.nightly.status import read_status
from delta_learn.paths import Paths
from delta_learn.registry import ModelFile, ModelRecord, Registry
from delta_learn.storage.lock import exclusive

MOMENT = time.mktime((2026, 11, 22, 3, 10, 0, 0, 0, -1))


@pytest.fixture
def store(paths: Paths) -> Store:
    store = Store.open(paths)
    store.add([CommandEntry(f"make {i}", timestamp=1e9 + i) for i in range(1500)])
    registry = Registry(paths, store.keyring)
    registry.save_model(ModelRecord("delta_model_2026-11-22", MOMENT), ModelFile({}, b"", b""))
    registry.deploy("delta_model_2026-11-22")
    return store


def test_the_four_lines(store: Store) -> None:
    assert read_status().to_short_text().splitlines() == [
        "Last training: 2026-11-22 03:10",
        "Dataset size: 1,500 entries",
        "Model version: delta_model_2026-11-22",
        "Next scheduled training: when you run `delta-learn train`",
    ]


def test_the_four_lines_before_anything_happened(paths: Paths) -> None:
    lines = read_status(paths).to_short_text().splitlines()
    assert len(lines) == 4
    assert lines[:2] == ["Last training: never", "Dataset size: 0 entries"]
    assert lines[2].startswith("Model version: none")


def test_a_pause_is_said_with_its_end(store: Store) -> None:
    assert "recording      not paused" in read_status().to_text()
    assert (read_status().paused, read_status().paused_until) == (False, None)
    pause(store.paths)
    assert "paused until you run `delta-learn resume`" in read_status().to_text()
    assert (read_status().paused, read_status().paused_until) == (True, None)
    until = pause(store.paths, 3600)
    assert f"paused until {time.strftime('%Y-%m-%d %H:%M', time.localtime(until))}" in read_status().to_text()
    assert read_status().to_json()["paused_until"] == until


def test_what_waits_is_moved_before_anything_is_counted(store: Store) -> None:
    store.paths.spool.mkdir()
    path = store.paths.spool / "zsh-1790000000000000-1-1.0"
    path.write_bytes(b"\x1e1S0\x001790000000000000\x00\x00/srv\x00\x00make again\n\x1e1X\n")
    path.chmod(0o600)
    current = read_status()
    assert current.dataset_size == 1501
    assert (current.spool_files, current.spool_bytes) == (0, 0)


def test_what_cannot_be_moved_is_counted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.paths.spool.mkdir()
    path = store.paths.spool / "zsh-1790000000000000-1-1.0"
    path.write_bytes(b"\x1e1S0\x001790000000000000\x00\x00/srv\x00\x00make again\n\x1e1X\n")
    path.chmod(0o600)
    monkeypatch.setattr("delta_learn.nightly.status.open_store", Store.open)
    with exclusive(store.paths.lock, "delta-learn import"):
        current = read_status()
    assert (current.spool_files, current.spool_bytes) == (1, path.stat().st_size)
    assert f"{path.stat().st_size} bytes in 1 file wait" in current.to_text()


def shown(event: str, sequence: int, saved: int = 0) -> CommandEntry:
    command = CommandEntry("git push", session="zsh-1", sequence=sequence)
    moment = time.time() + sequence
    return Outcome(sequence, moment, event, "git\tpush", 0, saved, 0.531, "ngram", "").to_entry(command, "")


def test_suggestions_are_counted_and_are_no_entries(store: Store) -> None:
    assert "suggestions    today none shown" in read_status().to_text()
    assert "last one       none yet" in read_status().to_text()
    store.record([shown("overridden", 0), shown("part", 1, 3), shown("accepted", 2, 1200)])
    current = read_status()
    assert current.dataset_size == 1500
    counted = "3 shown, 2 taken (1 whole, 1 in part), 1,203 keystrokes saved"
    assert f"today {counted}" in current.to_text()
    assert f"this month {counted}" in current.to_text()
    assert "last one       `git\\tpush`, from ngram, probability 0.53, taken, " in current.to_text()
    assert current.to_short_text().splitlines()[4:6] == [f"Suggestions {x}: {counted}" for x in ("today", "this month")]
    assert current.to_short_text().splitlines()[6].startswith("Last suggestion: `git\\tpush`, from ngram")
    assert current.to_json()["usage"]["today"] == {"shown": 3, "whole": 1, "part": 1, "saved": 1203}
    assert current.to_json()["usage"]["last"]["expert"] == "ngram"


def test_a_model_that_is_refused_is_said_in_one_line(store: Store) -> None:
    assert read_status().model_problem is None
    registry = Registry(store.paths, store.keyring)
    registry.save_model(ModelRecord("delta_model_2026-11-23", MOMENT), ModelFile({}, b"", b""))
    registry.deploy("delta_model_2026-11-23")
    registry.path("delta_model_2026-11-23").write_bytes(b"torn")
    status = read_status()
    assert status.to_json()["model_version"] == "delta_model_2026-11-22", "what predicts"
    for text in (status.to_text(), status.to_short_text()):
        (line,) = [each for each in text.splitlines() if "2026-11-23.bin" in each]
        assert line.endswith("Until then delta_model_2026-11-22 predicts.")
    registry.path("delta_model_2026-11-22").write_bytes(b"torn")
    assert read_status().model_version is None
    assert "predictions come from your history alone" in (read_status().model_problem or "")
