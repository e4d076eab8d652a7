"""report/habits.py: what follows what."""

from __future__ import annotations

import pytest

from delta_learn.entry import CommandEntry, Session
from delta_learn.report.habits import Habit, habits, repeated


def session(*commands: str) -> Session:
    return Session("s", tuple(CommandEntry(command) for command in commands))


def test_what_is_mostly_next_is_a_habit_and_the_most_frequent_comes_first() -> None:
    sessions = [session("a", "b")] * 30 + [session("a", "c")] * 2 + [session("d", "e")] * 10
    assert habits(sessions) == [Habit("a", "b", 30, 32), Habit("d", "e", 10, 10)]
    assert habits(sessions, most=1) == [Habit("a", "b", 30, 32)]


def test_chance_is_no_habit() -> None:
    assert habits([session("a", "b")] * 2) == []
    assert habits([session("a", "b"), session("a", "c")] * 100) == []


def test_the_end_of_a_session_is_followed_by_nothing() -> None:
    assert habits([session("a", "b"), session("x")] * 9) == [Habit("a", "b", 9, 9)]


@pytest.mark.parametrize("never", ["a", "b"])
def test_what_is_never_suggested_is_no_habit(never: str) -> None:
    assert habits([session("a", "b")] * 9, never={never}) == []


def test_the_certainty_is_the_lower_end_of_wilsons_interval() -> None:
    assert Habit("", "", 81, 263).certainty == pytest.approx(0.2632, abs=1e-3)  # 0.308 +- 0.047, by hand
    assert Habit("", "", 90, 100).certainty > Habit("", "", 9, 10).certainty


def test_only_lines_that_came_before_are_repeated() -> None:
    assert repeated([CommandEntry(c) for c in ("a", "b", "a", "a")]) == 2
