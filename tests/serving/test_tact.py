"""serving/tact.py: what is left out, and what the marks say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from delta_learn.predictor.suggestion import Suggestion
from delta_learn.serving.tact import Tact
from delta_learn.serving.threshold import Threshold
from delta_learn.surroundings.deadline import Deadline


def suggestion(command: str, probability: float = 0.5, *, whole: bool = True) -> Suggestion:
    return Suggestion(command, probability, "history", whole=whole)


def standing(*falling: str) -> Callable[[str, str, Deadline], bool]:
    return lambda command, directory, deadline: command not in falling


def marks(command: str, prefix: str = "", probability: float = 0.5, *, whole: bool = True) -> str:
    (judged,) = Tact(stands=standing()).judge([suggestion(command, probability, whole=whole)], prefix, "/")
    return judged.marks


def test_what_cannot_work_is_left_out_and_the_rest_becomes_more_probable() -> None:
    tact = Tact(stands=standing("cd none"))
    judged = tact.judge([suggestion("cd none", 0.6), suggestion("git status", 0.2)], "", "/")
    assert [(each.text, round(each.probability, 3)) for each in judged] == [("git status", 0.5)]


def test_what_was_not_found_last_time_is_left_out() -> None:
    tact = Tact(stands=standing())
    judged = tact.judge([suggestion("gti status"), suggestion("git status")], "g", "/", failed={"gti status"})
    assert [each.text for each in judged] == ["git status"]


def test_files_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    lines = ["cd src", "cd none", "cat none", "mkdir src", "ls"]
    judged = Tact().judge([suggestion(line, 0.1) for line in lines], "", str(tmp_path), deadline=Deadline(30))
    assert [each.text for each in judged] == ["cd src", "ls"]


def test_of_a_beginning_and_in_an_unknown_directory_nobody_can_tell() -> None:
    tact = Tact(stands=lambda *_: False)
    assert tact.judge([suggestion("cd no", whole=False)], "cd", "/")
    assert tact.judge([suggestion("cd none")], "cd", None)
    assert not tact.judge([suggestion("cd none")], "cd", "/")


@pytest.mark.parametrize("prefix", [" ", " git", "\tgit"])
def test_a_private_line_gets_nothing(prefix: str) -> None:
    assert Tact(stands=standing()).judge([suggestion(prefix + "status")], prefix, "/") == []


def test_private_lines_are_not_suggested() -> None:
    assert Tact(stands=standing()).judge([suggestion(" export X=1")], "", "/") == []


def test_marks() -> None:
    assert marks("git status") == "s"
    assert marks("git status", whole=False) == "sp"
    assert marks("rm -rf build") == "sd"
    assert marks("rm -rf build", "rm -rf b", whole=False) == "spd"


def test_what_is_not_sure_enough_is_listed_without_its_mark() -> None:
    assert marks("git status", probability=0.001) == ""
    assert marks("git status", "git", probability=0.5) == "s"
    # The key that would take one character over is as long as the character.
    assert marks("ls", "l", probability=0.99) == ""


def test_the_threshold_of_this_person_decides() -> None:
    threshold = Threshold()
    for _ in range(100):
        threshold.learn("overridden", 0.5, taken=0, empty=True)
    tact = Tact(threshold, standing())
    (judged,) = tact.judge([suggestion("git status", 0.5)], "", "/", turn=1)
    assert judged.marks == ""
    (judged,) = tact.judge([suggestion("git status", 0.5)], "git", "/", turn=1)
    assert judged.marks == "s"


def test_probabilities_stay_probabilities() -> None:
    tact = Tact(stands=standing("a", "b"))
    judged = tact.judge([suggestion("a", 0.7), suggestion("b", 0.3), suggestion("c", 0.1)], "", "/")
    assert [each.probability for each in judged] == [1.0]
