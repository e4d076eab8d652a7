"""predictor/lineevidence.py against a count by hand over the log."""

import math

import numpy as np
import pytest

from delta_learn.entry import CommandEntry
from delta_learn.predictor.context import Context
from delta_learn.predictor.contexts import contexts
from delta_learn.predictor.features import event_features
from delta_learn.predictor.lineevidence import LIKE, NAMES, followers, line_evidence
from delta_learn.predictor.log import CommandLog


def logged(entries: list[CommandEntry]) -> CommandLog:
    log = CommandLog()
    for entry, (_, context) in zip(entries, contexts(entries), strict=True):
        log.record(entry, context)
    return log


def test_shares_are_those_counted_by_hand(habits: list[CommandEntry]) -> None:
    log = logged(habits)
    context = Context(previous=habits[-2:], session=habits[-1].session, timestamp=habits[-1].timestamp)
    now = log.situation(context)
    lines = np.array([log.texts.find(text) for text in ("git status", "make test", "ls -la")], np.int32)
    found = followers(log, event_features(log, now)).log_shares(lines)
    after = [i for i in range(1, len(habits)) if habits[i - 1].command == habits[-1].command]
    newest = [habits[i].command for i in reversed(after)][:32]
    weights = [0.8**rank for rank in range(len(newest))]
    assert newest
    for line, text in enumerate(("git status", "make test", "ls -la")):
        share = sum(weight for weight, command in zip(weights, newest, strict=True) if command == text)
        expected = math.log((share + 0.05) / (sum(weights) + 0.5))
        assert found[LIKE.index(("same line",)), line] == pytest.approx(expected, abs=1e-5)


def test_kinds_of_two_features_are_those_where_both_hold(habits: list[CommandEntry]) -> None:
    log = logged(habits)
    now = log.situation(Context(previous=habits[-2:], session=habits[-1].session))
    events = event_features(log, now)
    found = followers(log, events)
    both, session = LIKE.index(("same line", "same session")), LIKE.index(("same session",))
    assert (found.weights[both] > 0).sum() <= (found.weights[session] > 0).sum()
    events[:] = 0
    nothing = followers(log, events)
    assert (nothing.lines == -1).all()
    assert nothing.log_shares(np.array([0, 1], np.int32)) == pytest.approx(math.log(0.1))


def test_a_line_has_a_feature_for_every_name(habits: list[CommandEntry]) -> None:
    log = logged(habits)
    now = log.situation(Context(previous=habits[-2:], session=habits[-1].session))
    lines = np.array([log.texts.find(habits[-1].command), 0], np.int32)
    scores = np.linspace(-5, -1, len(log.texts)).astype(np.float32)
    rows = line_evidence(log, now, lines, scores, followers(log, event_features(log, now)))
    assert rows.shape == (2, len(NAMES))
    named = dict(zip(NAMES, rows[0], strict=True))
    assert named["score"] == scores[lines[0]]
    assert named["last"] == 1
    assert named["age"] == 0
    assert named["uses"] == pytest.approx(math.log(sum(e.command == habits[-1].command for e in habits)))
    assert np.isfinite(rows).all()
