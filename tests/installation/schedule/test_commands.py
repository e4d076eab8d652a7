"""installation/schedule/commands.py: every program gives an answer."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from delta_learn.installation.schedule import commands
from delta_learn.installation.schedule.commands import ask


def test_what_it_said() -> None:
    answer = ask(["sh", "-c", 'cat; echo "$LC_ALL" >&2; exit 3'], b"x\xff")
    assert (answer.status, answer.output, answer.error, answer.ok) == (3, b"x\xff", "C", False)
    assert ask(["true"]).ok


def test_a_program_that_is_not_there_is_an_answer(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("")
    for name in ("no-such-program", str(tmp_path / "text")):
        answer = ask([name])
        assert (answer.status, answer.ok) == (127, False)
        assert answer.error


def test_a_program_that_hangs_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "_SECONDS", 0.01)
    assert ask([sys.executable, "-c", "import signal; signal.pause()"]).status == 124
