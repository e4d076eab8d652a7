"""predictor/patience.py: a search that someone waits for ends in time."""

from __future__ import annotations

from delta_learn.predictor.patience import over_in


def test_the_time_is_over_after_so_many_seconds() -> None:
    now = 100.0
    over = over_in(0.5, clock=lambda: now)
    assert not over()
    now = 100.4
    assert not over()
    now = 100.5
    assert over()


def test_without_a_limit_there_is_time_enough() -> None:
    assert not over_in(None, clock=lambda: 1e9)()
