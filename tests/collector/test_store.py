"""collector/store.py: everything passes redaction, nothing twice, order kept."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.collector.store import Kept, Rewritten, Store, in_order
from delta_learn.entry import CommandEntry
from delta_learn.errors import ConfigError, LockHeldError
from delta_learn.paths import Paths
from delta_learn.storage.blockfile import BlockReader
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


def recorded(sequence: int, exit_code: int | None = None, command: str = "make", **how: Any) -> CommandEntry:
    timestamp = 1e9 + 40_000 * sequence
    return CommandEntry(
        command, timestamp=timestamp, exit_code=exit_code, session="zsh-1-2-3", sequence=sequence, shell="zsh", **how
    )


def test_recorded_commands_are_known_by_their_identity(paths: Paths) -> None:
    store = Store.open(paths)
    assert store.record(recorded(n, 0) for n in range(3)) == Kept(3, 0, {})
    assert store.record([recorded(1, 0, "another text"), recorded(3, 0), recorded(3, 0)]) == Kept(1, 0, {})
    assert [e.sequence for e in store.entries()] == [0, 1, 2, 3]
    assert {e.command for e in store.entries()} == {"make"}


def test_a_command_that_ended_is_completed_once(paths: Paths) -> None:
    store = Store.open(paths)
    store.record([recorded(0), recorded(1)])
    assert store.record([recorded(0, 3, duration_ms=20), recorded(1)]) == Kept(0, 1, {})
    assert store.record([recorded(0, 4, duration_ms=30)]) == Kept(0, 0, {})
    assert [(e.exit_code, e.duration_ms) for e in store.entries()] == [(3, 20), (None, None)]
    assert len(store.files()) == 1


def test_a_completed_command_keeps_its_text_redacted(paths: Paths) -> None:
    store, text = Store.open(paths), "mysql --password=" + "hunter2" * 2
    assert store.record([recorded(0, command=text)]).redacted == {"password": 1}
    store.record([recorded(0, 1, text)])
    (entry,) = store.entries()
    assert entry.command == "mysql --password=<secret:password>"
    assert store.redactions() == {"password": 1}


def test_a_password_at_the_wrong_prompt_leaves_no_copy(paths: Paths) -> None:
    store, typed = Store.open(paths), "letme" + "in99"
    store.record([recorded(0, command="ls"), recorded(1, command=typed), recorded(2, command="make")])
    assert [e.command for e in store.entries()][1] == typed, "until it is known that there is no such command"
    assert store.record([recorded(1, 127, typed, duration_ms=3), recorded(0, 0)]).completed == 2
    kept = store.entries()
    assert [(e.command, e.exit_code) for e in kept] == [("ls", 0), ("<secret:password>", 127), ("make", None)]
    for path in store.files():
        with BlockReader(path, kind="raw", keyring=store.keyring) as reader:
            assert typed not in repr(list(reader.records()))
    assert store.record([recorded(5, 127, typed)]).redacted == {"password": 1}


def test_every_place_is_redacted_for_itself(paths: Paths) -> None:
    store, secret = Store.open(paths), "hunter2" * 2
    places: list[dict[str, Any]] = [
        {"directory": "/srv", "environment": {"NODE_ENV": "test"}},
        {"directory": "/srv", "environment": {"DB_PASSWORD": secret}},
        {"directory": "/srv", "environment": {"DB_PASSWORD": "$OTHER"}},
        {"directory": "/srv", "system_info": {"DB_PASSWORD": secret}},
        {"directory": f"/srv/?token={secret}"},
        {"directory": "/srv", "environment": {"DB_PASSWORD": secret}},
    ]
    store.record(recorded(n, 0, "ls", **place) for n, place in enumerate(places))
    kept = store.entries()
    assert secret not in repr(kept)
    assert [len(entry.environment) for entry in kept] == [1, 1, 1, 0, 0, 1]
    assert kept[0].environment == places[0]["environment"]
    assert kept[2].environment == places[2]["environment"]
    assert {entry.directory for entry in kept} == {"/srv", "/srv/?token=<secret:token>"}


def test_recording_works_without_times(paths: Paths) -> None:
    store = Store.open(paths)
    taught = [CommandEntry("a", session="taught-1", source="taught")]
    assert store.record(taught).new == 1
    assert store.record(taught).new == 0


def test_the_persons_own_patterns_hold_at_every_door(paths: Paths) -> None:
    store = Store.open(paths)
    paths.config.write_text('{"collect": {"redact": {"badge": "B-[0-9]{6}"}}}')
    assert store.add([CommandEntry("open B-123456", timestamp=1e9, session="a")]).redacted == {"badge": 1}
    assert store.record([recorded(0, command="open B-654321")]).redacted == {"badge": 1}
    assert {e.command for e in store.entries()} == {"open <secret:badge>"}
    paths.config.write_text("{")
    with pytest.raises(ConfigError):
        store.add([CommandEntry("ls", timestamp=1e9, session="b")])
    assert len(store.entries()) == 2


def test_old_entries_are_redacted_when_the_rules_are_better(paths: Paths) -> None:
    store = Store.open(paths)
    store.record([recorded(0, 0, "open B-123456"), recorded(1, 0, "ls"), recorded(9, 0, "B-1 B-111111 B-222222")])
    store.add([CommandEntry("ls", timestamp=1e6, session="old")])
    cache, untouched = paths.state / "predictor.bin", store.files()[0]
    cache.write_bytes(b"a copy")
    before = untouched.read_bytes()
    paths.config.write_text('{"collect": {"redact": {"badge": "B-[0-9]{6}"}}}')
    assert store.redact_again() == Rewritten(2, 2, {"badge": 3})
    assert [e.command for e in store.entries() if e.session == "zsh-1-2-3"] == [
        "open <secret:badge>",
        "ls",
        "B-1 <secret:badge> <secret:badge>",
    ]
    assert not cache.exists()
    assert untouched.read_bytes() == before
    assert store.redact_again() == Rewritten(0, 0, {})


def test_what_was_recorded_is_not_imported_again(paths: Paths) -> None:
    store = Store.open(paths)
    store.record([recorded(0, 0), recorded(1, 0, "ls")])
    file = [
        CommandEntry(text, timestamp=when, session="import:zsh:1", sequence=n, shell="zsh", source="imported")
        for n, (text, when) in enumerate([("older", 9e8), ("make", 1e9), ("ls", 1e9 + 40_001), ("newer", 1.1e9)])
    ]
    assert store.add(file).new == 2
    assert store.add(file).new == 0
    assert [e.command for e in store.entries()] == ["older", "make", "ls", "newer"]


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


def test_what_the_settings_exclude_is_not_imported(paths: Paths) -> None:
    store = Store.open(paths)
    paths.config.write_text('{"collect": {"exclude_commands": ["vault *"], "exclude_directories": ["/srv/private"]}}')
    entries = [
        CommandEntry("vault read x", timestamp=1.0, source="imported"),
        CommandEntry("ls", "/srv/private/notes", timestamp=2.0, source="imported"),
        CommandEntry("ls", "/srv", timestamp=3.0, source="imported"),
        CommandEntry("vault read y", timestamp=4.0, session="taught-1", source="taught"),
    ]
    added = store.add(entries)
    assert (added.new, added.excluded) == (2, 2)
    assert [entry.timestamp for entry in store.entries()] == [3.0, 4.0]
