"""predictor/places.py: whole columns of places, as `Place.after` makes them one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.predictor.lexer import END, tokens
from delta_learn.predictor.names import Names
from delta_learn.predictor.place import COLUMNS, Place
from delta_learn.predictor.places import places

LINES = st.lists(st.text("ab c/-\t", max_size=12) | st.text(max_size=6), max_size=8)


@given(LINES)
def test_every_place_is_the_one_that_is_reached_step_by_step(lines: list[str]) -> None:
    names = Names()
    numbers: list[int] = []
    starts: list[int] = []
    expected = []
    for line in lines:
        starts.append(len(numbers))
        place = Place()
        for token in (*tokens(line), END):
            numbers.append(names.add(token))
            expected.append(place.numbers())
            place = place.after(token)
    found = places(np.array(numbers, np.int32), np.array(starts, np.int32), names.to_record())
    assert found.T.tolist() == [list(each) for each in expected]
    assert found.shape == (len(COLUMNS), len(numbers))
