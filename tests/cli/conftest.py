"""The command line as a person runs it, in this test's home."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import Result
from typer.testing import CliRunner

from delta_learn.cli.app import app

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """Run `delta-learn` with arguments; errors of ours are raised, usage errors are results."""

    def invoke(*arguments: str, stdin: str | bytes = "") -> Result:
        result = CliRunner().invoke(app, arguments, input=stdin)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard input is a terminal on which somebody types."""
    monkeypatch.setattr("delta_learn.cli.output.on_terminal", lambda: True)
