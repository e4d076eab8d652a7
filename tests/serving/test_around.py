"""What stands around a prompt changes what is suggested at it: through the service, with real directories."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.serving.around import Around
from delta_learn.serving.protocol import Frame
from delta_learn.serving.service import Service
from tests.collector.conftest import FakeShell
from tests.serving.test_service import ask, finish_chores

pytestmark = pytest.mark.usefixtures("no_documentation")


class Person:
    """Types in one directory, and is answered."""

    def __init__(self, store: Store, directory: Path) -> None:
        self.store, self.directory = store, directory
        self.shell = FakeShell(store.paths.spool)
        self.service = Service(store)

    def did(self, *commands: str, times: int = 6) -> None:
        """A habit from before: `%` is a number, another one each time."""
        lines = [command.replace("%", str(turn)) for turn in range(times) for command in commands]
        self.store.record(
            CommandEntry(line, str(self.directory), 1e9 + 60 * i, exit_code=0, session="past", sequence=i)
            for i, line in enumerate(lines)
        )
        finish_chores(self.service)

    def runs(self, command: str, exit_code: int = 0) -> None:
        self.shell.run(command, exit_code, directory=str(self.directory))

    def sees(self, typed: str | None = None) -> list[str]:
        directory = str(self.directory)
        prompt = ask(self.service, self.shell.session, "P", directory)
        return prompt if typed is None else ask(self.service, self.shell.session, "Q", directory, typed)


@pytest.fixture
def person(store: Store, tmp_path: Path) -> Iterator[Person]:
    (tmp_path / "work").mkdir()
    person = Person(store, tmp_path / "work")
    yield person
    person.service.close()


def marks(person: Person, line: str, typed: str) -> str:
    """How `line` is marked in the answer to `typed`."""
    person.sees()
    answer = person.service.answer(person.shell.session, Frame("Q", ("9", str(person.directory), typed)))
    assert answer is not None
    texts = answer.fields[2::4]
    return answer.fields[3::4][texts.index(line)]


def test_of_many_names_that_which_begins_as_it_is_typed(person: Person) -> None:
    person.did("vim note%.txt")
    (person.directory / "zebra.txt").touch()
    for number in range(60):
        (person.directory / f"newer{number}.txt").touch()
    assert person.sees("vim ze")[0] == "vim zebra.txt"


def test_a_name_with_a_space_is_completed_as_the_shell_wants_it(person: Person) -> None:
    person.did("vim note%.txt")
    (person.directory / "My Letter.txt").touch()
    assert person.sees("vim My\\ L")[0] == "vim My\\ Letter.txt"


def test_one_goes_where_there_is_something(person: Person) -> None:
    person.did("cd old", "make", "cd -")
    assert "cd old" not in person.sees()
    assert "cd old" not in person.sees("cd o")
    (person.directory / "old").mkdir()
    assert person.sees("cd o")[0] == "cd old"


def test_what_was_just_made_is_entered(person: Person) -> None:
    person.did("mkdir part%", "cd part%", "make", "cd ..")
    (person.directory / "part0").mkdir()
    (person.directory / "thesis").mkdir()
    person.runs("mkdir thesis")
    assert person.sees()[0] == "cd thesis"


def test_what_was_just_cloned_is_entered(person: Person) -> None:
    person.did("git clone https://example.org/ann/tool%.git", "cd tool%", "make", "cd ..")
    (person.directory / "rocket").mkdir()
    person.runs("git clone https://example.org/bob/rocket.git")
    assert person.sees()[0] == "cd rocket"


def test_a_command_that_was_not_found_is_suggested_no_more_until_it_is(person: Person) -> None:
    person.did("frobnicate", "ls")
    person.runs("ls")
    assert "frobnicate" in person.sees()
    person.runs("frobnicate", exit_code=127)
    person.runs("ls")
    assert "frobnicate" not in person.sees()
    assert "frobnicate" not in person.sees("frob")
    person.runs("frobnicate")
    person.runs("ls")
    assert "frobnicate" in person.sees()


def test_a_failed_command_is_followed_by_what_was_meant(person: Person) -> None:
    person.did("git status", "make")
    person.runs("gti status", exit_code=127)
    assert person.sees()[0] == "git status"


def test_what_destroys_is_marked(person: Person) -> None:
    (person.directory / "build").mkdir()
    person.did("rm -rf build", "make")
    assert "d" in marks(person, "rm -rf build", "rm")
    assert "d" not in marks(person, "make", "ma")


def test_what_begins_with_a_space_is_private(person: Person) -> None:
    person.did("ls")
    assert person.sees(" l") == []


def test_looks_end_with_the_time_of_a_request(person: Person) -> None:
    (person.directory / "file").touch()
    around = Around(str(person.directory))
    assert around("vim ") == ()  # no request has begun
    around.begin(seconds=30.0)
    assert around("vim ") == ("file",)
    around.begin(seconds=0.0)
    assert around("vim ") == ("file",)  # known
