"""Features of the history ranker: of past events, seen from the present situation, and of lines.

Every function returns float32 features as rows, one column for each event (T) or line (N).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from delta_learn.predictor.log import CommandLog
from delta_learn.predictor.logit import Floats
from delta_learn.predictor.names import UNKNOWN
from delta_learn.predictor.situation import Situation
from delta_learn.predictor.sortednames import Ids

EVENT_START = {
    "age": 1.0,
    "clock age": 0.0,
    "same line": 1.0,
    "same 2 lines": 0.0,
    "same 3 lines": 0.0,
    "same line 2 back": 0.0,
    "same line 3 back": 0.0,
    "same word": 1.0,
    "same word 2 back": 0.0,
    "same 2 words": 0.0,
    "same head": 0.0,
    "same head 2 back": 0.0,
    "same directory": 0.0,
    "same session": 0.0,
    "same opening": 0.0,
    "same outcome": 0.0,
    "similar pause": 0.0,
    "newest use": 0.0,
    "size": 0.0,
    "fresh": 0.0,
}
"""Features of an event, and their weights before anything is learned: near, and after the same command."""

LINE_START = {
    "evidence": 1.0,
    "same": 0.0,
    "once": 0.0,
    "rhythm": 0.0,
    "clock age": 0.0,
    "word after word": 0.0,
    "word use": 0.0,
    "last failed": 0.0,
    "failure rate": 0.0,
}
"""Features of a line and their weights before anything is learned: what the events say, and nothing else."""

NOVELTY_START = {"bias": 0.0, "short rate": 0.0, "long rate": 1.0, "last was new": 0.0, "best known": 0.0}
"""Features of the next line being new, and their weights before anything is learned: as often as of late."""

_SAME = {
    "same line": "line1",
    "same line 2 back": "line2",
    "same line 3 back": "line3",
    "same word": "word1",
    "same word 2 back": "word2",
    "same head": "head1",
    "same head 2 back": "head2",
    "same directory": "directory",
    "same session": "session",
    "same opening": "opens",
    "same outcome": "failed",
}
_BOTH = {
    "same 2 lines": ("same line", "same line 2 back"),
    "same 3 lines": ("same 2 lines", "same line 3 back"),
    "same 2 words": ("same word", "same word 2 back"),
}

WINDOW = 20_000
"""Newest events that are looked at; older ones count through the features of their lines."""

_FLOOR = 1e-7
_PAUSE_UNKNOWN = -3.0
_RHYTHM_UNKNOWN = -2.0
_FOLLOWERS = 1000
_FOLLOWER_DECAY = 0.97
_FOLLOWER_FLOOR = 0.01
_WORD_HALF_LIFE = 300.0
_WORD_FLOOR = 0.02
_SHORT, _LONG = 20, 300


def event_features(log: CommandLog, now: Situation) -> Floats:
    """Rows by the names of EVENT_START, for the newest WINDOW events: how each is like the present."""
    total = len(log.events)
    first = max(0, total - WINDOW)
    features, rows = _named_rows(EVENT_START, total - first)
    line = log.events["line"][first:]
    rows["age"][:] = -np.log(np.arange(total - first, 0, -1, dtype=np.float32))
    _clock_age(log.events["time"][first:], now.time, out=rows["clock age"])
    for name, column in _SAME.items():
        np.equal(log.events[column][first:], now[column], out=rows[name])
    for name, (one, other) in _BOTH.items():
        np.multiply(rows[one], rows[other], out=rows[name])
    _similar_pause(log.events["log_pause"][first:], now.log_pause, out=rows["similar pause"])
    np.equal(log.lines["last_event"][line], np.arange(first, total), out=rows["newest use"])
    rows["size"][:] = log.lines["log_size"][line]
    rows["fresh"][:] = log.events["fresh"][first:]
    return features


def line_features(log: CommandLog, now: Situation, evidence: Floats) -> Floats:
    """Rows by the names of LINE_START; `evidence` (N,) is the probability that the events give each line."""
    lines = log.lines
    features, rows = _named_rows(LINE_START, len(lines))
    rows["evidence"][:] = evidence
    rows["evidence"] += _FLOOR
    np.log(rows["evidence"], out=rows["evidence"])
    if now["line1"] != UNKNOWN:
        rows["same"][now["line1"]] = 1
    rows["once"][:] = lines["count"] == 1
    _rhythm(log, out=rows["rhythm"])
    _clock_age(lines["last_time"], now.time, out=rows["clock age"])
    _word_features(log, now, rows)
    rows["last failed"][:] = lines["last_failed"]
    rows["failure rate"][:] = lines["failure_rate"]
    return features


def _named_rows(names: Iterable[str], size: int) -> tuple[Floats, dict[str, Floats]]:
    """Zeros, and a view of each row by its name."""
    names = tuple(names)
    features = np.zeros((len(names), size), np.float32)
    return features, dict(zip(names, features, strict=True))


def _clock_age(then: NDArray[np.float64], now: float, out: Floats) -> None:
    """Minus the logarithm of the minutes since; 0 where a time is unknown or, by a changed clock, to come."""
    np.subtract(now, then, out=out, casting="same_kind")
    # fmax prefers the number: an unknown time becomes 0 minutes.
    np.fmax(out, 0, out=out)
    out /= 60
    _minus_log1p(out)


def _similar_pause(then: Floats, now: float, out: Floats) -> None:
    """Minus the difference of the pauses before, in logarithms: after a night other commands come than at work."""
    np.subtract(then, now, out=out)
    np.abs(out, out=out)
    np.negative(out, out=out)
    np.nan_to_num(out, copy=False, nan=_PAUSE_UNKNOWN)


def _rhythm(log: CommandLog, out: Floats) -> None:
    """How near the age of a line is to the mean, in logarithms, of the pauses between its uses."""
    np.subtract(len(log.events), log.lines["last_event"], out=out)
    _minus_log1p(out)
    out += log.lines["mean_log_gap"]
    np.abs(out, out=out)
    np.negative(out, out=out)
    out[log.lines["count"] == 1] = _RHYTHM_UNKNOWN


def _minus_log1p(values: Floats) -> None:
    """In place; numpy has a vectorised `log` but no vectorised `log1p`."""
    values += 1
    np.log(values, out=values)
    np.negative(values, out=values)


def _word_features(log: CommandLog, now: Situation, rows: dict[str, Floats]) -> None:
    """What tends to come after a command with the same first word, and which words are in use."""
    events, word = log.events, log.lines["word"]
    after = np.flatnonzero(events["word1"][-WINDOW:] == now["word1"])[-_FOLLOWERS:]
    weights = _FOLLOWER_DECAY ** np.arange(len(after) - 1, -1, -1, dtype=np.float32)
    share = np.bincount(events["word"][-WINDOW:][after], weights, len(log.words)) / (weights.sum() + 1)
    rows["word after word"][:] = np.log1p(share / _FOLLOWER_FLOOR)[word]
    recent = events["word"][-int(10 * _WORD_HALF_LIFE) :]
    decay = 0.5 ** (np.arange(len(recent) - 1, -1, -1) / _WORD_HALF_LIFE)
    rows["word use"][:] = np.log(np.bincount(recent, decay, len(log.words)) + _WORD_FLOOR)[word]


def novelty_features(log: CommandLog, log_best: float) -> Floats:
    """Rows by the names of NOVELTY_START, (F, 2): a new line, and a known one as the zero to compare with.

    `log_best` is ln P of the most probable line among the known ones.
    """
    fresh = log.events["fresh"]
    rows = {
        "bias": 1.0,
        "short rate": _log_odds(fresh[-_SHORT:]),
        "long rate": _log_odds(fresh[-_LONG:]),
        "last was new": fresh[-1],
        "best known": log_best,
    }
    return np.array([[rows[name], 0.0] for name in NOVELTY_START], np.float32)


def _log_odds(flags: Ids) -> float:
    ones = int(flags.sum())
    return float(np.log((ones + 1) / (len(flags) - ones + 1)))
