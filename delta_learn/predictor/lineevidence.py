"""Features of known lines for their refinement: what each kind of like situation was followed by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from delta_learn.predictor.features import EVENT_START
from delta_learn.predictor.log import CommandLog
from delta_learn.predictor.logit import Floats
from delta_learn.predictor.situation import Situation
from delta_learn.predictor.sortednames import Ids

LIKE = (
    ("same line",),
    ("same 2 lines",),
    ("same 3 lines",),
    ("same line 2 back",),
    ("same line 3 back",),
    ("same word",),
    ("same head",),
    ("same head", "same head 2 back"),
    ("same directory",),
    ("same session",),
    ("same line", "same directory"),
    ("same line", "same session"),
)
"""Kinds of like situations, by the features of an event that all hold."""

_NEWEST = 32
_DECAY = 0.8
_UNSEEN = 0.05
_PRIOR = 0.5
_ROWS = {name: row for row, name in enumerate(EVENT_START)}

_OWN = ("score", "size", "age", "uses", "gap", "last", "2 back", "3 back")
NAMES = (*_OWN, *map(", ".join, LIKE))
"""The features of a line: its own, and its share of what followed each kind of like situation."""


@dataclass(frozen=True, slots=True, eq=False)
class Followers:
    """What followed the newest situations of each kind in LIKE."""

    lines: Ids  # (K, _NEWEST), -1 where there are fewer
    weights: Floats  # (K, _NEWEST)

    def log_shares(self, lines: Ids) -> Floats:
        """ln of the share of each line in each kind: (K, len(lines))."""
        same = self.lines[:, :, None] == lines  # (K, _NEWEST, N)
        found = np.einsum("kn,knm->km", self.weights, same.astype(np.float32))
        shares: Floats = np.log((found + _UNSEEN) / (self.weights.sum(1, keepdims=True) + _PRIOR))
        return shares


def followers(log: CommandLog, event_features: Floats) -> Followers:
    """Of the events whose features (F, T) are given: the newest count most."""
    line = log.events["line"][-event_features.shape[1] :]
    lines = np.full((len(LIKE), _NEWEST), -1, np.int32)
    weights = np.zeros((len(LIKE), _NEWEST), np.float32)
    decay = _DECAY ** np.arange(_NEWEST, dtype=np.float32)
    for row, names in enumerate(LIKE):
        like = np.logical_and.reduce([event_features[_ROWS[name]] for name in names])
        newest = np.flatnonzero(like)[: -_NEWEST - 1 : -1]
        lines[row, : len(newest)] = line[newest]
        weights[row, : len(newest)] = decay[: len(newest)]
    return Followers(lines, weights)


def line_evidence(
    log: CommandLog,
    now: Situation,
    lines: Ids,
    scores: Floats,
    followed: Followers,
) -> Floats:
    """Features of some lines: (len(lines), len(NAMES)); `scores` are those of all lines."""
    table = log.lines
    own = (
        scores[lines],
        table["log_size"][lines],
        np.log(len(log.events) - table["last_event"][lines]),
        np.log(table["count"][lines]),
        table["mean_log_gap"][lines],
        *(lines == now[f"line{back}"] for back in (1, 2, 3)),
    )
    features: Floats = np.concatenate([np.array(own, np.float32), followed.log_shares(lines)]).T
    return features
