"""collector/drain.py: what became of suggestions is kept beside the commands."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from delta_learn.collector.drain import Drained, drain
from delta_learn.collector.store import Store
from delta_learn.paths import Paths
from tests.collector.drained import configure


def outcomes(store: Store) -> list[tuple[str, str, str | None]]:
    found = [entry for entry in store.entries() if entry.source == "feedback"]
    return [(e.command, e.environment["DELTA_SUGGESTION"], e.environment.get("DELTA_SUGGESTION_AFTER")) for e in found]


def test_what_became_of_suggestions_is_kept_beside_the_commands(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, store = fake_shell(spool), Store.open(paths)
    shell.begin("git commit")
    shell.say("overridden", "git status")
    shell.end()
    shell.begin("git push")
    shell.say("accepted", "git push", saved=7, after="git commit")
    assert drain(store).new == 2, "commands"
    shell.end()
    shell.begin("ls")
    shell.say("typed", "ls", after="git push")
    assert drain(store) == Drained(new=1, completed=1)
    assert outcomes(store) == [
        ("overridden", "git status", ""),
        ("accepted", "git push", "git commit"),
        ("typed", "ls", None),
    ]
    (taken,) = [entry for entry in store.entries() if entry.command == "accepted"]
    assert taken.environment == {
        "DELTA_SESSION": shell.session, "DELTA_SEQUENCE": "1", "DELTA_SUGGESTION": "git push",
        "DELTA_SUGGESTION_AFTER": "git commit", "DELTA_TYPED": "0", "DELTA_SAVED": "7", "DELTA_PROBABILITY": "0.532",
        "DELTA_EXPERT": "history", "DELTA_VERSION": "delta_model_2026-11-22",
    }  # fmt: skip
    assert [session.id for session in store.sessions()] == [shell.session]


def test_a_drain_that_is_repeated_keeps_an_outcome_once(
    paths: Paths, spool: Path, fake_shell: Any, tmp_path: Path
) -> None:
    shell, other, store = fake_shell(spool), fake_shell(spool), Store.open(paths)
    for each in (shell, other):
        each.begin("git push", start=shell.clock)
        each.say("accepted", "git push", time=shell.clock)
        each.end()
    shutil.copytree(spool, tmp_path / "before")
    drain(store)
    assert len(outcomes(store)) == 2, "two shells at one microsecond are two"
    shutil.copytree(tmp_path / "before", spool, dirs_exist_ok=True)
    drain(store)
    assert len(outcomes(store)) == 2


@pytest.mark.parametrize(
    "settings", [{"exclude_directories": ["/private"]}, {"exclude_commands": ["ssh *"]}], ids=["place", "pattern"]
)
def test_nothing_of_what_is_excluded_stays_in_an_outcome(
    paths: Paths, spool: Path, fake_shell: Any, settings: dict[str, Any]
) -> None:
    shell, store = fake_shell(spool), Store.open(paths)
    configure(paths, **settings)
    shell.begin("ssh shop", directory="/private")
    shell.say("accepted", "ssh shop")
    shell.end()
    shell.begin("ls")
    shell.say("overridden", "make", after="ssh shop")
    shell.end()
    shell.begin("make")
    shell.say("overridden", "ssh shop" if "exclude_commands" in settings else "ls", after="ls")
    drain(store)
    assert ("overridden", "make", None) in outcomes(store)
    assert not [entry for entry in store.entries() if "ssh" in str(entry)]
    assert len(outcomes(store)) == (1 if "exclude_commands" in settings else 2)


def test_secrets_do_not_stay_in_an_outcome(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, store = fake_shell(spool), Store.open(paths)
    password = "Tr" + "oub4dor"
    shell.run(password, 127)
    shell.begin("ls")
    shell.say("overridden", "make", after=password)
    shell.end()
    shell.begin("ls")
    shell.say("accepted", f"mysql -p{password} shop", after="ls")
    drain(store)
    assert password not in str(store.entries())
    assert outcomes(store) == [("overridden", "make", "<secret:password>")], "what held a secret says nothing any more"


def test_an_outcome_without_its_command_is_not_kept(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, store = fake_shell(spool), Store.open(paths)
    shell.begin("ls")
    shell.end()
    drain(store)
    shell.say("accepted", "ls")
    drain(store)
    assert outcomes(store) == []
