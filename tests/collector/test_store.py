"""collector/store.py: everything passes redaction, nothing twice, order kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.collector.store import Store, in_order
from delta_learn.entry import CommandEntry
from delta_learn.errors import LockHeldError
from delta_learn.paths import Paths
from delta_learn.storage.lock import exclusive


def test_secrets_never_reach_a_shard(paths: Paths) -> None:
    store = Store.open(paths)
    secret = "hunter2" * 2
    added = store.add([CommandEntry(f"mysql --password={secret} shop", timestamp=1e9, directory="/srv")])
    assert sum(added.redacted.values()) == 1
    (entry,) = store.entries()
    assert secret not in entry.command
    assert entry.command.startswith("mysql --password=<secret:")
    assert entry.directory == "/srv"
    assert sum(store.redactions().values()) == 1


def test_entries_survive_a_reopening_and_come_once(paths: Paths) -> None:
    entries = [CommandEntry(f"make {i % 3}", timestamp=1e9 + i * 40_000, sequence=i) for i in range(30)]
    assert Store.open(paths).add(entries).new == 30
    again = Store.open(paths).add(entries)
    assert (again.new, again.known) == (0, 30)
    assert Store.open(paths).entries() == entries
    assert len(Store.open(paths).files()) > 10


def test_entries_without_a_time_go_to_the_fallback_day(paths: Paths) -> None:
    Store.open(paths).add([CommandEntry("ls")], fallback_time=86_400.0 * 365 * 30)
    (path,) = Store.open(paths).files()
    assert path.name.startswith("commands_1999-12-")


def test_a_second_writer_is_told_who_writes(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store.open(paths)
    monkeypatch.setattr("delta_learn.collector.store._WAIT_SECONDS", 0)
    with exclusive(paths.lock, "delta-learn import"), pytest.raises(LockHeldError, match="delta-learn import"):
        store.add([CommandEntry("ls")])


streams = st.lists(
    st.builds(
        CommandEntry,
        command=st.just("x"),
        session=st.sampled_from("ab"),
        timestamp=st.none() | st.integers(0, 9).map(float),
    ),
    max_size=12,
)


@given(streams)
def test_sessions_keep_their_own_order(stream: list[CommandEntry]) -> None:
    numbered = [CommandEntry("x", session=e.session, timestamp=e.timestamp, sequence=i) for i, e in enumerate(stream)]
    ordered = in_order(numbered)
    assert sorted(e.sequence for e in ordered) == list(range(len(stream)))
    for name in "ab":
        numbers = [e.sequence for e in ordered if e.session == name]
        assert numbers == sorted(numbers)


def test_sessions_are_merged_by_time() -> None:
    a = [CommandEntry("a", session="a", timestamp=t, sequence=i) for i, t in enumerate([1.0, 5.0])]
    b = [CommandEntry("b", session="b", timestamp=t, sequence=i) for i, t in enumerate([2.0, None, 9.0])]
    assert [e.command for e in in_order([*b, *a])] == ["a", "b", "b", "a", "b"]
