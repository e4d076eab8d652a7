"""collector/never.py: lines are on the list until they are taken off, sealed and without secrets."""

from __future__ import annotations

import threading

import pytest

from delta_learn.collector.never import add_never, forget_never, never_file, never_lines, remove_never
from delta_learn.collector.redaction.redact import redact
from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.errors import DamagedFileError, DeltaError, LockHeldError
from delta_learn.paths import Paths
from delta_learn.storage.lock import exclusive

SECRET = "Zk9" + "wLq7TmBx2Rv"
LATIN = "cat caf\udce9"


@pytest.fixture
def store(paths: Paths) -> Store:
    return Store.open(paths)


def test_lines_are_added_and_removed(store: Store, paths: Paths) -> None:
    assert never_lines(store) == frozenset()
    assert add_never(store, "git push --force")
    assert add_never(store, LATIN)
    assert not add_never(store, "git push --force")
    assert never_lines(Store.open(paths)) == {"git push --force", LATIN}
    assert remove_never(store, LATIN)
    assert not remove_never(store, LATIN)
    assert not remove_never(store, "git push")
    assert never_lines(store) == {"git push --force"}
    assert remove_never(store, "git push --force")
    assert never_lines(store) == frozenset()
    assert not never_file(paths).exists()


def test_the_file_is_sealed_and_private(store: Store, paths: Paths) -> None:
    add_never(store, "git push --force")
    path = never_file(paths)
    assert b"push" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    data = bytearray(path.read_bytes())
    data[-30] ^= 1
    path.write_bytes(data)
    with pytest.raises(DamagedFileError, match=r"never\.bin"):
        never_lines(store)
    with pytest.raises(DamagedFileError):
        add_never(store, "ls")
    assert path.read_bytes() == data, "what cannot be read is not written over"


def test_secrets_are_replaced_as_in_what_is_suggested(store: Store) -> None:
    line = f"curl -u me:{SECRET} https://example.org"
    add_never(store, line)
    assert never_lines(store) == {redact(line).redacted}
    assert SECRET not in "".join(never_lines(store))
    assert remove_never(store, line)


@pytest.mark.parametrize("line", ["", " ", "\n"])
def test_nothing_cannot_be_forbidden(store: Store, line: str) -> None:
    with pytest.raises(DeltaError, match="empty"):
        add_never(store, line)
    assert never_lines(store) == frozenset()


def test_what_matches_is_forgotten(store: Store, paths: Paths) -> None:
    for line in ("git push", "git pull", "make"):
        add_never(store, line)
    assert forget_never(store, lambda entry: entry.command.startswith("git")) == 2
    assert never_lines(store) == {"make"}
    assert forget_never(store, lambda entry: entry.timestamp is not None or entry.directory is not None) == 0
    before = never_file(paths).stat().st_mtime_ns
    assert forget_never(store, lambda entry: entry == CommandEntry("ls")) == 0
    assert never_file(paths).stat().st_mtime_ns == before


def test_two_at_once_lose_nothing(store: Store, paths: Paths) -> None:
    def add(names: range) -> None:
        for number in names:
            add_never(Store.open(paths), f"ls {number}")

    threads = [threading.Thread(target=add, args=(range(start, 20, 2),)) for start in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(never_lines(store)) == 20


def test_a_lock_that_is_held_is_an_error(store: Store, paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("delta_learn.collector.never._WAIT_SECONDS", 0)
    with exclusive(paths.lock, "delta-learn import"), pytest.raises(LockHeldError, match="delta-learn import"):
        add_never(store, "ls")
