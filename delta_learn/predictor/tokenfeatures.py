"""Features of past tokens, seen from a place in the line that is being typed, and of the chance that none fits."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from delta_learn.predictor.logit import Floats
from delta_learn.predictor.memory import PROMPT_COLUMNS, Positions, Prompt, TokenMemory
from delta_learn.predictor.place import COLUMNS, Place

TOKEN_START = {
    "age": 1.0,
    "last": 1.0,
    "pair": 1.0,
    "triple": 1.0,
    "line": 1.5,
    "head": 1.0,
    "word": 1.0,
    "slot": 0.5,
    "line1": 0.0,
    "line2": 0.0,
    "head1": 0.0,
    "directory": 0.0,
    "session": 0.0,
    "previous": 0.5,
    "documented": -1.0,
    "line, line1": 1.0,
    "line, head1": 0.5,
    "line, directory": 0.3,
    "line, session": 0.0,
    "pair, head": 0.0,
    "last, head": 0.5,
    "last, line1": 0.0,
    "last, head1": 0.0,
    "last, directory": 0.0,
    "last, word": 0.0,
    "last, previous": 0.0,
}
"""Features of a past token and their weights before anything is learned: near, and in the same place."""

ESCAPE_START = {
    "bias": 0.0,
    "best": 0.0,
    "all": 0.0,
    "agreement": 0.0,
    "line": 0.0,
    "pair": 0.0,
    "last": 0.0,
    "rate": 0.0,
    "word next": 0.0,
    "choice": 0.0,
    "line, line1": 0.0,
    "opening": 0.0,
}
"""Features of the next token being none of the similar ones, and their weights before anything is learned."""

_PAIRS = [name.split(", ") for name in TOKEN_START if ", " in name]
_NAMES = tuple(TOKEN_START)
_ROW = {name: row for row, name in enumerate(_NAMES)}
_PLACE_ROWS = slice(_ROW[COLUMNS[0]], _ROW[COLUMNS[-1]] + 1)
_PAIR_ROWS = slice(_ROW[", ".join(_PAIRS[0])], _ROW[", ".join(_PAIRS[-1])] + 1)
_ONES, _OTHERS = (np.array([_ROW[name] for name in names]) for names in zip(*_PAIRS, strict=True))
_PROMPT_ROWS = slice(_ROW[PROMPT_COLUMNS[0]], _ROW[PROMPT_COLUMNS[-1]] + 1)


def token_features(memory: TokenMemory, positions: Positions, place: Place, prompt: Prompt) -> Floats:
    """Rows by the names of TOKEN_START, a column for each position: how like this place it is."""
    events = memory.events_at(positions)
    features = np.zeros((len(_NAMES), len(positions)), np.float32)
    # The order of documentation says nothing.
    age = memory.events - np.maximum(events, memory.documented - 1)
    features[0] = -np.log(age)
    features[_PLACE_ROWS] = memory.same_place(positions, place)
    features[_PROMPT_ROWS] = memory.same_prompt(events, prompt)
    features[_ROW["previous"]] = age == 1
    features[_ROW["documented"]] = events < memory.documented
    np.multiply(features[_ONES], features[_OTHERS], out=features[_PAIR_ROWS])
    return features


def in_such_places(token_rows: Floats) -> NDArray[np.bool_]:
    """Which of the tokens stood in places with a context like this one's: (n,)."""
    found: NDArray[np.bool_] = np.logical_or(token_rows[_ROW["last"]], token_rows[_ROW["word"]])
    return found


def escape_features(
    token_rows: Floats, scores: Floats, shares: Mapping[int, float], rate: float, place: Place
) -> Floats:
    """Rows by the names of ESCAPE_START, (F, 2): none of the similar tokens, and one of them as the zero.

    `token_rows` and `scores` (n,) are the features and the weighted sums of the similar tokens, `shares` what
    each token gets by them, `rate` how often none fitted in such places.
    """
    top = float(scores.max())
    any_row = token_rows.max(axis=1).tolist()
    rows = {
        "bias": 1.0,
        "best": top,
        "all": top + math.log(float(np.exp(scores - top).sum())),
        "agreement": math.log(max(shares.values())),
        "line": any_row[_ROW["line"]],
        "pair": any_row[_ROW["pair"]],
        "last": any_row[_ROW["last"]],
        "rate": math.log(rate / (1 - rate)),
        "word next": float(place.word_next),
        "choice": math.log(len(shares)),
        "line, line1": any_row[_ROW["line, line1"]],
        "opening": float(place == Place()),
    }
    result: NDArray[np.float32] = np.zeros((len(ESCAPE_START), 2), np.float32)
    result[:, 0] = [rows[name] for name in ESCAPE_START]
    return result
