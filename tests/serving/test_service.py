"""Service: what is answered, and that it is never late: what was typed a moment ago is known."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from delta_learn.collector.drain import drain
from delta_learn.collector.never import add_never, never_lines
from delta_learn.collector.store import Store
from delta_learn.serving.protocol import Frame
from delta_learn.serving.service import Service
from delta_learn.version import VERSION
from tests.collector.conftest import FakeShell
from tests.serving.conftest import work

pytestmark = pytest.mark.usefixtures("no_documentation")


@pytest.fixture
def service(store: Store) -> Iterator[Service]:
    store.record(work(30))
    service = Service(store)
    finish_chores(service)
    yield service
    service.close()


def finish_chores(service: Service, now: float = 1e12) -> None:
    """Do all that is due at `now`, as the server does when it is woken."""
    woken: list[None] = []
    while service.chores.next_due(0.0) is not None and service.chores.next_due(0.0) <= now:
        service.chores.work(now, 0.0, partial(woken.append, None))
        service.chores.wait()


def ask(service: Service, session: str, kind: str, *fields: str) -> list[str]:
    answer = service.answer(session, Frame(kind, ("7", *fields)))
    assert answer is not None
    assert answer.kind == "A"
    assert answer.fields[0] == "7"
    assert len(answer.fields) == 2 + 4 * int(answer.fields[1])
    return list(answer.fields[2::4])


def test_a_greeting_is_answered_with_versions(service: Service) -> None:
    assert service.answer("s", Frame("H", ("s", "zsh 5.9", "42"))) == Frame("H", (VERSION, ""))


def test_while_it_is_being_read_in_there_is_nothing_to_say(store: Store) -> None:
    service = Service(store)
    assert ask(service, "s", "P", "/srv") == ask(service, "s", "Q", "/srv", "git") == []
    service.close()


def test_a_prompt_and_each_keystroke_get_what_comes_next(service: Service) -> None:
    assert ask(service, "s", "P", "/srv")[0] == "npm ci"
    found = ask(service, "s", "Q", "/srv", "git c")
    assert found[0].startswith("git commit")
    assert all(line.startswith("git c") for line in found)


def test_a_line_can_be_asked_about_before_any_prompt(service: Service) -> None:
    assert ask(service, "s", "Q", "/srv", "git p")[0] == "git push"


def test_what_was_typed_a_moment_ago_counts(service: Service, store: Store) -> None:
    shell = FakeShell(store.paths.spool)
    assert ask(service, shell.session, "P", "/srv")[0] != "git push"
    shell.run("git commit -m wip")
    assert ask(service, shell.session, "P", "/srv")[0] == "git push"
    shell.run("deploy --now")
    ask(service, shell.session, "P", "/srv")
    assert "deploy --now" in ask(service, shell.session, "Q", "/srv", "dep")


def test_a_drain_in_between_makes_no_difference(service: Service, store: Store) -> None:
    shell = FakeShell(store.paths.spool)
    for number in range(3):
        shell.run("make")
        ask(service, shell.session, "P", "/srv")
        if number == 1:
            service.answer(shell.session, Frame("D", ("",)))
            finish_chores(service)
            assert len(store.entries()) == 32
    learner = service.learner
    assert learner is not None
    assert [e.command for e in learner.timeline.context(shell.session, None, None).previous] == ["make"] * 3


def test_another_process_drains_and_teaches(service: Service, store: Store) -> None:
    shell = FakeShell(store.paths.spool)
    shell.run("make docs")
    drain(store)
    assert "make docs" in ask(service, shell.session, "P", "/srv") + ask(service, shell.session, "Q", "/srv", "make ")


def test_never_counts_at_once_and_is_kept(service: Service, store: Store) -> None:
    ask(service, "s", "P", "/srv")
    assert "npm ci" not in ask(service, "s", "N", "npm ci")
    service.chores.wait()
    assert never_lines(store) == {"npm ci"}


def test_never_of_another_process_counts_at_the_next_prompt(service: Service, store: Store) -> None:
    add_never(store, "npm ci")
    assert "npm ci" not in ask(service, "s", "P", "/srv")


def test_what_is_forgotten_is_not_suggested_from_then_on(service: Service, store: Store) -> None:
    assert "git push" in ask(service, "s", "Q", "/srv", "git p")
    store.forget(lambda entry: entry.command == "git push")
    assert ask(service, "s", "P", "/srv") == []
    finish_chores(service)
    ask(service, "s", "P", "/srv")
    assert "git push" not in ask(service, "s", "Q", "/srv", "git p")


def test_why_tells_of_the_last_suggestion(service: Service) -> None:
    assert service.answer("x", Frame("W", ("9", ""))) == Frame("J", ("9", "{}"))
    given = ask(service, "s", "P", "/srv")
    answer = service.answer("x", Frame("W", ("9", "")))
    assert answer is not None
    facts: dict[str, Any] = json.loads(answer.fields[1])
    assert facts["suggestion"] == given[0]


@pytest.mark.parametrize("frame", [Frame("X", ("",)), Frame("Q", ("7",)), Frame("P", ("7", "/", "x")), Frame("A", ())])
def test_what_is_not_known_gets_no_answer(service: Service, frame: Frame) -> None:
    assert service.answer("s", frame) is None


def test_when_it_leaves_what_was_learned_is_kept(store: Store) -> None:
    store.record(work(30))
    service = Service(store)
    finish_chores(service)
    shell = FakeShell(store.paths.spool)
    shell.run("make docs")
    ask(service, shell.session, "P", "/srv")
    service.close()
    assert [entry.command for entry in store.entries()].count("make docs") == 1
    assert store.paths.predictor.exists()


def test_what_comes_next_is_worked_out_before_it_is_asked_for(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ask(service, "s", "P", "/srv")[0]
    while service.unprepared:
        service.prepare()
    learner = service.learner
    assert learner is not None
    expected = [each.command for each in learner.predictor.suggest(first[:1], service._prompts["s"].context, 8)]
    monkeypatch.setattr(learner.predictor, "suggest", lambda *_: pytest.fail("it was prepared"))
    assert ask(service, "s", "Q", "/srv", first[:1]) == expected[:5]
    assert ask(service, "s", "Q", "/srv", first.split()[0] + " ")[0].startswith(first.split()[0])


def test_memory_is_given_back_once_a_prompt_when_all_is_prepared(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[bool] = []
    monkeypatch.setattr("delta_learn.serving.service.give_back_memory", lambda: given.append(service.unprepared))
    first = ask(service, "s", "P", "/srv")[0]
    for typed in (first[:1], first[:2]):
        while service.unprepared:
            service.prepare()
        ask(service, "s", "Q", "/srv", typed)
    assert given == [False]
    ask(service, "s", "P", "/srv")
    while service.unprepared:
        service.prepare()
    assert given == [False, False]


def test_what_was_prepared_is_forgotten_where_it_may_be_wrong(service: Service, store: Store) -> None:
    first = ask(service, "s", "P", "/srv")[0]
    while service.unprepared:
        service.prepare()
    ask(service, "t", "P", "/srv")
    add_never(store, first)
    ask(service, "t", "P", "/srv")
    assert first not in ask(service, "s", "Q", "/srv", first[:1])


def test_a_server_whose_files_are_gone_is_outdated(service: Service, store: Store) -> None:
    shell = FakeShell(store.paths.spool)
    shell.run("make docs")
    ask(service, shell.session, "P", "/srv")
    assert not service.outdated
    shutil.rmtree(store.paths.state)
    assert service.outdated
    service.close()
    assert not store.paths.state.exists()
