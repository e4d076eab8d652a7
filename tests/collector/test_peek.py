"""Peek: what a shell recorded, as the drain would keep it, without touching it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from delta_learn.collector.drain import drain
from delta_learn.collector.peek import Peek
from delta_learn.collector.store import Store
from delta_learn.errors import ConfigError
from delta_learn.paths import Paths


def configure(paths: Paths, **collect: object) -> None:
    paths.training.mkdir(parents=True, exist_ok=True)
    paths.config.write_text(json.dumps({"collect": collect}))


def commands(peek: Peek, shell: Any) -> list[str]:
    return [entry.command for entry in peek.ended(shell.session)]


def test_what_has_ended_is_seen_as_the_drain_keeps_it(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, peek, store = fake_shell(spool), Peek(paths), Store.open(paths)
    shell.run("mysql -psesame-42 shop")
    shell.run("false", 1)
    shell.begin("sleep 9")
    before = shell.path.read_bytes()
    seen = peek.ended(shell.session)
    assert [entry.command for entry in seen] == ["mysql -p<secret:password> shop", "false"]
    assert shell.path.read_bytes() == before
    drain(store)
    assert store.entries()[:2] == seen


def test_it_goes_on_over_a_new_generation_and_a_drain(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, peek = fake_shell(spool), Peek(paths)
    shell.run("a")
    shell.rotate()
    shell.run("b")
    assert commands(peek, shell) == ["a", "b"]
    drain(Store.open(paths))
    shell.run("c")
    assert commands(peek, shell) == ["c"]


def test_other_shells_and_unknown_ones_are_not_seen(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, other, peek = fake_shell(spool), fake_shell(spool, began=1), Peek(paths)
    other.run("a")
    assert commands(peek, shell) == []
    assert commands(peek, other) == ["a"]


def test_settings_count_at_once(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, peek = fake_shell(spool), Peek(paths)
    shell.run("ls secret-place")
    shell.run("ls", directory="/private")
    assert commands(peek, shell) == ["ls secret-place", "ls"]
    configure(paths, exclude_directories=["/private"], redact={"place": "secret-place"})
    assert commands(peek, shell) == ["ls <secret:place>"]
    paths.config.write_text("{")
    with pytest.raises(ConfigError):
        commands(peek, shell)


def test_what_became_of_a_suggestion_is_no_command(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, peek = fake_shell(spool), Peek(paths)
    shell.begin("ls")
    shell.say("accepted", "ls", saved=1)
    shell.end()
    assert commands(peek, shell) == ["ls"]
