"""What a person says and does about suggestions, from the spool to the next prompt."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from delta_learn.collector.drain import drain
from delta_learn.collector.store import Store
from delta_learn.collector.teaching import give_feedback, teach
from delta_learn.serving.protocol import Frame
from delta_learn.serving.service import Service
from tests.collector.conftest import FakeShell
from tests.serving.conftest import work
from tests.serving.test_service import ask, finish_chores

pytestmark = pytest.mark.usefixtures("no_documentation")


@pytest.fixture
def service(store: Store) -> Iterator[Service]:
    store.record(work(120))
    service = Service(store)
    finish_chores(service)
    yield service
    service.close()


def prompt(service: Service, shell: FakeShell) -> list[str]:
    return ask(service, shell.session, "P", "/srv")


def test_what_is_unhelpful_is_not_first_at_the_next_prompt(service: Service, store: Store) -> None:
    shell = FakeShell(store.paths.spool)
    shell.run("git commit -m wip")
    assert prompt(service, shell)[0] == "git push"
    give_feedback(store, "unhelpful", "/srv", shell.session, suggestion="git push", after="git commit -m wip")
    assert prompt(service, shell)[0] != "git push"
    assert ask(service, shell.session, "Q", "/srv", "git p")[0] == "git push", "typing asks for it"
    give_feedback(store, "helpful", "/srv", shell.session, suggestion="git push", after="git commit -m wip")
    assert prompt(service, shell)[0] == "git push"


def test_a_taught_pair_is_predicted_at_the_next_prompt_that_fits(service: Service, store: Store) -> None:
    shell = FakeShell(store.paths.spool)
    shell.run("git commit -m wip")
    prompt(service, shell)
    teach(store, "git commit -m wip", "git pull --rebase")
    assert prompt(service, shell)[0] == "git pull --rebase"
    shell.run("make")
    assert "git pull --rebase" not in prompt(service, shell)[:1]
    shell.run("git commit -m wip")
    assert prompt(service, shell)[0] == "git pull --rebase"


def test_what_became_of_a_suggestion_teaches_the_threshold_and_nothing_else(service: Service, store: Store) -> None:
    shell = FakeShell(store.paths.spool)
    shell.run("git commit -m wip")
    before = prompt(service, shell)
    assert service.learner is not None
    untaught = service.learner.manners.threshold.to_record()
    for _ in range(3):
        shell.sequence += 1
        shell.write(shell.record("S", str(shell.sequence), str(shell.clock), "", "/srv", "", "git commit -m wip"))
        shell.say("overridden", "git push", after="git commit -m wip")
        shell.end()
    assert prompt(service, shell), "the outcomes in the spool are no commands"
    assert not [line for line in before if line in ("accepted", "overridden")]
    drain(store)
    found = prompt(service, shell)
    assert service.learner.manners.threshold.to_record() != untaught
    assert "overridden" not in found
    context = service.learner.timeline.context(shell.session, "/srv", 2e9)
    assert [entry.command for entry in context.previous] == ["git commit -m wip"] * 4


def test_a_question_about_nothing_is_answered(service: Service) -> None:
    assert service.answer("s", Frame("W", ("7", ""))) == Frame("J", ("7", "{}"))
