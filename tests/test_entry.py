"""entry.py: records and sessions."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from delta_learn.entry import CommandEntry, split_sessions

entries = st.builds(
    CommandEntry,
    command=st.text(),
    directory=st.none() | st.text(),
    timestamp=st.none() | st.floats(0, 4e9),
    exit_code=st.none() | st.integers(0, 255),
    environment=st.dictionaries(st.text(), st.text()),
    session=st.text(),
    sequence=st.integers(0, 2**40),
    source=st.sampled_from(["typed", "imported", "taught"]),
    isolated=st.booleans(),
)


@given(entries)
def test_record_round_trip(entry: CommandEntry) -> None:
    assert CommandEntry.from_record(entry.to_record()) == entry


def test_unknown_fields_of_newer_versions_are_passed_over() -> None:
    assert CommandEntry.from_record({"command": "ls", "colour": "red"}) == CommandEntry("ls")


def test_every_field_is_stored() -> None:
    names = {f.name for f in fields(CommandEntry)}
    full = CommandEntry("c", "d", 1.0, 2, 3, {"A": "b"}, {"h": "i"}, "s", 4, "zsh", "taught", True)
    assert set(full.to_record()) == names


def _at(*times: float | None, session: str = "import:zsh:1") -> list[CommandEntry]:
    return [CommandEntry(f"c{i}", timestamp=t, session=session, sequence=i) for i, t in enumerate(times)]


def test_imports_are_cut_at_pauses_of_thirty_minutes() -> None:
    sessions = split_sessions(_at(0, 1799, 3599, 3600))
    assert [[e.command for e in s] for s in sessions] == [["c0", "c1"], ["c2", "c3"]]
    assert [s.id for s in sessions] == ["import:zsh:1", "import:zsh:1#1"]


def test_shell_sessions_are_never_cut_and_may_interleave() -> None:
    a, b = _at(0, 9999, session="a"), _at(1, 10000, session="b")
    sessions = split_sessions([a[0], b[0], a[1], b[1]])
    assert [s.id for s in sessions] == ["a", "b"]
    assert sessions[0].entries == tuple(a)


def test_missing_timestamps_do_not_cut() -> None:
    assert len(split_sessions(_at(None, None, 5, None))) == 1


def test_isolated_entries_stand_alone() -> None:
    entries = [
        CommandEntry("a", isolated=True),
        CommandEntry("b", isolated=True),
        CommandEntry("c"),
        CommandEntry("d"),
    ]
    sessions = split_sessions(entries)
    assert [len(s) for s in sessions] == [1, 1, 2]
    assert sessions[2].prev_command(0) is None
    assert sessions[2].next_command(0) == "d"
