"""cli/why.py: the facts of the server in a person's words."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from delta_learn.entry import CommandEntry
from delta_learn.errors import DeltaError
from delta_learn.predictor.context import Context
from delta_learn.predictor.contexts import Timeline
from delta_learn.predictor.suggest import Predictor
from delta_learn.serving import client
from delta_learn.serving.tact import Judged
from delta_learn.serving.why import Told, why

Run = Callable[..., Result]


def facts(text: str, marks: str = "s", typed: str = "", **first: Any) -> dict[str, Any]:
    rows = ["git commit", "git\tpush", "make"] * 4
    entries = [CommandEntry(c, "/srv", 1e9 + i, 0, session="s", sequence=i) for i, c in enumerate(rows)]
    entries.append(CommandEntry("git commit", "/srv", 1e9 + 50, 0, session="s", sequence=50))
    timeline = Timeline()
    for entry in entries:
        timeline.prompt_of(entry)
        timeline.follow(entry)
    context: Context = timeline.context("s", "/srv", 1e9 + 60)
    found = why(Predictor.from_entries(entries), Told(Judged(text, marks, 0.731, "history"), typed, context))
    return {**found, **first}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the server says to whom."""
    answers: dict[str, Any] = {}
    monkeypatch.setattr(client, "ask_why", lambda paths, session: answers.get(session))
    return answers


def test_what_a_suggestion_is_based_on(run: Run, server: dict[str, Any]) -> None:
    server[""] = facts("git\tpush")
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(1e9 + 10))
    lines = [line.split(None, 1) for line in run("why").stdout.splitlines()]
    assert lines[:3] == [
        ["suggestion", r"`git\tpush`"],
        ["probability", "0.73"],
        ["from", "lines that you typed before"],
    ]
    assert ["used", "4 times, 4 after `git commit`, 4 in this directory"] in lines
    assert ["failed", "0 of 4 times"] in lines
    assert f"the last     {when}, in /srv, after `git commit`\n" in run("why").stdout


def test_a_line_never_typed_and_the_beginning_of_one(run: Run, server: dict[str, Any]) -> None:
    server[""] = facts("git commit --amend", marks="p", typed="git c")
    printed = run("why").stdout
    assert "`git commit --amend`, the beginning of a line\n" in printed
    assert "typed        `git c`\n" in printed
    assert "used         never as a whole line\nlike         `git commit`\n" in printed


def test_what_a_person_said(run: Run, server: dict[str, Any]) -> None:
    server[""] = facts("git\tpush", taught=True, meanings=["send it"], judged=0.025)
    printed = run("why").stdout
    assert "taught       you said that it follows `git commit`\n" in printed
    assert "taught       you said that it is for: `send it`\n" in printed
    assert "makes it 0.025 times as probable" in printed
    assert "\nfrom " not in printed
    server[""] = facts("git\tpush", corrects=True, enters=True)
    assert "corrects     `git commit`\nenters       what `git commit` made\n" in run("why").stdout


def test_as_json_and_for_the_shell_that_asks(run: Run, server: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    server["zsh-1"] = json.loads(json.dumps(facts("git\tpush")))
    monkeypatch.setenv("DELTA_SESSION", "zsh-1")
    assert json.loads(run("why", "--json").stdout) == server["zsh-1"]


def test_without_a_server_or_a_suggestion_it_says_what_to_do(run: Run, server: dict[str, Any]) -> None:
    with pytest.raises(DeltaError, match="the next prompt"):
        run("why")
    server[""] = {}
    with pytest.raises(DeltaError, match="Nothing was suggested yet"):
        run("why")


def test_no_server_runs_here(run: Run) -> None:
    with pytest.raises(DeltaError, match="No server answers"):
        run("why", "--json")
