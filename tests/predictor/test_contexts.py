"""Contexts: what was known at each prompt."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from delta_learn.entry import IMPORT_PREFIX, CommandEntry, split_sessions
from delta_learn.predictor.contexts import MAX_PREVIOUS, Timeline, contexts


def previous(entries: list[CommandEntry]) -> list[list[str]]:
    return [[entry.command for entry in context.previous] for _, context in contexts(entries)]


def test_interleaved_shells_do_not_see_each_other() -> None:
    entries = [CommandEntry(c, session=s) for c, s in [("a", "1"), ("b", "2"), ("c", "1"), ("d", "2")]]
    assert previous(entries) == [[], [], ["a"], ["b"]]
    assert [number for number, _ in contexts(entries)] == [0, 1, 0, 1]


def test_a_pause_in_an_import_starts_anew() -> None:
    session = IMPORT_PREFIX + "zsh"
    times = {"a": 0.0, "b": 1799.0, "c": 3599.0}
    entries = [CommandEntry(c, timestamp=t, session=session) for c, t in times.items()]
    assert previous(entries) == [[], ["a"], []]
    assert [context.session for _, context in contexts(entries)] == [session, session, session + "#1"]


def test_an_isolated_entry_has_no_context_and_gives_none() -> None:
    entries = [CommandEntry("a"), CommandEntry("b", isolated=True), CommandEntry("c")]
    assert previous(entries) == [[], [], []]


def test_directory_and_time_are_those_of_the_prompt() -> None:
    [(_, context)] = contexts([CommandEntry("a", directory="/d", timestamp=7.0)])
    assert (context.directory, context.timestamp) == ("/d", 7.0)


def test_long_sessions_give_their_newest_commands() -> None:
    entries = [CommandEntry(str(i)) for i in range(MAX_PREVIOUS + 10)]
    assert previous(entries)[-1] == [str(i) for i in range(9, MAX_PREVIOUS + 9)]


@given(
    st.lists(
        st.builds(
            CommandEntry,
            command=st.sampled_from("abc"),
            session=st.sampled_from(["1", "2", IMPORT_PREFIX + "x"]),
            timestamp=st.none() | st.floats(0, 9000),
            isolated=st.booleans(),
        ),
        max_size=20,
    )
)
def test_sessions_are_those_of_split_sessions(entries: list[CommandEntry]) -> None:
    rebuilt: dict[int, list[CommandEntry]] = {}
    for entry, (number, context) in zip(entries, contexts(entries), strict=True):
        session = rebuilt.setdefault(number, [])
        assert list(context.previous) == session
        session.append(entry)
    assert {n: tuple(s) for n, s in rebuilt.items()} == {
        n: session.entries for n, session in enumerate(split_sessions(entries))
    }


def test_words_are_the_names_known_before_the_prompt_of_any_session() -> None:
    entries = [
        CommandEntry("mkdir lexer", session="a"),
        CommandEntry("cd lexer", session="b"),
        CommandEntry("touch main.c", session="b"),
    ]
    assert [context.words for _, context in contexts(entries)] == [(), ("lexer",), ("lexer",)]


def test_beginning_late_gives_the_same_contexts() -> None:
    entries = [
        CommandEntry(f"mkdir d{number // 50}" if number % 9 == 0 else "make", session="ab"[number % 2])
        for number in range(600)
    ]

    def facts(first: int) -> list[tuple[object, ...]]:
        return [(n, c.words, tuple(c.previous), c.session) for n, c in contexts(entries, first=first)]

    whole = facts(0)
    for first in (1, 200, 201, 450, 600):
        assert facts(first) == whole[first:]


def test_what_is_said_about_suggestions_belongs_to_no_shell() -> None:
    said = CommandEntry("helpful", "/srv", 1e9, session="feedback", source="feedback")
    timeline = Timeline()
    first = CommandEntry("ls", session="s")
    timeline.prompt_of(first)
    timeline.follow(first)
    assert timeline.prompt_of(said)[0] == -1
    timeline.follow(said)
    assert timeline.latest == "s"
    assert timeline.prompt_of(CommandEntry("pwd", session="t"))[0] == 1
