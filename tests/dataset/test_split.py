from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delta_learn.dataset.split import split_by_time
from delta_learn.entry import CommandEntry, Session, Source


def session(name: str, *times: float | None, source: Source = "typed") -> Session:
    return Session(
        name,
        tuple(CommandEntry(f"{name} {i}", timestamp=t, session=name, source=source) for i, t in enumerate(times)),
    )


@st.composite
def many_sessions(draw: st.DrawFn) -> list[Session]:
    shapes = draw(st.lists(st.tuples(st.integers(1, 6), st.none() | st.floats(0, 1e6), st.booleans()), max_size=12))
    return [
        session(
            str(i),
            *([start] + [None if start is None else start + j for j in range(1, size)]),
            source="taught" if taught else "typed",
        )
        for i, (size, start, taught) in enumerate(shapes)
    ]


def commands(sessions: list[Session]) -> list[str]:
    return [entry.command for one in sessions for entry in one]


@settings(max_examples=300, deadline=None)
@given(sessions=many_sessions(), holdout=st.integers(0, 40))
def test_every_entry_is_on_exactly_one_side(sessions: list[Session], holdout: int) -> None:
    split = split_by_time(sessions, holdout)
    assert sorted(commands(split.train) + commands(split.held_out)) == sorted(commands(sessions))


@settings(max_examples=300, deadline=None)
@given(sessions=many_sessions(), holdout=st.integers(0, 40))
def test_the_hold_out_is_as_large_as_asked_where_there_is_enough(sessions: list[Session], holdout: int) -> None:
    typed = sum(len(one) for one in sessions if one.entries[0].source == "typed")
    assert len(commands(split_by_time(sessions, holdout).held_out)) == min(holdout, typed)


@settings(max_examples=300, deadline=None)
@given(sessions=many_sessions(), holdout=st.integers(0, 40))
def test_nothing_learnt_from_is_newer_than_what_it_is_tested_on(sessions: list[Session], holdout: int) -> None:
    split = split_by_time(sessions, holdout)
    order = {entry.command: i for one in sessions for i, entry in enumerate(one)}
    trained = {one.id: one for one in split.train}
    shared = [one for one in split.held_out if one.id in trained]
    assert len(shared) <= 1
    for one in shared:
        assert max(order[e.command] for e in trained[one.id]) < min(order[e.command] for e in one)
    dated = [one for one in split.train if one.entries[0].source == "typed" and one.entries[0].timestamp is not None]
    for one in dated:
        for newer in split.held_out:
            start = newer.entries[0].timestamp
            assert start is None or one.entries[0].timestamp <= start  # type: ignore[operator]


def test_whole_sessions_newest_first() -> None:
    old, middle, new = session("old", 1, 2), session("middle", 10, 11), session("new", 20, 21)
    split = split_by_time([new, old, middle], 2)
    assert [one.id for one in split.train] == ["old", "middle"]
    assert split.held_out == [new]


def test_a_large_session_is_cut_inside() -> None:
    split = split_by_time([session("old", 1, 2, 3, 4), session("new", 10)], 3)
    assert commands(split.train) == ["old 0", "old 1"]
    assert commands(split.held_out) == ["old 2", "old 3", "new 0"]


def test_sessions_without_times_keep_their_place() -> None:
    undated_first, dated, undated = session("a", None), session("b", 5), session("c", None)
    early = session("d", 1)
    split = split_by_time([undated_first, dated, undated, early], 0)
    assert [one.id for one in split.train] == ["a", "d", "b", "c"]


def test_what_was_taught_is_always_learnt() -> None:
    split = split_by_time([session("typed", 1, 2), session("taught", 9, 9.5, source="taught")], 2)
    assert commands(split.train) == ["taught 0", "taught 1"]
    assert commands(split.held_out) == ["typed 0", "typed 1"]


def test_the_split_does_not_depend_on_chance() -> None:
    sessions = [session(str(i), float(i % 3), float(i % 3) + 1) for i in range(9)]
    assert split_by_time(sessions, 7) == split_by_time(sessions, 7)


def test_a_negative_hold_out_is_refused() -> None:
    with pytest.raises(ValueError, match="holdout"):
        split_by_time([], -1)
