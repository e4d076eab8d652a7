"""cli/teach.py: what stands behind :train and :feedback."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import Result

from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.errors import DeltaError
from delta_learn.paths import Paths

Run = Callable[..., Result]


def kept(paths: Paths) -> list[tuple[str, str]]:
    return [(entry.source, entry.command) for entry in Store.open(paths).entries()]


def test_teach_and_add(run: Run, paths: Paths) -> None:
    assert run("teach", "make", "-x && make test").stdout.startswith("Learnt")
    assert run("add", "git reset --soft HEAD~", "undo last commit").stdout.startswith("Learnt")
    assert kept(paths) == [
        ("taught", "make"),
        ("taught", "-x && make test"),
        ("taught", "# undo last commit"),
        ("taught", "git reset --soft HEAD~"),
    ]


def test_feedback_names_the_suggestion_that_it_is_about(
    run: Run, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DELTA_SESSION", "bash-1")
    monkeypatch.setenv("DELTA_SUGGESTION", "make\ttest")
    for text in ("helpful", "unhelpful", "more of this"):
        assert run("feedback", text).stdout == "Noted about `make\\ttest`.\n"
    entries = Store.open(paths).entries()
    assert [entry.command for entry in entries] == ["helpful", "unhelpful", "more of this"]
    assert {entry.environment["DELTA_SUGGESTION"] for entry in entries} == {"make\ttest"}


@pytest.mark.parametrize("text", ["helpful", "unhelpful", "this was slow"])
def test_without_a_suggestion_there_is_nothing_to_speak_of(run: Run, paths: Paths, text: str) -> None:
    with pytest.raises(DeltaError, match="no suggestion yet"):
        run("feedback", text)
    assert kept(paths) == []


def test_too_few_words_are_a_usage_error(run: Run, paths: Paths) -> None:
    for arguments in (["teach", "make"], ["add", "make"], ["feedback"]):
        assert run(*arguments).exit_code == 2
    with pytest.raises(DeltaError, match="empty"):
        run("teach", "make", " ")
    assert kept(paths) == []


def test_feedback_about_a_suggestion_changes_the_next_prediction(
    run: Run, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = ["make", "make clean", "make", "make clean", "make", "make clean", "make"]
    Store.open(paths).add(
        CommandEntry(c, timestamp=1e9 + i, session="bash-1", sequence=i) for i, c in enumerate(commands)
    )
    assert json.loads(run("predict", "--json").stdout)["suggestions"][0]["command"] == "make clean"
    monkeypatch.setenv("DELTA_SUGGESTION", "make clean")
    monkeypatch.setenv("DELTA_SUGGESTION_AFTER", "make")
    assert run("feedback", "unhelpful").stdout == "Noted about `make clean`.\n"
    assert json.loads(run("predict", "--json").stdout)["suggestions"][0]["command"] != "make clean"


def test_what_was_taught_is_predicted_at_once(run: Run, paths: Paths) -> None:
    Store.open(paths).add(
        CommandEntry(c, timestamp=1e9 + i, session="bash-1", sequence=i) for i, c in enumerate(["ls", "make"] * 3)
    )
    run("teach", "make", "make install")
    found = [each["command"] for each in json.loads(run("predict", "--json").stdout)["suggestions"]]
    assert "make install" in found
    run("add", "git reset --soft HEAD~", "undo last commit")
    asked = json.loads(run("predict", "--prefix", "# undo", "--json").stdout)["suggestions"]
    assert asked[0]["command"] == "git reset --soft HEAD~"


def test_what_is_never_wanted_is_not_predicted(run: Run, paths: Paths) -> None:
    Store.open(paths).add(
        CommandEntry(c, timestamp=1e9 + i, session="bash-1", sequence=i) for i, c in enumerate(["ls", "make"] * 3)
    )
    run("never", "ls")
    assert "ls" not in [each["command"] for each in json.loads(run("predict", "--json").stdout)["suggestions"]]
