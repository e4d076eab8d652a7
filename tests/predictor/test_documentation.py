"""predictor/documentation.py: what every predictor knows on the first day."""

from __future__ import annotations

from delta_learn.entry import CommandEntry
from delta_learn.predictor.context import Context
from delta_learn.predictor.documentation import documentation
from delta_learn.predictor.suggest import Predictor


def test_the_first_command_of_all_is_completed() -> None:
    predictor = Predictor(documentation=documentation())
    for prefix, word in [("git comm", "git commit"), ("tar --ex", "tar --ext"), ("systemctl sta", "systemctl sta")]:
        best = predictor.suggest(prefix, Context())[0].command
        assert best.startswith(word)
        assert len(best) > len(prefix)


def test_it_is_shared_and_never_changed() -> None:
    shared = documentation()
    size = len(shared)
    predictor = Predictor(documentation=shared)
    predictor.observe(CommandEntry("zq --unheard-of"), Context())
    assert predictor.suggest("zq", Context())[0].command == "zq --unheard-of"
    assert len(shared) == size
    assert documentation() is shared
    others = Predictor(documentation=shared).suggest("zq --", Context())
    assert all("unheard" not in each.command for each in others)


def test_what_a_person_types_counts_more() -> None:
    predictor = Predictor(documentation=documentation())
    context = Context(previous=(CommandEntry("ls"),))
    predictor.observe(CommandEntry("git comfort"), context)
    assert predictor.suggest("git com", context)[0].command == "git comfort"


def test_the_first_prompt_of_all_shows_what_everybody_types() -> None:
    predictor = Predictor(documentation=documentation())
    commands = [each.command for each in predictor.suggest("", Context())]
    assert commands[0] == "ls"
    assert {"pwd", "clear"} <= set(commands)
