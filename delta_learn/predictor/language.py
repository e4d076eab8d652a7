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

    def after(self, paths: Sequence[Sequence[int]]) -> Floats:
        """Natural log-probability of the token after row 0 and each of the paths: (n, vocab_size) float32.

        Paths may differ in length; none is empty. What they have in common costs once.
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
