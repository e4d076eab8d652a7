"""TorchEngine: the language model at the prompt, in terms of numpy (predictor/language.py, LanguageModel).

The continuations of a context are a tree over one row of keys and values: each is a few more columns that
only its own tokens see. A batch of rows would copy the context for every continuation; scoring 40 lines
takes half the time this way, and a step of 40 hypotheses a third (benchmarks/engine.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from delta_learn.errors import ModelError
from delta_learn.model.cache import KVCache
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.weights import weights_from_bytes

Floats = NDArray[np.float32]


class TorchEngine:
    """A model for inference: float32, no dropout, a fixed number of CPU threads."""

    def __init__(self, model: DeltaModel, *, threads: int = 1) -> None:
        """Take over `model`. Sets torch's number of threads for the whole process.

        One thread is faster than two for models this small, unless nothing else runs.
        """
        torch.set_num_threads(threads)
        self.model = model.eval().float()
        self._last: tuple[list[int], KVCache] = ([], KVCache(model.config, capacity=0))

    @property
    def max_tokens(self) -> int:
        """Most tokens that a row may hold, context included."""
        return self.model.config.block_size

    @property
    def vocab_size(self) -> int:
        """Number of tokens that the model knows."""
        return self.model.config.vocab_size

    @torch.inference_mode()
    def start(self, ids: Sequence[int]) -> TorchState:
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
        cache = cache.pick(torch.arange(shared), room=len(ids) - shared)
        new = torch.tensor([ids[shared:]])  # (1, T)
        hidden = self.model.hidden(new, cache=cache)[0, -1:]  # (1, n_embed)
        self._last = list(ids), cache
        return TorchState(self, cache, context=len(ids), rows=1, steps=0, logprobs=self.logprobs(hidden).numpy())

    def logprobs(self, hidden: Tensor) -> Tensor:
        """Log-probabilities (n, vocab_size) of the tokens after `hidden` (n, n_embed)."""
        return self.model.logits(hidden).log_softmax(-1)


@dataclass(frozen=True, slots=True, eq=False)
class TorchState:
    """Rows that share a context and have since gone `steps` tokens on, each its own way. Never changed.

    Columns of the cache: the context, then one column for every row, for each step.
    """

    engine: TorchEngine
    cache: KVCache
    context: int
    """Columns that all rows see."""
    rows: int
    steps: int
    logprobs: Floats
    """Of the next token of each row: (rows, vocab_size)."""

    @torch.inference_mode()
    def extend(self, tokens: Sequence[int], rows: Sequence[int]) -> TorchState:
        """Row i of the result is row `rows[i]` of this one, then `tokens[i]`: forks, drops and reorders.

        Raises:
            ModelError: the rows would pass max_tokens, or there are none.
        """
        depth = self._depth(1)
        if not tokens or len(tokens) != len(rows):
            raise ModelError(f"{len(tokens)} tokens cannot extend {len(rows)} rows: give one token for each.")
        count = len(rows)
        cache = self.cache.pick(self._columns(torch.tensor(rows)), room=count)
        own = torch.eye(count, dtype=torch.bool).repeat(1, self.steps + 1)
        mask = torch.cat((torch.ones(count, self.context, dtype=torch.bool), own), dim=1)
        hidden = self.engine.model.hidden_at(torch.tensor([tokens]), torch.full((count,), depth), mask, cache)[
            0
        ]  # (count, n_embed)
        logprobs = self.engine.logprobs(hidden).numpy()
        return TorchState(self.engine, cache, self.context, count, self.steps + 1, logprobs)

    @torch.inference_mode()
    def score(self, continuations: Sequence[Sequence[int]]) -> Floats:
        """Natural log-probability (n,) of each whole continuation of row 0; none is empty.

        Raises:
            ModelError: a continuation is empty or would pass max_tokens.
        """
        if not continuations:
            return np.zeros(0, dtype=np.float32)
        if not all(continuations):
            raise ModelError("An empty continuation has no probability: give at least its end symbol.")
        lengths = [len(c) for c in continuations]
        # Token i of a continuation is predicted from the tokens before it: the last is never read.
        inputs = [token for c in continuations for token in c[:-1]]
        firsts = torch.tensor([c[0] for c in continuations])
        scores = torch.from_numpy(self.logprobs[0])[firsts]
        if inputs:
            targets = torch.tensor([token for c in continuations for token in c[1:]])
            owners = torch.repeat_interleave(torch.tensor(lengths) - 1)  # (N,) the continuation of each input
            logprobs = self.engine.logprobs(self._read(inputs, owners, self._depth(max(lengths) - 1)))
            scores = scores.index_add(0, owners, logprobs.gather(1, targets[:, None])[:, 0])
        return scores.numpy()

    def _read(self, tokens: list[int], owners: Tensor, depth: int) -> Tensor:
        """The stream (N, n_embed) of the tokens of several continuations of row 0, side by side."""
        columns = self._columns(torch.tensor([0]))
        cache = self.cache.pick(columns, room=len(tokens))
        own = (owners[:, None] == owners[None, :]).tril()
        mask = torch.cat((torch.ones(len(tokens), len(columns), dtype=torch.bool), own), dim=1)
        offsets = own.sum(1) - 1
        return self.engine.model.hidden_at(torch.tensor([tokens]), depth + offsets, mask, cache)[0]

    def _columns(self, rows: Tensor) -> Tensor:
        """Where the tokens of `rows` lie in the cache: the context, then their columns, step by step."""
        steps = self.context + self.rows * torch.arange(self.steps)[:, None] + rows  # (steps, rows)
        return torch.cat((torch.arange(self.context), steps.flatten()))

    def _depth(self, more: int) -> int:
        """The position of the next token, where `more` of them fit."""
        depth = self.context + self.steps
        if depth + more > self.engine.max_tokens:
            raise ModelError(
                f"{depth + more} tokens are more than the model reads at a time ({self.engine.max_tokens})."
            )
        return depth


def load_engine(config: dict[str, Any], weights: bytes, *, threads: int = 1) -> TorchEngine:
    """The engine of a model file's configuration and weights.

    Raises:
        ModelError: they do not fit each other or this version of delta_learn.
    """
    model = DeltaModel(DeltaModelConfig.from_dict(config))
    weights_from_bytes(model, weights)
    return TorchEngine(model, threads=threads)
