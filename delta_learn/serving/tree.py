"""TreeEngine: a language model in terms of numpy (predictor/language.py), whatever computes its forward pass.

The continuations of a context are a tree over one row of keys and values: each is a few more columns that
only its own tokens see. A batch of rows would copy the context for every continuation; scoring 40 lines
takes half the time this way, and a step of 40 hypotheses a third (benchmarks/engine.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from delta_learn.errors import ModelError
from delta_learn.model.config import DeltaModelConfig

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
Cache = TypeVar("Cache")
"""Keys and values in columns; never changed once an engine has given it out."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """T tokens to be read after some columns of a cache, which need not be a row."""

    tokens: Integers
    """(T,)."""
    positions: Integers
    """(T,), each below max_tokens."""
    columns: Integers
    """(kept,), the columns of the cache that are kept, in this order; the T tokens come behind them."""
    sees: NDArray[np.bool_]
    """(T, kept + T), what each token sees."""
    wanted: int
    """The last `wanted` tokens are those whose successors are asked for."""
    kept: bool = True
    """Whether anything will be read after these tokens."""


class TreeEngine(ABC, Generic[Cache]):
    """A model for inference. Its subclasses read tokens; what is read, and where it lies, is known here."""

    def __init__(self, config: DeltaModelConfig, empty: Cache) -> None:
        """`empty` has no column."""
        self.config = config
        self._last: tuple[list[int], Cache] = ([], empty)

    @property
    def max_tokens(self) -> int:
        """Most tokens that a row may hold, context included."""
        return self.config.block_size

    @property
    def vocab_size(self) -> int:
        """Number of tokens that the model knows."""
        return self.config.vocab_size

    @abstractmethod
    def read(self, cache: Cache, reading: Reading) -> tuple[Cache, Floats]:
        """The columns kept and those of the tokens read; log-probabilities after the tokens: (wanted, vocab_size).

        Where `reading.kept` is False the cache that comes back is the one that was given, or any other.
        """

    def start(self, ids: Sequence[int]) -> TreeState[Cache]:
        """Read one row of at least one token.

        What the last row that was started has in common with this one is not read again; the results agree
        with those of a fresh engine to rounding.

        Raises:
            ModelError: no token, or more than max_tokens.
        """
        if not 1 <= len(ids) <= self.max_tokens:
            raise ModelError(f"The model reads 1 to {self.max_tokens} tokens at a time, not {len(ids)}.")
        before, cache = self._last
        same = takewhile(lambda pair: pair[0] == pair[1], zip(before, ids, strict=False))
        shared = min(sum(1 for _ in same), len(ids) - 1)
        new = len(ids) - shared
        places = np.arange(len(ids))
        sees = np.tri(new, len(ids), shared, dtype=np.bool_)
        tokens = np.array(ids[shared:], np.int64)
        cache, logprobs = self.read(cache, Reading(tokens, places[shared:], places[:shared], sees, wanted=1))
        self._last = list(ids), cache
        return TreeState(self, cache, context=len(ids), rows=1, steps=0, logprobs=logprobs)


@dataclass(frozen=True, slots=True, eq=False)
class TreeState(Generic[Cache]):
    """Rows that share a context and have since gone `steps` tokens on, each its own way. Never changed.

    Columns of the cache: the context, then one column for every row, for each step.
    """

    engine: TreeEngine[Cache]
    cache: Cache
    context: int
    """Columns that all rows see."""
    rows: int
    steps: int
    logprobs: Floats
    """Of the next token of each row: (rows, vocab_size)."""

    def extend(self, tokens: Sequence[int], rows: Sequence[int]) -> TreeState[Cache]:
        """Row i of the result is row `rows[i]` of this one, then `tokens[i]`: forks, drops and reorders.

        Raises:
            ModelError: the rows would pass max_tokens, or there are none.
        """
        depth = self._depth(1)
        if not tokens or len(tokens) != len(rows):
            raise ModelError(f"{len(tokens)} tokens cannot extend {len(rows)} rows: give one token for each.")
        count = len(rows)
        columns = self._columns(np.array(rows, np.int64))
        own = np.tile(np.eye(count, dtype=np.bool_), self.steps + 1)
        sees = np.concatenate((np.ones((count, self.context), np.bool_), own), axis=1)
        reading = Reading(np.array(tokens, np.int64), np.full(count, depth), columns, sees, wanted=count)
        cache, logprobs = self.engine.read(self.cache, reading)
        return TreeState(self.engine, cache, self.context, count, self.steps + 1, logprobs)

    def after(self, paths: Sequence[Sequence[int]]) -> Floats:
        """What follows row 0 and each of the paths, none of them empty: log-probabilities (n, vocab_size).

        What paths have in common is read once.

        Raises:
            ModelError: a path is empty or would pass max_tokens.
        """
        if not all(paths):
            raise ModelError("An empty path leads nowhere: what follows the row itself is known.")
        nodes = sorted({tuple(path[:end]) for path in paths for end in range(1, len(path) + 1)}, key=len)
        if not nodes:
            return np.empty((0, self.engine.vocab_size), np.float32)
        places = {node: place for place, node in enumerate(nodes)}
        logprobs = self.engine.read(self.cache, self._reading(nodes, places))[1]
        found: Floats = logprobs[[places[tuple(path)] for path in paths]]
        return found

    def _reading(self, nodes: Sequence[tuple[int, ...]], places: Mapping[tuple[int, ...], int]) -> Reading:
        """The last tokens of nodes, each of which sees row 0 and the nodes that lead to it, which come before it."""
        columns = self._columns(np.zeros(1, np.int64))
        own = np.eye(len(nodes), dtype=np.bool_)
        for place, node in enumerate(nodes):
            if len(node) > 1:
                own[place] |= own[places[node[:-1]]]
        sees = np.concatenate((np.ones((len(nodes), len(columns)), np.bool_), own), axis=1)
        positions = self._depth(len(nodes[-1])) - 1 + np.array([len(node) for node in nodes])
        tokens = np.array([node[-1] for node in nodes], np.int64)
        return Reading(tokens, positions, columns, sees, wanted=len(nodes), kept=False)

    def _columns(self, rows: Integers) -> Integers:
        """Where the tokens of `rows` lie in the cache: the context, then their columns, step by step."""
        steps = self.context + self.rows * np.arange(self.steps)[:, None] + rows  # (steps, rows)
        return np.concatenate((np.arange(self.context), steps.ravel()))

    def _depth(self, more: int) -> int:
        """The position of the next token, where `more` of them fit."""
        depth = self.context + self.steps
        if depth + more > self.engine.max_tokens:
            raise ModelError(
                f"{depth + more} tokens are more than the model reads at a time ({self.engine.max_tokens})."
            )
        return depth
