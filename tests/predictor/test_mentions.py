"""predictor/mentions.py: what a command leaves behind can be completed at the next prompt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.entry import CommandEntry
from delta_learn.predictor.mentions import REMEMBERED, Mentions


def after(*commands: str | CommandEntry) -> list[str]:
    mentions = Mentions()
    for command in commands:
        mentions.follow(command if isinstance(command, CommandEntry) else CommandEntry(command))
    return list(mentions.words())


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("mkdir -p src/parser", ["src/parser"]),
        ("mkdir build/ && cd build/", ["build"]),
        ("git clone https://example.org/someone/project.git", ["project"]),
        ("git clone git@example.org:someone/project.git ~/work", ["~/work", "project"]),
        ("wget https://example.org/files/data-1.2.tar.gz?raw=1", ["data-1.2.tar.gz"]),
        ("sudo touch notes.txt", ["notes.txt"]),
        ("sort words >sorted.txt 2> errors", ["errors", "sorted.txt"]),
        ("git checkout -b feature/lexer", ["feature/lexer"]),
        ("git tag v1.2.9", ["v1.2.10", "v1.2.9"]),
        ("python train.py --lr 0.1", []),
        ("pip install pkg==2.0.9", ["2.0.10"]),
        ("ls *.py", []),
        ("cd ..", []),
        ("cd $HOME", []),
    ],
)
def test_names_are_found(command: str, names: list[str]) -> None:
    assert after(command) == names


def test_the_newest_come_first_and_only_so_many_stay() -> None:
    assert after("mkdir one", "mkdir two", "cd one") == ["one", "two"]
    many = after(*(f"touch file{number}" for number in range(100)))
    assert many == [f"file{number}" for number in range(99, 69, -1)]


def test_names_that_are_not_mentioned_again_are_forgotten() -> None:
    assert after("mkdir build", *["make"] * (REMEMBERED - 1)) == ["build"]
    assert after("mkdir build", *["make"] * REMEMBERED) == []


def test_what_failed_made_nothing() -> None:
    assert after(CommandEntry("cd nowhere", exit_code=1)) == []


@given(st.text())
def test_any_command_is_taken(command: str) -> None:
    assert all(word and not word.isspace() for word in after(command))
