"""draft.py: numbering, session names and the values that an entry can have."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from delta_learn.collector.importers.draft import Draft, file_session, scaled

anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.text(st.characters(categories=["Cs"])),
    st.binary(),
    st.lists(st.integers()),
)


def test_the_session_of_a_file_depends_on_format_and_resolved_path(home: Path) -> None:
    (home / "link").symlink_to(home / "file")
    name = file_session(home / "file", "zsh")
    assert name == file_session(home / "link", "zsh") == file_session(home / "x" / ".." / "file", "zsh")
    assert name != file_session(home / "other", "zsh")
    assert name.replace("zsh", "bash") == file_session(home / "file", "bash")
    assert len(name) == len("import:zsh:") + 12


def test_broken_lines_take_no_number(home: Path) -> None:
    draft = Draft(home, "jsonl")
    draft.add(1, "a")
    draft.add(2, None)
    draft.add(3, "b")
    draft.add(4, "c", session="s")
    result = draft.result()
    assert [(e.command, e.sequence) for e in result.entries] == [("a", 0), ("b", 1), ("c", 0)]
    assert [line.line for line in result.broken] == [2]


def test_values_are_cleaned(home: Path) -> None:
    draft = Draft(home, "jsonl")
    draft.add(1, "ls", timestamp=0, duration_ms=-1, exit_code=2.0, directory="", session="")
    (entry,) = draft.result().entries
    assert (entry.timestamp, entry.duration_ms, entry.exit_code, entry.directory) == (None, None, 2, None)
    assert entry.session.startswith("import:jsonl:")


def test_scaled_touches_only_numbers() -> None:
    assert [scaled(value, 10) for value in (2, 0.5, "2", None, True)] == [20, 5.0, "2", None, True]


@given(anything, anything, anything, anything, anything, anything)
def test_any_value_is_used_or_reported_and_entries_can_be_stored(
    command: object,
    timestamp: object,
    duration: object,
    exit_code: object,
    directory: object,
    session: object,
) -> None:
    draft = Draft(Path("/nowhere"), "jsonl")
    draft.add(
        1,
        command,
        timestamp=timestamp,
        duration_ms=duration,
        exit_code=exit_code,
        directory=directory,
        session=session,
    )
    result = draft.result()
    assert len(result.entries) + len(result.broken) == 1
    for entry in result.entries:
        for text in (entry.command, entry.directory or "", entry.session):
            assert text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape") == text
        assert entry.timestamp is None or 0 < entry.timestamp < 1e11
        assert all(n is None or abs(n) < 2**63 for n in (entry.exit_code, entry.duration_ms))
