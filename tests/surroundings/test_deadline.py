"""surroundings/deadline.py: a moment after which nobody waits."""

from __future__ import annotations

from delta_learn.surroundings.deadline import Deadline


def test_it_is_over_when_its_seconds_have_passed() -> None:
    now = [100.0]
    deadline = Deadline(5, clock=lambda: now[0])
    assert (deadline.left, deadline.over) == (5, False)
    now[0] = 104
    assert (deadline.left, deadline.over) == (1, False)
    now[0] = 106
    assert (deadline.left, deadline.over) == (0, True)
