from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delta_learn.entry import CommandEntry, Session
from delta_learn.tokenizer.sequence import encode_context, encode_session
from delta_learn.tokenizer.symbols import SYMBOLS
from delta_learn.tokenizer.tokenizer import Tokenizer

DIRECTORIES = [
    None,
    "/",
    "/etc",
    "/home/alice",
    "/home/alice/src",
    "/home/alice/src/app/lib",
    "/home/alicex/a",
]

entries = st.builds(
    CommandEntry,
    command=st.sampled_from(["git status", "ls", "cd /home/alice/src", "echo '<cmd>'", "", "a\nb", "é\udcff"]),
    directory=st.sampled_from(DIRECTORIES),
    timestamp=st.none() | st.floats(0, 2e5),
    exit_code=st.sampled_from([None, 0, 1, 127, 130]),
    duration_ms=st.none() | st.integers(0, 10**7),
)
sessions = st.lists(entries, min_size=1, max_size=8).map(tuple)


def text(tokenizer: Tokenizer, ids: list[int]) -> str:
    """Ids as text, with the names of the structure."""
    names = {tokenizer.symbol(name): name for name in SYMBOLS}
    return "".join(names.get(token) or tokenizer.decode([token]) for token in ids)


def encoded(tokenizer: Tokenizer, *session: CommandEntry) -> str:
    return text(tokenizer, encode_session(Session("s", session), tokenizer, lambda _: 1.0).ids.tolist())


def test_layout(named: Tokenizer) -> None:
    first = CommandEntry("make", "/home/alice/src/app", timestamp=0.0, exit_code=2, duration_ms=60_000)
    second = CommandEntry("vim a.c", "/home/alice/src/app", timestamp=190.0, exit_code=0)
    third = CommandEntry("cd /tmp", "/home/alice", timestamp=200.0)
    fourth = CommandEntry("ls", "/tmp", timestamp=200_000.0)
    assert encoded(named, first, second, third, fourth) == (
        "<session><cwd>src/app<cmd>make<end>"
        "<gap:minutes><exit:n><cmd>vim a.c<end>"
        "<cwd><home><exit:0><cmd>cd /tmp<end>"
        "<gap:days><cwd>/tmp<cmd>ls<end>"
    )


@pytest.mark.parametrize(
    ("directory", "shown"),
    [
        ("/", "/"),
        ("//", "/"),
        ("/etc", "/etc"),
        ("/etc/", "/etc"),
        ("/usr/local/lib", "local/lib"),
        ("/home/alice", "<home>"),
        ("/home/alice/", "<home>"),
        ("/home/alice/src", "<home>/src"),
        ("/home/alice/src/app", "src/app"),
        ("/home/alice/src/app/lib", "app/lib"),
        ("/home/alicex/a", "<user>x/a"),
    ],
)
def test_directories_are_shortened(named: Tokenizer, directory: str, shown: str) -> None:
    assert encoded(named, CommandEntry("ls", directory)) == f"<session><cwd>{shown}<cmd>ls<end>"


def test_a_directory_is_said_only_when_it_changes(tokenizer: Tokenizer) -> None:
    here, nowhere, there = (CommandEntry("ls", d) for d in ("/a/b", None, "/a/c"))
    assert encoded(tokenizer, here, nowhere, here, there).count("<cwd>") == 2


def test_the_pause_is_from_the_end_of_the_previous_command(tokenizer: Tokenizer) -> None:
    long = CommandEntry("make", timestamp=0.0, duration_ms=7_200_000)
    assert "<gap" not in encoded(tokenizer, long, CommandEntry("ls", timestamp=7300.0))
    assert "<gap:hours>" in encoded(
        tokenizer, CommandEntry("make", timestamp=0.0), CommandEntry("ls", timestamp=7300.0)
    )
    assert "<gap" not in encoded(tokenizer, long, CommandEntry("ls"))


@pytest.mark.parametrize("source", ["taught", "synthetic"])
def test_sessions_that_nobody_typed_say_so(tokenizer: Tokenizer, source: str) -> None:
    entry = CommandEntry("ls", source=source)  # type: ignore[arg-type]
    assert encoded(tokenizer, entry, CommandEntry("pwd")) == f"<session><{source}><cmd>ls<end><cmd>pwd<end>"
    assert "<taught>" not in encoded(tokenizer, CommandEntry("pwd"), entry)


def test_only_commands_and_their_ends_have_weight(tokenizer: Tokenizer) -> None:
    session = Session("s", (CommandEntry("ls", "/a", exit_code=0), CommandEntry("pwd", "/b", source="taught")))
    run = encode_session(session, tokenizer, lambda entry: 4.0 if entry.source == "taught" else 0.5)
    assert run.ids.dtype == np.uint16
    assert run.weights.dtype == np.float16
    weighted = [(tokenizer.decode([int(i)]), float(w)) for i, w in zip(run.ids, run.weights, strict=True) if w]
    assert "".join(piece for piece, _ in weighted) == "lspwd"
    assert [weight for _, weight in weighted] == [0.5] * 2 + [4.0] * (len(weighted) - 2)
    ends = np.flatnonzero(run.ids == tokenizer.symbol("<end>"))
    assert run.weights[ends].tolist() == [0.5, 4.0]


@settings(max_examples=150, deadline=None)
@given(session=sessions)
def test_a_context_is_what_the_session_begins_with(named: Tokenizer, session: tuple[CommandEntry, ...]) -> None:
    ids = encode_session(Session("s", session), named, lambda _: 1.0).ids.tolist()
    commands = [place for place, token in enumerate(ids) if token == named.symbol("<cmd>")]
    assert len(commands) == len(session)
    for index, entry in enumerate(session):
        context = encode_context(session[:index], entry.directory, entry.timestamp, named, 10_000)
        assert context == ids[: commands[index] + 1]


@settings(max_examples=150, deadline=None)
@given(session=sessions, max_tokens=st.integers(2, 60))
def test_a_short_context_drops_whole_commands(
    named: Tokenizer, session: tuple[CommandEntry, ...], max_tokens: int
) -> None:
    whole = encode_context(session, "/home/alice", 3e5, named, 10_000)
    cut = encode_context(session, "/home/alice", 3e5, named, max_tokens)
    start, command, end = (named.symbol(name) for name in ("<session>", "<cmd>", "<end>"))
    assert len(cut) <= max_tokens
    assert cut[0] == start
    assert cut[-1] == command
    ends = [0, *(place + 1 for place, token in enumerate(whole) if token == end)]
    suffixes = [whole[place:] if place else whole[1:] for place in ends]
    fitting = [suffix for suffix in suffixes if 1 + len(suffix) <= max_tokens]
    assert cut[1:] == (max(fitting, key=len) if fitting else [command])


def test_a_taught_session_fits_or_is_cut_as_others(tokenizer: Tokenizer) -> None:
    entry = CommandEntry("ls", source="taught")
    whole = encode_context([entry], None, None, tokenizer, 100)
    assert text(tokenizer, whole) == "<session><taught><cmd>ls<end><cmd>"
    assert text(tokenizer, encode_context([entry], None, None, tokenizer, len(whole) - 1)) == "<session><cmd>"


def test_a_context_of_less_than_two_tokens_is_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(ValueError, match="max_tokens"):
        encode_context([], None, None, tokenizer, 1)
