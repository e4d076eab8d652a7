"""collector/forget.py: what matches is gone from everything that was made of it, and does not come back."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from delta_learn.collector import forget as module
from delta_learn.collector.drain import drain
from delta_learn.collector.forget import Forgotten, forget, matching
from delta_learn.collector.never import add_never, never_lines, unwanted
from delta_learn.collector.outcome import Outcome
from delta_learn.collector.store import Store
from delta_learn.collector.teaching import give_feedback
from delta_learn.entry import CommandEntry
from delta_learn.errors import ConfigError, LockHeldError
from delta_learn.paths import Paths
from delta_learn.storage.atomic import replace_file
from delta_learn.storage.blockfile import BlockReader, BlockWriter
from delta_learn.storage.lock import exclusive
from delta_learn.storage.shards import TokenRun, TokenShards

NOON = 1_600_000_000.0
DAY = 86_400.0


@pytest.fixture
def store(paths: Paths) -> Store:
    store = Store.open(paths)
    store.add(
        [
            CommandEntry("git push origin", "/home/ann/work", NOON, session="s", sequence=0),
            CommandEntry("ls", "/home/ann/workshop", NOON + 60, session="s", sequence=1),
            CommandEntry("git pull", "/home/ann/work/deep", NOON + DAY, session="s", sequence=2),
            CommandEntry("make", session="import:bash:1"),
        ],
        fallback_time=NOON,
    )
    return store


def left(store: Store) -> set[str]:
    return {entry.command for entry in store.entries()}


@pytest.mark.parametrize(
    ("conditions", "kept", "forgotten"),
    [
        ({"pattern": "git"}, {"ls", "make"}, Forgotten(2, 2)),
        ({"pattern": "git *"}, {"ls", "make"}, Forgotten(2, 2)),
        ({"pattern": "it *"}, {"ls", "make", "git push origin", "git pull"}, Forgotten(0, 0)),
        ({"pattern": "GIT"}, {"ls", "make", "git push origin", "git pull"}, Forgotten(0, 0)),
        ({"since": NOON + 60}, {"git push origin", "make"}, Forgotten(2, 2)),
        ({"directory": "/home/ann/work"}, {"ls", "make"}, Forgotten(2, 2)),
        ({"directory": "/home/ann/work/"}, {"ls", "make"}, Forgotten(2, 2)),
        ({"pattern": "git", "since": NOON + 1}, {"ls", "make", "git push origin"}, Forgotten(1, 1)),
        ({"pattern": "*"}, set(), Forgotten(4, 2)),
    ],
)
def test_what_meets_all_conditions_goes(
    store: Store, conditions: dict[str, Any], kept: set[str], forgotten: Forgotten
) -> None:
    assert forget(store, **conditions) == forgotten
    assert left(store) == kept
    assert forget(store, **conditions).entries == 0


def test_the_home_directory_can_be_written_short(store: Store) -> None:
    place = str(Path.home() / "private")
    store.add([CommandEntry("here", place, NOON, session="h")])
    assert forget(store, directory="~/private").entries == 1


def test_what_is_never_suggested_is_forgotten_by_its_text(store: Store) -> None:
    for line in ("git push --force", "rm -rf x"):
        add_never(store, line)
    for conditions in ({"since": 0.0}, {"directory": "/"}, {"pattern": "git", "since": 0.0}, {"pattern": "zzz"}):
        forget(store, **conditions)
        assert len(never_lines(store)) == 2
    forget(store, pattern="git*")
    assert never_lines(store) == {"rm -rf x"}
    forget(store, pattern="-rf")
    assert never_lines(store) == frozenset()


@pytest.mark.parametrize("pattern", ["secret-host", "ssh *"])
@pytest.mark.parametrize("about", [{"suggestion": "ssh secret-host"}, {"suggestion": "ls", "after": "ssh secret-host"}])
def test_feedback_is_forgotten_with_the_line_that_it_is_about(
    store: Store, pattern: str, about: dict[str, str]
) -> None:
    give_feedback(store, "unhelpful", "/srv", **about)
    give_feedback(store, "unhelpful", "/srv", suggestion="ls", after="ls")
    assert forget(store, pattern=pattern).entries == 1
    assert not [entry for entry in store.entries() if "secret-host" in str(entry)]
    assert "unhelpful" in left(store)


@pytest.mark.parametrize("conditions", [{}, {"pattern": ""}, {"directory": ""}])
def test_without_a_condition_nothing_goes(store: Store, conditions: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="Say what to forget"):
        forget(store, **conditions)
    assert len(left(store)) == 4
    assert matching(pattern=None, since=None, directory=None)(CommandEntry("x")), "to look at, all match"


def test_the_spool_is_forgotten_too(store: Store, spool: Path, fake_shell: Any) -> None:
    shell = fake_shell(spool)
    shell.run("git stash")
    shell.begin("git log")
    assert forget(store, pattern="git").entries == 4
    shell.end()
    drain(store)
    assert left(store) == {"ls", "make"}


def test_copies_go_with_it(store: Store, paths: Paths) -> None:
    run = TokenRun("s", NOON, 1, False, False, b"\1\0", b"\0\0")
    TokenShards(paths.processed, store.keyring).replace_all([run], "v1")
    checkpoint, cache = paths.checkpoints / "night.bin", paths.state / "predictor.bin"
    for path, kind in ((checkpoint, "checkpoint"), (cache, "state")):
        with BlockWriter.create(path, kind=kind, label=path.stem, keyring=store.keyring) as writer:
            writer.write([["git push origin"]])
    left = [
        *(paths.raw / ".commands_2020-09-13.bin.tmp", paths.models / ".delta_model_2.bin.tmp"),
        *(paths.training / ".never.bin.tmp", paths.state / ".predictor.bin.tmp", paths.state / "report.html"),
    ]
    for path in left:
        path.write_bytes(b"half of it, or a page that shows it")
    forget(store, pattern="git push origin")
    assert not any(path.exists() for path in (checkpoint, cache, *left))
    assert list(paths.processed.iterdir()) == []
    for path in store.files():
        with BlockReader(path, kind="raw", keyring=store.keyring) as reader:
            assert "git push" not in repr(list(reader.records()))


def test_what_another_process_writes_just_now_is_left_to_it(store: Store, paths: Paths) -> None:
    cache, left = paths.state / "predictor.bin", paths.checkpoints / ".night.bin.tmp"
    paths.checkpoints.mkdir(mode=0o700)
    left.write_bytes(b"of a training that was killed")
    with replace_file(cache) as file:
        file.write(b"new")
        forget(store, pattern="git")
    assert cache.read_bytes() == b"new"
    assert not left.exists()


@pytest.fixture
def training(paths: Paths, forked: Callable[[Callable[[], None]], int]) -> Iterator[int]:
    """A process that holds the lock of a training, and nothing is left of it when it ends."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listen, tell = os.pipe()

    def train() -> None:
        with exclusive(paths.training_lock, "delta-learn train"):
            os.write(tell, b"1")
            signal.pause()

    pid = forked(train)
    os.read(listen, 1)
    yield pid
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, before)
    os.close(listen)
    os.close(tell)


def test_a_training_that_runs_is_ended_as_it_has_read_them(store: Store, paths: Paths, training: int) -> None:
    assert forget(store, pattern="make").training
    with pytest.raises(ProcessLookupError):
        os.kill(training, 0)
    assert not forget(store, pattern="make").training


def test_no_training_begins_meanwhile(store: Store, paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[bool] = []
    real = Store.forget

    def look(*arguments: Any, **how: Any) -> Forgotten:
        with pytest.raises(LockHeldError, match="delta-learn forget"), exclusive(paths.training_lock, "x"):
            raise AssertionError
        held.append(True)
        return real(*arguments, **how)

    monkeypatch.setattr(Store, "forget", look)
    forget(store, pattern="make")
    assert held


def test_another_forgetting_is_waited_for_and_not_ended(
    store: Store, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WAIT_SECONDS", 0.0)
    monkeypatch.setattr(module, "end_holder", lambda *_: pytest.fail("it must come to its end"))
    with exclusive(paths.training_lock, "delta-learn forget"), pytest.raises(LockHeldError):
        forget(store, pattern="make")
    assert "make" in left(store)


def test_with_a_command_goes_what_was_suggested_at_its_prompt(store: Store) -> None:
    for sequence, suggestion in ((0, "ls"), (1, "pwd")):
        command = CommandEntry("x", "/srv", session="s", sequence=sequence)
        store.record(
            [Outcome(sequence, NOON, "overridden", suggestion, 0, 0, 0.5, "history", "").to_entry(command, "")]
        )
    assert forget(store, pattern="git push origin").entries == 2
    (said,) = [entry for entry in store.entries() if entry.source == "feedback"]
    assert said.sequence == 1


def test_a_forbidden_line_that_is_forgotten_stays_unwanted_while_a_model_may_know_it(store: Store) -> None:
    (store.paths.models / "delta_model_1.bin").write_bytes(b"a model")
    add_never(store, "halt --now")
    forget(store, pattern="halt*")
    assert never_lines(store) == frozenset()
    assert "halt --now" in unwanted(store)


def test_a_spool_that_cannot_be_drained_is_said_after_forgetting(
    store: Store, paths: Paths, spool: Path, fake_shell: Any
) -> None:
    shell = fake_shell(spool)
    shell.run("git stash")
    paths.config.write_text("{")
    with pytest.raises(ConfigError):
        forget(store, pattern="git")
    assert left(store) == {"ls", "make"}
    assert shell.path.exists()


def test_now_is_since(store: Store) -> None:
    store.add([CommandEntry("just now", timestamp=time.time(), session="n")])
    assert forget(store, since=time.time() - 60).entries == 1


def test_an_outcome_is_forgotten_with_its_lines_and_not_for_what_it_is_called(
    store: Store, spool: Path, fake_shell: Any
) -> None:
    shell = fake_shell(spool)
    shell.run("ssh secret-host")
    for shown, command in (("ls", "ls"), ("ssh secret-host", "pwd"), ("make", "make")):
        shell.begin(command, directory="/private" if command == "make" else "/srv")
        shell.say("accepted", shown)
        shell.end()
    drain(store)
    assert forget(store, pattern="accepted").entries == 0
    assert forget(store, pattern="secret-host").entries == 3, "the command, what followed it, and what suggested it"
    assert "secret-host" not in str(store.entries())
    assert forget(store, directory="/private").entries == 2
    assert not [entry for entry in store.entries() if entry.source == "feedback"]
