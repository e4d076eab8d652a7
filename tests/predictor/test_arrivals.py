"""predictor/arrivals.py: what was just made is entered, as often as this person does."""

from __future__ import annotations

import math

import msgpack
import pytest

from delta_learn.entry import CommandEntry
from delta_learn.predictor.arrivals import Arrivals, made_by
from delta_learn.predictor.context import Context
from delta_learn.predictor.suggest import Predictor


def after(command: str, exit_code: int | None = 0) -> Context:
    return Context(previous=[CommandEntry(command, exit_code=exit_code)])


def watch(arrivals: Arrivals, *pairs: tuple[str, str]) -> Arrivals:
    for made, then in pairs:
        arrivals.observe(CommandEntry(then), after(made))
    return arrivals


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("mkdir thesis", "thesis"),
        ("mkdir -p src/parser/", "src/parser"),
        ("git clone https://example.org/ann/tool.git", "tool"),
        ("git clone --depth 1 git@example.org:ann/tool.git", "tool"),
        ("git clone host:tool", "tool"),
        ("git clone https://example.org/ann/tool.git here", "here"),
        ("git worktree add ../fix main", "../fix"),
        ("cargo new rocket --lib", "rocket"),
        ("tar -xzf ~/Downloads/data-1.2.tar.gz", "data-1.2"),
        ("unzip data.zip", "data"),
        ("mkdir one two", None),
        ("mkdir -m 700 one", None),
        ("mkdir one && cd one", None),
        ("mkdir 'my papers'", None),
        ("mkdir $name", None),
        ("mkdir {a,b}", None),
        ("git clone", None),
        ("git pull", None),
        ("tar czf a.tar.gz b.tar.gz", None),
        ("mkdir ..", None),
        ("", None),
    ],
)
def test_what_a_command_leaves(command: str, path: str | None) -> None:
    made = made_by(command)
    assert (made and made.path) == path


def test_the_rate_is_that_of_the_person_and_of_what_made_it() -> None:
    arrivals = watch(Arrivals(), *[(f"mkdir d{i}", f"cd d{i}" if i % 4 else "ls") for i in range(40)])
    ((line, score),) = arrivals.propose(after("mkdir new"))
    assert line == "cd new"
    assert math.exp(score) == pytest.approx((30 + 2) / 44)
    ((_, other),) = arrivals.propose(after("unzip new.zip"))
    assert math.exp(other) == pytest.approx(0.25)


def test_it_is_written_as_the_person_writes_it() -> None:
    arrivals = watch(Arrivals(), ("mkdir one", "cd one/"), ("mkdir two", "cd two/"), ("mkdir three", "cd three"))
    assert arrivals.propose(after("mkdir new"))[0][0] == "cd new/"


@pytest.mark.parametrize("context", [Context(), after("mkdir new", exit_code=1), after("ls")])
def test_nothing_where_nothing_was_made(context: Context) -> None:
    assert Arrivals().propose(context) == []


def test_what_was_learned_survives() -> None:
    arrivals = watch(Arrivals(), ("mkdir one", "cd one/"), ("git clone a:b", "ls"))
    again = Arrivals.from_record(msgpack.unpackb(msgpack.packb(arrivals.to_record())))
    assert again.propose(after("mkdir x")) == arrivals.propose(after("mkdir x"))
    assert again.propose(after("git clone a:x")) == arrivals.propose(after("git clone a:x"))


def test_a_predictor_suggests_it_first() -> None:
    predictor, previous = Predictor(), [CommandEntry("mkdir new", exit_code=0)]
    for number in range(5):
        for command in (f"mkdir d{number}", f"cd d{number}", "make", "cd .."):
            predictor.observe(CommandEntry(command, exit_code=0), Context(previous=previous[-1:]))
            previous.append(CommandEntry(command, exit_code=0))
    assert predictor.suggest("", after("mkdir thesis"), 1)[0].command == "cd thesis"
