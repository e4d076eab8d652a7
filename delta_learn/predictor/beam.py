"""Beam search for the most probable lines that begin with what is typed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from delta_learn.predictor.language import Floats, State
from delta_learn.predictor.patience import Over, never_over
from delta_learn.tokenizer.healing import PieceTable

_LEAST = math.log(1e-4)
"""A hypothesis this much less probable than what is typed is given up: a model at a loss would go on for long."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Tokens after the state that the search began with, and ln P of them given that state."""

    ids: tuple[int, ...]
    logprob: float
    remainder: bytes
    """What is still to be spelled of the typed prefix."""


@dataclass(frozen=True, slots=True, eq=False)
class Alphabet:
    """What a composed line may consist of."""

    pieces: PieceTable
    allowed: NDArray[np.bool_]  # (vocab_size,)
    end: int
    """The token that ends a line."""


def search(
    state: State, remainder: bytes, alphabet: Alphabet, *, width: int, max_tokens: int, over: Over = never_over
) -> list[Hypothesis]:
    """At most `width` lines from row 0 of `state` that spell `remainder` first, best first.

    Their `ids` leave out the end, their `logprob` includes it. Lines that do not end within `max_tokens`,
    or before the time is `over`, are not found.
    """
    live = [Hypothesis((), 0.0, remainder)]
    done: list[Hypothesis] = []
    spelled = -np.inf if remainder else 0.0  # ln P of the best hypothesis when it had spelled the remainder
    for _ in range(max_tokens):
        tokens: list[int] = []
        rows: list[int] = []
        grown: list[Hypothesis] = []
        for row, token, logprob in _best(state.logprobs, live, alphabet, 2 * width):
            parent = live[row]
            if token == alphabet.end:
                done.append(Hypothesis(parent.ids, logprob, b""))
            elif len(grown) < width and logprob > spelled + _LEAST:
                rest = alphabet.pieces.advance(parent.remainder, token)
                if parent.remainder and not rest:
                    spelled = max(spelled, logprob)
                grown.append(Hypothesis((*parent.ids, token), logprob, rest))
                tokens.append(token)
                rows.append(row)
        done = sorted(done, key=lambda each: -each.logprob)[:width]
        # Probability only falls with length: nothing alive can enter the list any more.
        if not grown or over() or (len(done) == width and done[-1].logprob >= grown[0].logprob):
            break
        state, live = state.extend(tokens, rows), grown
    return done


def _best(logprobs: Floats, live: list[Hypothesis], alphabet: Alphabet, count: int) -> list[tuple[int, int, float]]:
    """The `count` best continuations that are possible at all: (row, token, ln P), best first."""
    scores = np.full_like(logprobs, -np.inf)
    for row, hypothesis in enumerate(live):
        mask = alphabet.pieces.mask(hypothesis.remainder) & alphabet.allowed
        np.add(logprobs[row], hypothesis.logprob, out=scores[row], where=mask)
    flat = scores.ravel()
    places = np.argpartition(flat, -min(count, flat.size))[-count:]
    places = places[np.argsort(-flat[places], kind="stable")]
    vocab_size = logprobs.shape[1]
    return [
        (int(place) // vocab_size, int(place) % vocab_size, float(flat[place]))
        for place in places
        if np.isfinite(flat[place])
    ]
