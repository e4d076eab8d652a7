"""collector/outcome.py: what became of a suggestion, from the record to the entry and back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from delta_learn.collector.outcome import Outcome, outcome_of
from delta_learn.collector.redaction.redact import redact_entry
from delta_learn.entry import CommandEntry

SHELL = "zsh-1769031234567890-4242-31337"
COMMAND = CommandEntry("git push", "/srv", 1.8e9, session=SHELL, sequence=5, shell="zsh")
OUTCOME = Outcome(5, 1.8e9 + 0.25, "accepted", "git push", 0, 7, 0.531, "history", "delta_model_2026-11-22", SHELL)


def test_an_entry_is_kept_and_read_back() -> None:
    entry = replace(OUTCOME, session="").to_entry(COMMAND, "git commit")
    assert (entry.command, entry.source, entry.directory, entry.shell) == ("accepted", "feedback", "/srv", "zsh")
    assert (entry.timestamp, entry.exit_code) == (1.8e9 + 0.25, None)
    assert entry.environment["DELTA_SUGGESTION_AFTER"] == "git commit"
    assert entry.environment["DELTA_EXPERT"] == "history"
    assert redact_entry(entry) == (entry, ()), "nothing in it looks like a secret"
    assert outcome_of(CommandEntry.from_record(entry.to_record())) == OUTCOME


def test_a_line_before_that_is_not_known_is_not_the_first_prompt() -> None:
    assert "DELTA_SUGGESTION_AFTER" not in OUTCOME.to_entry(COMMAND, None).environment
    assert OUTCOME.to_entry(COMMAND, "").environment["DELTA_SUGGESTION_AFTER"] == ""


def test_two_shells_at_one_moment_are_two() -> None:
    other = replace(COMMAND, session="zsh-1769031234567890-4243-1")
    first, second = (OUTCOME.to_entry(command, "") for command in (COMMAND, other))
    assert (first.session, first.sequence) != (second.session, second.sequence)
    assert first.session != COMMAND.session, "its own command has this number, too"


@pytest.mark.parametrize(
    "changed",
    [
        {"source": "typed"},
        {"command": "helpful"},
        {"timestamp": None},
        *({"environment": {**OUTCOME.to_entry(COMMAND, "").environment, name: "x"}} for name in (
            "DELTA_SEQUENCE", "DELTA_TYPED", "DELTA_SAVED", "DELTA_PROBABILITY")),
        {"environment": {**OUTCOME.to_entry(COMMAND, "").environment, "DELTA_PROBABILITY": "nan"}},
        {"environment": {"DELTA_SUGGESTION": "git push"}},
    ],
)  # fmt: skip
def test_what_is_no_outcome(changed: dict[str, object]) -> None:
    assert outcome_of(replace(OUTCOME.to_entry(COMMAND, ""), **changed)) is None  # type: ignore[arg-type]
