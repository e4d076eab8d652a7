"""LanguageModel: what the neural expert needs of a model, in numpy terms; serving implements it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class State(Protocol):
    """Rows of tokens that a model has read, all equally long. Never changed: `extend` makes a new one."""

    @property
    def logprobs(self) -> Floats:
        """Natural log-probability of the next token of each row: (rows, vocab_size) float32."""
        ...

    def extend(self, tokens: Sequence[int], rows: Sequence[int]) -> State:
        """Row i of the result is row `rows[i]` followed by `tokens[i]`: forks, drops and reorders."""
        ...

    def score(self, continuations: Sequence[Sequence[int]]) -> Floats:
        """Natural log-probability of each whole continuation of row 0, in one batch: (n,) float32.

        Continuations may differ in length; none is empty.
        """
        ...


class LanguageModel(Protocol):
    """A causal model of tokens."""

    @property
    def max_tokens(self) -> int:
        """Most tokens that a row may hold, context included."""
        ...

    def start(self, ids: Sequence[int]) -> State:
        """Read one row of at least one token."""
        ...
