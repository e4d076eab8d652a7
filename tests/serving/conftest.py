"""A store with a person's work in it, and predictors that are made at once: without documentation."""

from __future__ import annotations

import pytest

from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.paths import Paths
from delta_learn.predictor.memory import TokenMemory
from delta_learn.serving import learner


@pytest.fixture
def no_documentation(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known before the first command takes seconds to read; no test here is about it."""
    monkeypatch.setattr(learner, "documentation", TokenMemory)


@pytest.fixture
def store(paths: Paths) -> Store:
    paths.spool.mkdir(parents=True)
    return Store.open(paths)


def work(count: int, session: str = "s", first: int = 0) -> list[CommandEntry]:
    """A habit of six commands, repeated; a minute apart."""
    commands = ["npm ci", "make", "git add -A", "git commit -m wip", "git push", "make test"]
    return [
        CommandEntry(commands[i % 6], "/srv", 1e9 + 60 * i, exit_code=0, session=session, sequence=i)
        for i in range(first, first + count)
    ]
