from __future__ import annotations

from collections import Counter

from delta_learn.dataset.arrangement import LONGEST_PIECE, MOST_PIECES, REPEAT_SHARE, arrange
from delta_learn.dataset.corpus import Page
from delta_learn.entry import Session

PAGES = [Page("f", f"o/n:{p}", "MIT", "doc", tuple(f"tool{p} {i}" for i in range(6))) for p in range(200)]
COMMANDS = {command for page in PAGES for command in page.commands}


def arranged(number: int = 0, seed: int = 1) -> list[Session]:
    return list(arrange(PAGES, seed=seed, number=number))


def test_every_command_comes_once_and_some_again() -> None:
    counts = Counter(entry.command for session in arranged() for entry in session)
    assert set(counts) == COMMANDS
    again = sum(counts.values()) - len(COMMANDS)
    assert 0.7 * REPEAT_SHARE < again / len(COMMANDS) < 1.3 * REPEAT_SHARE


def test_a_repeat_is_of_the_same_session() -> None:
    places: dict[str, set[str]] = {}
    for session in arranged():
        for entry in session:
            places.setdefault(entry.command, set()).add(session.id)
    assert all(len(sessions) == 1 for sessions in places.values())


def test_an_arrangement_is_a_function_of_seed_and_number() -> None:
    def commands(number: int, seed: int) -> list[list[str]]:
        return [[entry.command for entry in session] for session in arranged(number, seed)]

    assert arranged() == arranged()
    assert commands(0, 1) != commands(1, 1)
    assert commands(0, 1) != commands(0, 2)


def test_page_order_is_gone() -> None:
    """Of two neighbours on a page the first stands first as often as the second."""
    places = {}
    for place, command in enumerate(entry.command for session in arranged() for entry in session):
        places.setdefault(command, place)
    pairs = [(f"tool{p} {i}", f"tool{p} {i + 1}") for p in range(200) for i in range(5)]
    first = sum(places[a] < places[b] for a, b in pairs)
    assert 0.42 < first / len(pairs) < 0.58


def test_sessions_begin_anywhere_on_a_page() -> None:
    firsts = Counter(session.entries[0].command.split()[1] for session in arranged())
    assert min(firsts[str(i)] for i in range(6)) > 0.5 * max(firsts.values())


def test_sessions_are_short_and_hold_pieces_of_pages() -> None:
    sessions = arranged()
    distinct = [len({entry.command for entry in session}) for session in sessions]
    assert max(distinct) <= LONGEST_PIECE * MOST_PIECES
    same = Counter(
        a.command.split()[0] == b.command.split()[0]
        for session in sessions
        for a, b in zip(session.entries, session.entries[1:], strict=False)
        if a.command != b.command
    )
    assert same[True] > 0.3 * same.total()
    assert same[False] > 0.2 * same.total()


def test_half_of_the_sessions_have_what_only_a_hook_records() -> None:
    sessions = arranged()
    recorded = [session for session in sessions if session.entries[0].exit_code is not None]
    timed = [session for session in sessions if session.entries[0].timestamp is not None]
    for part in (recorded, timed):
        assert 0.4 < len(part) / len(sessions) < 0.6
    assert all(entry.directory and entry.exit_code is not None for session in recorded for entry in session)
    assert {entry.exit_code for session in recorded for entry in session} == {0, 1, 127, 130}
