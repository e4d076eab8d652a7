"""collector/teaching.py: taught pairs are learnt, feedback is kept and never learnt as a command."""

from __future__ import annotations

import time

import pytest

from delta_learn.collector.store import Store
from delta_learn.collector.teaching import (
    Verdict,
    add_meaning,
    commands_only,
    give_feedback,
    teach,
    texts_of,
    typed_only,
    verdict_of,
)
from delta_learn.entry import CommandEntry
from delta_learn.errors import DeltaError
from delta_learn.paths import Paths
from delta_learn.predictor.context import Context
from delta_learn.serving.prediction import open_predictor, present_context

SECRET = "Zk9" + "wLq7TmBx2Rv"


@pytest.fixture
def store(paths: Paths) -> Store:
    return Store.open(paths)


def work(count: int, session: str = "zsh-1-1-1") -> list[CommandEntry]:
    return [
        CommandEntry(["make", "make test", "git status"][i % 3], "/srv", 1e9 + i, 0, 5, session=session, sequence=i)
        for i in range(count)
    ]


def test_a_pair_is_a_session_of_its_own(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_000_000_000.5)
    teach(store, "make", "make test")
    teach(store, "make", "make lint")  # in the same second: not the same pair
    first, second = store.sessions()
    assert [[e.command for e in s] for s in (first, second)] == [["make", "make test"], ["make", "make lint"]]
    assert first.id != second.id
    assert all(s.id.startswith("taught-1000000000500000-") for s in (first, second))
    assert {e.source for s in (first, second) for e in s} == {"taught"}


def test_what_is_taught_passes_redaction(store: Store) -> None:
    teach(store, "make", f"curl -u me:{SECRET} https://example.org")
    add_meaning(store, f"mysql --password={SECRET}", "the shop's\n data base ")
    give_feedback(store, f"my password={SECRET} was shown", "/srv")
    commands = [entry.command for entry in store.entries()]
    assert len(commands) == 5
    assert not [command for command in commands if SECRET in command]
    assert "# the shop's data base" in commands


def test_a_pair_is_suggested_and_its_meaning_is_not(store: Store) -> None:
    store.add(work(30))
    add_meaning(store, "git reset --soft HEAD~", "undo last commit")
    predictor = open_predictor(store)
    prompt = Context(previous=(CommandEntry("# undo last commit"),))
    assert predictor.suggest("", prompt, 1)[0].command == "git reset --soft HEAD~"
    for prefix in ("", "#", "# u"):
        assert not [s for s in predictor.suggest(prefix, Context(), 40) if s.command.startswith("# ")]


def test_feedback_says_from_which_shell_it_comes(store: Store) -> None:
    store.add([*work(3), *work(2, "zsh-2-2-2")])
    give_feedback(store, "helpful", "/srv", "zsh-1-1-1")
    (kept,) = [entry for entry in store.entries() if entry.source == "feedback"]
    assert (kept.command, kept.directory, kept.session) == ("helpful", "/srv", "feedback")
    assert kept.environment == {"DELTA_SESSION": "zsh-1-1-1"}
    assert kept.timestamp is not None


def test_feedback_carries_the_suggestion_that_it_is_about(store: Store) -> None:
    give_feedback(store, "unhelpful", "/srv", "zsh-1-1-1", suggestion="git push", after="git commit")
    give_feedback(store, "helpful", "/srv", suggestion="cd src")
    (bad, good) = store.entries()
    assert verdict_of(bad) == Verdict("git push", "git commit", helpful=False)
    assert verdict_of(good) == Verdict("cd src", "", helpful=True)
    assert (texts_of(bad), texts_of(good)) == (("unhelpful", "git push", "git commit"), ("helpful", "cd src"))
    assert bad.environment["DELTA_SESSION"] == "zsh-1-1-1"


def test_what_is_no_verdict(store: Store) -> None:
    give_feedback(store, "unhelpful", "/srv", after="git commit")
    give_feedback(store, "this was slow", "/srv", suggestion="git push")
    forged = CommandEntry("unhelpful", environment={"DELTA_SUGGESTION": "git push"})
    assert [verdict_of(entry) for entry in (*store.entries(), forged)] == [None, None, None]
    assert texts_of(forged) == ("unhelpful",)


def test_secrets_in_a_judged_suggestion_are_replaced(store: Store) -> None:
    line = f"curl -u me:{SECRET} https://example.org"
    give_feedback(store, "unhelpful", "/srv", suggestion=line, after=SECRET)  # typed at the wrong prompt
    store.add([CommandEntry(line)])
    feedback, command = sorted(store.entries(), key=lambda entry: entry.source)
    verdict = verdict_of(feedback)
    assert SECRET not in str(feedback)
    assert verdict is not None
    assert verdict.line == command.command, "as it would be suggested"


def test_a_password_typed_for_a_command_before_the_judged_suggestion_is_replaced(store: Store) -> None:
    password = "Tr" + "oub4dor"
    give_feedback(store, "unhelpful", "/srv", suggestion="make", after=password)
    store.add([CommandEntry(password, exit_code=127)])
    feedback, command = sorted(store.entries(), key=lambda entry: entry.source)
    assert password not in str(feedback)
    assert feedback.environment["DELTA_SUGGESTION_AFTER"] == command.command


def test_feedback_is_no_command(store: Store) -> None:
    store.add(work(30))
    give_feedback(store, "zzz this was bad", "/srv")
    assert "zzz this was bad" in [entry.command for entry in store.entries()]
    assert "zzz this was bad" not in [entry.command for entry in commands_only(store.entries())]
    predictor = open_predictor(store)
    assert "zzz this was bad" not in [s.command for s in predictor.suggest("zzz", Context(), 40)]


def test_the_present_is_what_was_typed_last(store: Store) -> None:
    store.add(work(3))
    teach(store, "one", "two")
    give_feedback(store, "three", "/srv")
    assert [e.command for e in typed_only(store.entries())] == ["make", "make test", "git status"]
    context = present_context(store.entries(), None, None, here="/")
    assert [entry.command for entry in context.previous] == ["make", "make test", "git status"]
    assert context.directory == "/srv"


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_nothing_cannot_be_taught(store: Store, text: str) -> None:
    for say in (teach, add_meaning):
        with pytest.raises(DeltaError, match="empty"):
            say(store, "ls", text)
        with pytest.raises(DeltaError, match="empty"):
            say(store, text, "ls")
    with pytest.raises(DeltaError, match="empty"):
        give_feedback(store, text, "/")
    assert store.entries() == []
