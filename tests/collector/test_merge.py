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
