"""One tokenizer for all tests of the data set."""

from __future__ import annotations

import pytest

from delta_learn.tokenizer.tokenizer import Tokenizer


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return Tokenizer.train(["git status", "cd src", "make test", "vim main.py"])
