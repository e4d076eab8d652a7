"""predictor/memory.py: past tokens are found by the places where they stood."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.entry import CommandEntry
from delta_learn.predictor import chain as chains
from delta_learn.predictor import memory as module
from delta_learn.predictor.context import Context
from delta_learn.predictor.lexer import END, is_word, tokens
from delta_learn.predictor.memory import PROMPT_COLUMNS, TokenMemory
from delta_learn.predictor.names import UNKNOWN
from delta_learn.predictor.place import COLUMNS, Place

LIMITS = module._LIMITS
"""The number of a place that two places must share, and how many of the newest that do are found."""

LINES = st.lists(st.sampled_from(["git add", "git add a.c", "ls -l", "ls", "a/b"]), max_size=3)


def memory_of(lines: Sequence[str], context: Context | None = None) -> TokenMemory:
    memory = TokenMemory()
    for line in lines:
        memory.record(tokens(line), memory.prompt(context or Context()))
    return memory


def place_after(text: str) -> Place:
    return reduce(Place.after, tokens(text), Place())


def similar_by_columns(memory: TokenMemory, place: Place) -> set[int]:
    """What `similar` finds, without its chains."""
    same = dict(zip(COLUMNS, memory.same_place(np.arange(len(memory)), place), strict=True))
    found: set[int] = set()
    for name, limit in LIMITS.items():
        found.update(np.flatnonzero(same[name])[::-1][:limit].tolist())
    return found


def reloaded(memory: TokenMemory) -> TokenMemory:
    packed = msgpack.packb(memory.to_record(), unicode_errors="surrogateescape")
    return TokenMemory.from_record(msgpack.unpackb(packed, unicode_errors="surrogateescape"))


def typed_lines(count: int, words: int = 12) -> list[str]:
    rng = random.Random(3)
    verbs, names = ["git add", "git", "vim", "make -j", "./run"], [f"file{n}" for n in range(words)]
    return [f"{rng.choice(verbs)} {rng.choice(names)}" + rng.choice(["", ".c", "/x"]) for _ in range(count)]


def test_positions_hold_the_tokens_of_each_line_and_its_end() -> None:
    memory = memory_of(["git add", "ls"])
    names = memory.lexicon.names
    positions = np.arange(len(memory))
    assert [names[token] for token in memory.tokens_at(positions)] == ["git", " ", "add", END, "ls", END]
    assert memory.events_at(positions).tolist() == [0, 0, 0, 0, 1, 1]
    assert memory.events == 2
    for text, position in (("", 0), ("git", 1), ("git ", 2), ("git add", 3), ("ls", 5)):
        assert memory.same_place(np.array([position]), place_after(text)).all()


@given(LINES, st.sampled_from(["", "git", "git ", "git add", "git add a", "ls", "x", "a/"]))
def test_nothing_similar_is_overlooked_in_a_short_history(lines: list[str], text: str) -> None:
    memory = memory_of(lines)
    assert similar_by_columns(memory, place_after(text)) <= memory.similar(place_after(text))


@pytest.fixture
def wide_chains(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many slots that no two keys of a test share one."""
    monkeypatch.setattr(chains, "_FIRST_SIZE", 1 << 20)


@pytest.mark.usefixtures("wide_chains")
def test_the_newest_of_each_context_are_found_and_nothing_else() -> None:
    memory = memory_of(typed_lines(300))
    again = reloaded(memory)
    for text in (
        "",
        "git",
        "git ",
        "git add",
        "git add ",
        "git add file1",
        "make -",
        "new",
        "new file1",
        "./run file2/x",
    ):
        expected = similar_by_columns(memory, place_after(text))
        assert memory.similar(place_after(text)) == again.similar(place_after(text)) == expected, text


def test_thousands_of_positions_are_found_as_after_a_reload() -> None:
    """The chains of the one grew and were rebuilt on the way, those of the other were made at once."""
    memory = memory_of(typed_lines(2200, words=40))
    assert len(memory) > 2 * 4096
    again = reloaded(memory)
    for text in ("", "git", "git ", "git add file1", "make -j ", "vim file30", "unknown"):
        place = place_after(text)
        assert again.similar(place) == memory.similar(place)
        newest = np.flatnonzero(memory.same_place(np.arange(len(memory)), place)[COLUMNS.index("pair")])[-10:]
        assert set(newest.tolist()) <= memory.similar(place)


def test_words_come_by_age() -> None:
    memory = memory_of(["git add a.c", "git"])
    names = memory.lexicon.names
    words = [names[token] for token in memory.tokens_at(np.array(memory.recent_words(3)))]
    assert words == ["a", "c", "git"]


def entry(command: str, **values: Any) -> CommandEntry:
    return CommandEntry(command, session="s", **values)


def shared(memory: TokenMemory, one: Context, other: Context) -> set[str]:
    """The columns in which two prompts are the same."""
    numbers = pairwise((memory.prompt(one).numbers, memory.prompt(other).numbers))
    return {name for pair in numbers for name, a, b in zip(PROMPT_COLUMNS, *pair, strict=True) if a == b}


def test_prompts_are_compared_by_what_came_before_and_where() -> None:
    memory = TokenMemory()
    add = Context((entry("ls"), entry("git add a")), directory="/x", session="s")
    assert shared(memory, add, add) == set(PROMPT_COLUMNS)
    assert shared(memory, add, Context((entry("ls"), entry("git push")), directory="/y", session="t")) == {
        "line2",
        "head1",
    }
    assert shared(memory, add, Context((entry("pwd"), entry("git add a")), directory="/x", session="t")) == {
        "line1",
        "head1",
        "directory",
    }
    assert shared(memory, add, Context(directory="/z", session="s")) == {"session"}
    assert memory.prompt(add)["line1"] == memory.prompt(add).numbers[PROMPT_COLUMNS.index("line1")]


def test_the_first_prompt_of_a_session_follows_the_last_commands_of_any() -> None:
    memory = TokenMemory()
    memory.follow("ls", Context(session="s"))
    memory.follow("git add a", Context(session="s"))
    typed = Context((entry("ls"), entry("git add a")), session="t")
    assert {"line1", "line2", "head1"} <= shared(memory, Context(session="t"), typed)
    memory.follow("git push", Context(session="s"), alone=True)
    after = Context((entry("git add a"), entry("git push")), session="t")
    assert not {"line1", "line2", "head1"} & shared(memory, Context(session="t"), after)


def test_directories_are_followed() -> None:
    memory = TokenMemory()
    memory.follow("cd src", Context(session="s"))
    assert "directory" in shared(memory, Context(session="s"), Context(directory="~/src"))


def test_the_prompt_of_an_event_is_kept() -> None:
    memory = TokenMemory()
    here, there = Context((entry("ls"),), directory="/x"), Context((entry("ls"),), directory="/y")
    for context in (here, there):
        memory.record(["git"], memory.prompt(context))
    same = memory.same_prompt(np.array([0, 1], np.int32), memory.prompt(there))
    assert dict(zip(PROMPT_COLUMNS, same.tolist(), strict=True)) == {
        "line1": [True, True],
        "line2": [True, True],
        "head1": [True, True],
        "directory": [False, True],
        "session": [True, True],
    }


def test_documentation_is_found_and_known_as_such() -> None:
    memory = TokenMemory.of_documentation(["tar -xzf file", "tar -tf file"])
    assert (memory.documented, memory.events) == (2, 2)
    assert memory.similar(place_after("tar -")) >= {2, 8}
    assert memory.lexicon.names.find("xzf") != UNKNOWN
    memory.record(tokens("tar -cf"), memory.prompt(Context()))
    assert (memory.documented, memory.events) == (2, 3)
    again = reloaded(memory)
    assert (again.documented, again.events) == (2, 3)
    assert again.similar(place_after("tar -")) == memory.similar(place_after("tar -"))


@pytest.mark.parametrize("lines", [[], ["ls"], typed_lines(250), ["caf\udce9 é", "", " "]])
def test_it_is_the_same_after_saving(lines: list[str]) -> None:
    memory = memory_of(lines, Context((entry("ls"),), session="s"))
    memory.follow("cd src", Context(session="s"))
    memory.follow("make", Context(session="s"))
    again = reloaded(memory)
    for line in ("git push", "git add file1"):
        for each in (memory, again):
            each.record(tokens(line), each.prompt(Context(session="s")))
    assert again.to_record() == memory.to_record()
    assert again.prompt(Context(session="s")).numbers == memory.prompt(Context(session="s")).numbers
    assert list(again.recent_words(60)) == list(memory.recent_words(60))
    assert again.similar(place_after("git ")) == memory.similar(place_after("git "))
    positions = np.arange(len(memory))
    kept = [is_word(again.lexicon.names[token]) for token in again.tokens_at(positions)]
    assert np.flatnonzero(kept).tolist() == list(again.recent_words(10_000))


def test_a_record_of_another_version_is_refused() -> None:
    record = memory_of(["ls"]).to_record()
    for name in ("lexicon", "tokens", "starts", "events"):
        with pytest.raises((KeyError, ValueError)):
            TokenMemory.from_record({key: value for key, value in record.items() if key != name})
    with pytest.raises(ValueError, match="number"):
        TokenMemory.from_record({**record, "starts": record["starts"][:-4]})
