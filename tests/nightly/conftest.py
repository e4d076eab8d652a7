"""A language model small enough for a replay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from delta_learn.predictor.language import Floats
from delta_learn.predictor.neural import NeuralExpert
from delta_learn.tokenizer.symbols import CMD, END
from delta_learn.tokenizer.tokenizer import Tokenizer


@dataclass
class RepeatingModel:
    """Expects the pieces of the command before again, in their order, and says so with P = .9."""

    tokenizer: Tokenizer
    max_tokens: int = 96

    def start(self, ids: Sequence[int]) -> RepeatingState:
        return RepeatingState(self, [tuple(ids)])

    def next_logprobs(self, ids: tuple[int, ...]) -> Floats:
        cmd, end, size = self.tokenizer.symbol(CMD), self.tokenizer.symbol(END), self.tokenizer.vocab_size
        begins = [place + 1 for place, token in enumerate(ids) if token == cmd]
        before = [*ids[begins[-2] :], end] if len(begins) > 1 else [end]
        shares = np.full(size, 0.1 / size)
        shares[before[min(len(ids) - begins[-1], len(before) - 1)]] += 0.9
        return np.log(shares).astype(np.float32)


@dataclass
class RepeatingState:
    model: RepeatingModel
    rows: list[tuple[int, ...]]

    @property
    def logprobs(self) -> Floats:
        return np.stack([self.model.next_logprobs(row) for row in self.rows])

    def extend(self, tokens: Sequence[int], rows: Sequence[int]) -> RepeatingState:
        return RepeatingState(self.model, [(*self.rows[row], token) for token, row in zip(tokens, rows, strict=True)])

    def after(self, paths: Sequence[Sequence[int]]) -> Floats:
        found = [self.model.next_logprobs((*self.rows[0], *path)) for path in paths]
        return np.stack(found) if found else np.empty((0, self.model.tokenizer.vocab_size), np.float32)


@pytest.fixture
def neural() -> NeuralExpert:
    """A neural expert that suggests the command before once more."""
    tokenizer = Tokenizer.train(["git status", "git push", "make test", "ls", "vim a.py"] * 5, vocab_size=512)
    return NeuralExpert(RepeatingModel(tokenizer), tokenizer)
