"""installation/waiting.py: what waits in the spool and what the last drain said."""

from __future__ import annotations

import json
import os

import pytest

from delta_learn.installation.hooks import prepare_state
from delta_learn.installation.waiting import LastDrain, Waiting, last_drain, waiting
from delta_learn.paths import Paths

HEADER = b"\x1e1Hzsh 5.9\x001\x00h\x00u\x00s\x00\n"


def test_nothing_waits_without_a_spool(paths: Paths) -> None:
    assert waiting(paths) == Waiting(0, 0, None)
    assert last_drain(paths) == LastDrain()


def test_only_records_count(paths: Paths) -> None:
    prepare_state(paths)
    files = {"a.0": HEADER + bytes(30), "b.0": HEADER + bytes(9) + b"\x1e1X\n", "c.1": b"\x1e1X\n", "a.text": b"fc"}
    for age, (name, data) in enumerate(files.items()):
        (paths.spool / name).write_bytes(data)
        os.utime(paths.spool / name, (1e9 - age, 1e9 - age))
    assert waiting(paths) == Waiting(2, 8, 1e9 - 2)


def test_the_last_drain_is_read(paths: Paths) -> None:
    prepare_state(paths)
    paths.drained.write_text(json.dumps({"time": 5, "error": "no space", "new": 1, "torn": 0, "dropped_sessions": 3}))
    assert last_drain(paths) == LastDrain(5.0, "no space", 3)


@pytest.mark.parametrize("text", ["", "[]", "{}", "\xff"])
def test_nonsense_is_an_error_to_show(paths: Paths, text: str) -> None:
    prepare_state(paths)
    paths.drained.write_text(text, encoding="latin-1")
    error = last_drain(paths).error
    assert error is not None
    assert "cannot be read" in error
