"""collector/pause.py: a pause is there, ends by itself, and is ended."""

from __future__ import annotations

import time

import pytest

from delta_learn.collector.pause import FOREVER, pause, paused_until, resume
from delta_learn.paths import Paths


def test_without_a_pause_shells_record(paths: Paths) -> None:
    assert paused_until(paths) is None
    assert not resume(paths)


def test_a_pause_without_end_lasts_until_resume(paths: Paths) -> None:
    assert pause(paths) == FOREVER
    assert paused_until(paths) == FOREVER
    assert paths.paused.read_bytes() == b""
    assert paths.paused.stat().st_mode & 0o777 == 0o600
    assert resume(paths)
    assert not paths.paused.exists()
    assert paused_until(paths) is None


def test_a_pause_with_an_end_is_one_line_of_digits(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1000.25)
    assert pause(paths, 60) == 1061
    assert paths.paused.read_text() == "1061\n"
    monkeypatch.setattr(time, "time", lambda: 1060.9)
    assert paused_until(paths) == 1061
    monkeypatch.setattr(time, "time", lambda: 1061.0)
    assert paused_until(paths) is None
    assert not resume(paths)
    assert not paths.paused.exists()


@pytest.mark.parametrize("text", [b"soon\n", b"\xff\xfe", b"-5\n", b"\n99"])
def test_what_makes_no_sense_means_paused(paths: Paths, text: bytes) -> None:
    pause(paths)
    paths.paused.write_bytes(text)
    assert paused_until(paths) == FOREVER
