"""Invented histories, and a language model small enough to compute by hand."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from delta_learn.entry import CommandEntry
from delta_learn.predictor.language import Floats
from delta_learn.tokenizer.symbols import CMD, END
from delta_learn.tokenizer.tokenizer import Tokenizer

HABITS = (
    ("git status", "git add -A", "git commit -m wip", "git push"),
    ("make test", "vim src/main.c", "make test", "ls"),
    ("cd project", "ls -la", "cat README.md"),
)


@pytest.fixture
def habits() -> list[CommandEntry]:
    """300 commands of someone with three habits, in sessions of an import, now and then interrupted."""
    rng = random.Random(7)
    commands: list[str] = []
    while len(commands) < 300:
        commands += rng.choice(HABITS)
        if rng.random() < 0.2:
            commands.append(f"echo {rng.randrange(1000)}")
    time = 1_600_000_000.0
    entries = []
    for number, command in enumerate(commands[:300]):
        time += 7200 if number % 40 == 0 else rng.randrange(1, 60)
        entries.append(CommandEntry(command, timestamp=time, session="import:test", sequence=number))
    return entries


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    """A small vocabulary over the habits."""
    return Tokenizer.train([line for habit in HABITS for line in habit] * 5, vocab_size=512)


@dataclass
class MemoryModel:
    """Knows some lines by heart: the tokens that continue one of them share .9, all tokens the rest.

    It looks only at the tokens since the last `<cmd>`, and counts what it is asked to do.
    """

    tokenizer: Tokenizer
    lines: dict[str, int]
    max_tokens: int = 96
    spellings: dict[str, list[int]] = field(default_factory=dict)
    """Lines that it knows in other pieces than the tokenizer's."""
    starts: int = 0
    extensions: int = 0
    read: int = 0
    """Paths that were asked for."""

    def start(self, ids: Sequence[int]) -> MemoryState:
        assert 1 <= len(ids) <= self.max_tokens
        self.starts += 1
        return MemoryState(self, [tuple(ids)])

    def next_logprobs(self, ids: tuple[int, ...]) -> Floats:
        size = self.tokenizer.vocab_size
        cmd = self.tokenizer.symbol(CMD)
        begin = max((i + 1 for i, token in enumerate(ids) if token == cmd), default=0)
        typed = list(ids[begin:])
        counts = np.zeros(size)
        for line, count in self.lines.items():
            pieces = self.spellings.get(line) or self.tokenizer.encode(line)
            known = [*pieces, self.tokenizer.symbol(END)]
            if known[: len(typed)] == typed and len(known) > len(typed):
                counts[known[len(typed)]] += count
        share = 0.9 * counts / counts.sum() + 0.1 / size if counts.any() else np.full(size, 1 / size)
        return np.log(share).astype(np.float32)


@dataclass
class MemoryState:
    model: MemoryModel
    rows: list[tuple[int, ...]]

    @property
    def logprobs(self) -> Floats:
        return np.stack([self.model.next_logprobs(row) for row in self.rows])

    def extend(self, tokens: Sequence[int], rows: Sequence[int]) -> MemoryState:
        self.model.extensions += 1
        longer = [(*self.rows[row], token) for token, row in zip(tokens, rows, strict=True)]
        assert all(len(row) <= self.model.max_tokens for row in longer)
        return MemoryState(self.model, longer)

    def after(self, paths: Sequence[Sequence[int]]) -> Floats:
        assert all(paths)
        self.model.read += len(paths)
        assert all(len(self.rows[0]) + len(path) < self.model.max_tokens for path in paths)
        found = [self.model.next_logprobs((*self.rows[0], *path)) for path in paths]
        return np.stack(found) if found else np.empty((0, self.model.tokenizer.vocab_size), np.float32)


@pytest.fixture
def memory_model(tokenizer: Tokenizer) -> Callable[..., MemoryModel]:
    """Makes a model that knows the given lines, each as often as its number says."""
    return lambda lines, **settings: MemoryModel(tokenizer, lines, **settings)
