"""Shares: of whom the saved keys are, and on which lines."""

from __future__ import annotations

import numpy as np
import pytest

from delta_learn.evaluation.shares import SavedLog, concatenated, shares


def test_shares_by_hand() -> None:
    log = SavedLog()
    for command, source, keys in [(0, "history", 4), (1, "copy", 3), (1, "history", 1), (1, "copy", 2)]:
        log.record(command, source, keys)
    saved = log.saved(3)
    assert {source: keys.tolist() for source, keys in saved.items()} == {"history": [4, 1, 0], "copy": [0, 5, 0]}
    told = shares(saved, np.array([3, 1, 0]), repeats=np.array([True, False, False]))
    assert told == {"shares": {"copy": 0.5, "history": 0.5}, "novel_share": 0.6, "novel_share_full": 0.25}


def test_nothing_saved_has_no_shares() -> None:
    told = shares({}, np.zeros(2, np.int64), repeats=np.array([True, False]))
    assert told == {"shares": None, "novel_share": None, "novel_share_full": None}


def test_a_source_that_a_part_lacks_saved_nothing_there() -> None:
    joined = concatenated([(2, {"history": np.array([1, 2])}), (1, {"copy": np.array([7])})])
    assert {source: keys.tolist() for source, keys in joined.items()} == {"history": [1, 2, 0], "copy": [0, 0, 7]}
    assert sum(keys.sum() for keys in joined.values()) == pytest.approx(10)
