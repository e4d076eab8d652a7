from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delta_learn.trainer.schedule import FLOOR, rate_factor


def test_it_warms_up_in_a_line_and_cools_down_to_the_floor() -> None:
    factors = [rate_factor(step, 100, 0.1) for step in range(100)]
    assert factors[:10] == pytest.approx([(step + 1) / 11 for step in range(10)])
    assert factors[10] == 1
    assert factors[10:] == sorted(factors[10:], reverse=True)
    assert factors[99] == pytest.approx(FLOOR)
    middle = (rate_factor(10, 101, 0.1) + rate_factor(100, 101, 0.1)) / 2
    assert rate_factor(55, 101, 0.1) == pytest.approx(middle), "a cosine is half-way down in the middle"


@settings(deadline=None)
@given(st.integers(1, 500), st.floats(0, 0.9), st.data())
def test_it_is_never_zero_nor_above_the_peak(steps: int, warmup: float, data: st.DataObject) -> None:
    step = data.draw(st.integers(0, steps - 1))
    assert 0 < rate_factor(step, steps, warmup) <= 1
