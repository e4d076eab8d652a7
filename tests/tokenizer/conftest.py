"""One tokenizer for all tests that only use one: training takes a tenth of a second."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from delta_learn.tokenizer.tokenizer import Tokenizer

LINES = [
    "git status",
    "git add src/parser.py",
    "git commit -m 'handle empty input'",
    "git checkout -b feature/empty-input",
    "cd ~/projects/compiler && make -j4 test",
    "python -m pytest tests/test_parser.py -k empty",
    "ssh build@ci.example.org 'tail -n 100 /var/log/build.log'",
    "docker compose up -d database",
    "grep -rn 'TODO:'  src/ | wc -l",
    "echo ünïcödé > notes.txt",
] * 3


@dataclass(frozen=True)
class Names:
    """A normaliser that replaces every occurrence of its three names."""

    home: str = "/home/alice"
    user: str = "alice"
    host: str = "wonderland"

    def split(self, text: str) -> list[tuple[str | None, str]]:
        names = {self.home: "<home>", self.host: "<host>", self.user: "<user>"}
        for literal, symbol in names.items():
            before, found, after = text.partition(literal)
            if found:
                return [*self.split(before), (symbol, literal), *self.split(after)]
        return [(None, text)] if text else []


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return Tokenizer.train(LINES)


@pytest.fixture(scope="session")
def named_class() -> type[Names]:
    return Names


@pytest.fixture(scope="session")
def named() -> Tokenizer:
    """A tokenizer with a normaliser."""
    return Tokenizer.train(LINES, normalizer=Names())


@pytest.fixture(scope="session")
def lines() -> list[str]:
    return sorted(set(LINES))
