"""collector/merge.py: twice imports once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from delta_learn.collector.merge import new_entries, overlap
from delta_learn.entry import CommandEntry

lines = st.lists(st.sampled_from("abc"), max_size=12)


def untimed(commands: list[str]) -> list[CommandEntry]:
    return [CommandEntry(c, session="import:bash:1", sequence=i) for i, c in enumerate(commands)]


def commands(entries: list[CommandEntry]) -> list[str]:
    return [e.command for e in entries]


@given(lines, lines)
def test_overlap_is_the_longest_by_brute_force(before: list[str], after: list[str]) -> None:
    longest = max(k for k in range(min(len(before), len(after)) + 1) if before[len(before) - k :] == after[:k])
    assert overlap(before, after) == longest


@given(lines)
def test_the_same_untimed_file_again_adds_nothing(history: list[str]) -> None:
    assert new_entries(untimed(history), untimed(history)) == []


@given(lines, lines)
def test_an_untimed_file_that_grew_adds_its_tail(history: list[str], more: list[str]) -> None:
    fresh = new_entries(untimed(history), untimed(history + more))
    assert commands(fresh) == more
    assert [e.sequence for e in fresh] == list(range(len(history), len(history) + len(more)))


def test_an_untimed_file_cut_at_its_cap_adds_only_what_is_new() -> None:
    old = [f"c{i}" for i in range(100)]
    assert commands(new_entries(untimed(old), untimed([*old[40:], "x", "c3"]))) == ["x", "c3"]


def test_a_rewritten_untimed_file_adds_what_occurs_more_often() -> None:
    assert commands(new_entries(untimed(["a", "b", "a"]), untimed(["z", "b", "a", "a", "a"]))) == ["z", "a"]


def test_timed_commands_agree_across_tools_by_second_and_text() -> None:
    known = [CommandEntry("make", timestamp=10.0, session="import:zsh:1")]
    incoming = [
        CommandEntry("make", timestamp=10.7, session="atuin:x"),
        CommandEntry("make", timestamp=10.9, session="atuin:x", sequence=1),
        CommandEntry("make", timestamp=11.0, session="atuin:x", sequence=2),
    ]
    fresh = new_entries(known, incoming)
    assert [(e.timestamp, e.sequence) for e in fresh] == [(10.9, 0), (11.0, 1)]


def test_numbers_continue_behind_what_is_known() -> None:
    known = [CommandEntry("a", timestamp=1.0, session="s", sequence=7)]
    fresh = new_entries(known, [CommandEntry("b", timestamp=2.0, session="s", sequence=0)])
    assert fresh == [CommandEntry("b", timestamp=2.0, session="s", sequence=8)]


def typed(command: str, timestamp: float, *, shell: str = "bash") -> CommandEntry:
    return CommandEntry(command, timestamp=timestamp, session="bash-1-2-3", sequence=int(timestamp), shell=shell)


def imported(command: str, timestamp: float | None, number: int = 0) -> CommandEntry:
    return CommandEntry(
        command, timestamp=timestamp, session="import:bash:1", sequence=number, shell="bash", source="imported"
    )


def test_what_the_hooks_recorded_a_second_apart_is_known() -> None:
    known = [typed("make", 100.9)]
    for second, fresh in ((97, 1), (98, 0), (99, 0), (100, 0), (101, 0), (102, 0), (103, 1)):
        assert len(new_entries(known, [imported("make", second)])) == fresh, second
    assert len(new_entries(known, [imported("make ", 101)])) == 0, "shells take off spaces at the end"
    assert len(new_entries(known, [imported("make all", 100)])) == 1


def test_each_recorded_command_stands_for_one_line() -> None:
    known = [typed("ls", 100.2), typed("ls", 101.7)]
    assert len(new_entries(known, [imported("ls", second) for second in (99, 100, 101, 102)])) == 2
    assert len(new_entries(known, [imported("ls", second) for second in (102, 100)])) == 0


def test_imported_lines_of_near_seconds_stay_apart() -> None:
    assert len(new_entries([imported("ls", 100.0)], [imported("ls", 101.0)])) == 1


@given(
    st.lists(st.integers(0, 30), max_size=8),
    st.lists(st.integers(-2, 2), min_size=8, max_size=8),
)
def test_a_clock_that_differs_by_up_to_two_seconds_doubles_nothing(seconds: list[int], shifts: list[int]) -> None:
    """The order of the lines is the same, so earliest with earliest is a complete matching."""
    known = [typed("ls", second + 0.5) for second in sorted(seconds)]
    shifted = [imported("ls", 100 + second + shift) for second, shift in zip(sorted(seconds), shifts, strict=False)]
    assert new_entries([typed("ls", e.timestamp + 100) for e in known if e.timestamp is not None], shifted) == []


old_lines = st.lists(st.sampled_from(["a", "b", "c"]), max_size=6)
new_lines = st.lists(st.tuples(st.sampled_from(["x", "y", "z"]), st.booleans()), max_size=8)


@given(old_lines, new_lines, st.booleans())
def test_an_untimed_file_adds_only_what_the_hooks_did_not_record(
    old: list[str], new: list[tuple[str, bool]], imported_before: bool
) -> None:
    file = [imported(line, None, n) for n, line in enumerate([*old, *(line for line, _ in new)])]
    known = [typed(line, 100.0 + n) for n, (line, recorded) in enumerate(new) if recorded]
    expected = sorted(line for line, recorded in new if not recorded)
    if imported_before:
        known += file[: len(old)]
    else:
        expected = sorted([*old, *expected])
    fresh = new_entries(known, file)
    assert sorted(commands(fresh)) == expected
    assert new_entries([*known, *fresh], file) == []


def test_of_equal_untimed_lines_the_newest_are_the_recorded_ones() -> None:
    file = [imported(line, None, n) for n, line in enumerate(["ls", "make", "ls", "git", "ls"])]
    assert commands(new_entries([typed("ls", 1.0), typed("git", 2.0)], file)) == ["ls", "make", "ls"]


def test_only_what_was_recorded_in_that_shell_counts() -> None:
    assert len(new_entries([typed("ls", 1.0, shell="zsh")], [imported("ls", None)])) == 1


def test_lines_of_a_recorded_command_may_stand_alone_in_the_file() -> None:
    file = [imported(line, None, n) for n, line in enumerate(["for x in a; do", "  echo $x", "done"])]
    assert new_entries([typed("for x in a; do\n  echo $x\ndone", 1.0)], file) == []


def test_what_was_said_about_suggestions_is_no_command_that_is_known() -> None:
    said = CommandEntry("typed", timestamp=1e9, session="feedback", source="feedback")
    (fresh,) = new_entries([said], [CommandEntry("typed", timestamp=1e9, session="import:zsh", source="imported")])
    assert fresh.source == "imported"
