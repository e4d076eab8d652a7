"""collector/spool.py: whatever the hooks wrote comes back, and what is torn takes nothing else with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.collector.outcome import EVENTS, Outcome
from delta_learn.collector.spool import CUT, Completion, Generation, Recorded, parse, recorded
from delta_learn.entry import CommandEntry

SESSION = "bash-1795348800000000-4242-31337"
HEADER = b"\x1e1Hbash 5.2.15\x004242\0box\0ann\0linux-gnu x86_64\0\n"
START = 1_795_348_800_123_456


def escaped(data: bytes) -> bytes:
    return data.replace(b"\x1e", b"\x1ee").replace(b"\n", b"\x1en").replace(b"\0", b"\x1e0")


def record(kind: str, *fields: bytes | str | int) -> bytes:
    parts = [field if isinstance(field, bytes) else str(field).encode() for field in fields]
    return b"\x1e1" + kind.encode() + b"\0".join(map(escaped, parts)) + b"\n"


def begin(sequence: int, command: bytes | str, flags: str = "", environment: bytes = b"", at: int = START) -> bytes:
    return record("S", sequence, at + sequence, flags, "/srv", environment, command)


def end(sequence: int, status: int = 0, after: int = 2_000_000) -> bytes:
    return record("E", sequence, START + sequence, START + sequence + after, status)


def read(*files: bytes, finished: bool = True, first: int = 0) -> Recorded:
    generations = {}
    for number, data in enumerate(files, first):
        generations[number] = parse(data)
        generations[number].close(finished=finished or number < first + len(files) - 1)
    return recorded(SESSION, generations)


def commands(found: Recorded) -> list[str]:
    return [entry.command for entry in found.entries]


def test_a_session_comes_back_whole() -> None:
    environment = b"KUBECONFIG=/home/ann/.kube/prod:/etc/kube/dev\x1fNODE_ENV=a=b\x1fnothing\x1f"
    data = HEADER + begin(0, "make", environment=environment) + end(0, 2) + begin(1, "exec zsh") + record("X")
    found = read(data)
    first = CommandEntry(
        "make", "/srv", START / 1e6, 2, 2000, {"KUBECONFIG": "prod:dev", "NODE_ENV": "a=b"}, {}, SESSION, 0, "bash"
    )
    second = replace(first, command="exec zsh", exit_code=None, duration_ms=None, environment={}, sequence=1)
    assert found.entries == [first, replace(second, timestamp=(START + 1) / 1e6)]
    assert found.system_info == {"host": "box", "user": "ann", "system": "linux-gnu x86_64", "shell": "bash 5.2.15"}
    assert (found.author, found.torn, found.completions) == ("", 0, [])


@given(texts=st.lists(st.binary(max_size=40) | st.text(max_size=20).map(lambda t: t.encode(errors="replace"))))
def test_every_byte_survives(texts: list[bytes]) -> None:
    data = HEADER + b"".join(begin(n, text) + end(n) for n, text in enumerate(texts))
    found = read(data, finished=False)
    assert [entry.command.encode("utf-8", "surrogateescape") for entry in found.entries] == texts
    assert found.torn == 0


@given(text=st.binary(max_size=60), size=st.integers(1, 9))
def test_pieces_are_put_together(text: bytes, size: int) -> None:
    pieces = [text[i : i + size] for i in range(0, len(text), size)] or [b""]
    records = [
        begin(0, piece, "m" if n < len(pieces) - 1 else "")
        if n == 0
        else record("M", 0, "m" if n < len(pieces) - 1 else "", piece)
        for n, piece in enumerate(pieces)
    ]
    (entry,) = read(HEADER + b"".join(records)).entries
    assert entry.command.encode("utf-8", "surrogateescape") == text


def test_cut_commands_are_marked() -> None:
    assert commands(read(HEADER + begin(0, "x" * 9, "c"))) == ["x" * 9 + CUT]
    assert commands(read(HEADER + begin(0, "a", "m") + record("M", 0, "c", "b") + end(0))) == ["ab" + CUT]
    assert commands(read(HEADER + begin(0, "a", "m") + end(0))) == ["a" + CUT], "what should follow does not"
    assert commands(read(HEADER + begin(0, "a", "m") + begin(1, "b"))) == ["a" + CUT, "b"]
    assert commands(read(HEADER + begin(0, "a", "m"))) == ["a" + CUT]


def test_what_follows_a_torn_piece_is_no_part_of_the_command() -> None:
    found = read(HEADER + begin(0, "a", "m") + b"\x1e1M0\0m\0b" + record("M", 0, "", "c") + end(0, 4))
    assert [(entry.command, entry.exit_code) for entry in found.entries] == [("a" + CUT, 4)]
    assert found.torn == 2


def test_a_command_that_is_still_written_is_left_for_the_next_time() -> None:
    data = HEADER + begin(0, "a") + begin(1, "b", "m")
    generation = parse(data)
    generation.close(finished=False)
    assert [b.text for b in generation.begun] == [b"a"]
    assert data[generation.consumed :] == begin(1, "b", "m")
    assert generation.rest
    assert generation.torn == 0


def test_a_start_written_twice_is_one_command() -> None:
    assert commands(read(HEADER + begin(0, "make") + begin(0, "make") + end(0))) == ["make"]


def test_a_start_that_a_full_disk_cut_is_taken_from_the_next_generation() -> None:
    found = read(HEADER + begin(0, "a", "m"), HEADER + begin(0, "ab") + end(0, 7))
    assert [(e.command, e.exit_code) for e in found.entries] == [("ab", 7)]


def test_an_end_in_the_next_generation_is_joined() -> None:
    (entry,) = read(HEADER + begin(0, "make"), HEADER + end(0, 7)).entries
    assert entry.exit_code == 7


def test_an_end_alone_completes_what_was_drained() -> None:
    found = read(HEADER + b"\0" * 50 + end(3, 1))
    assert found.entries == []
    assert found.completions == [Completion(SESSION, 3, (START + 3) / 1e6, 1, 2000)]


def test_a_clock_that_went_back_leaves_the_duration_unknown() -> None:
    (entry,) = read(HEADER + begin(0, "make") + end(0, 0, after=-5)).entries
    assert (entry.exit_code, entry.duration_ms) == (0, None)


def test_an_end_without_a_known_start_has_no_duration() -> None:
    (entry,) = read(HEADER + begin(0, "make") + record("E", "0", str(START), "", "3")).entries
    assert (entry.exit_code, entry.duration_ms) == (3, None)


def test_only_the_first_generation_from_its_start_tells_the_system() -> None:
    assert read(HEADER + begin(0, "a"), first=0).system_info
    assert not read(HEADER + begin(5, "a"), first=1).system_info
    assert not read(HEADER + b"\0\0" + begin(5, "a"), first=0).system_info


def test_what_newer_hooks_write_is_passed_over() -> None:
    newer = b"\x1e2S1\0new\0\n" + b"\x1e1Zsomething\0else\n"
    found = read(HEADER + begin(0, "a", "m") + newer + record("M", 0, "", "b"))
    assert (commands(found), found.torn) == (["ab"], 0)


@pytest.mark.parametrize(
    "torn",
    [
        b"\x1e1S1\0" + str(START).encode() + b"\0\0/srv\0\0make wi",  # a full disk
        b"\x1e1S1\0\x1e",
        b"rubbish\n",
        b"\x1e1Sone\0" + str(START).encode() + b"\0\0/srv\0\0make\n",
        b"\x1e1S1\0" + b"9" * 17 + b"\0\0/srv\0\0make\n",
        b"\x1e1S1\0" + str(START).encode() + b"\0\0/srv\0make\n",
        b"\x1e1S1\0" + str(START).encode() + b"\0\0/srv\0\0ma\x1ex\n",
        b"\x1e1M1\0\0orphan\n",
        b"\x1e1E1\0-5\0\0\n",
        b"\x1e1Xtra\n",
    ],
)
def test_a_torn_record_is_counted_and_takes_nothing_with_it(torn: bytes) -> None:
    for finished in (True, False):
        found = read(HEADER + begin(0, "a") + torn + begin(2, "c") + end(2), finished=finished)
        assert commands(found) == ["a", "c"]
        assert found.torn == 1


STREAM = HEADER + b"".join(
    [begin(0, "ls"), end(0), begin(1, "a\nb\x1e\0", "m"), record("M", 1, "", "c"), end(1, 1), begin(2, "é"), end(2)]
) + record("X")  # fmt: skip
WHOLE = ["ls", "a\nb\x1e\0c", "é"]


@pytest.mark.parametrize("finished", [True, False])
def test_cut_anywhere_nothing_before_is_lost(finished: bool) -> None:
    for length in range(len(STREAM) + 1):
        data = STREAM[:length]
        generation = parse(data)
        generation.close(finished=finished)
        texts = [text.removesuffix(CUT) for text in commands(recorded(SESSION, {0: generation}))]
        assert texts == [whole[: len(text)] for text, whole in zip(texts, WHOLE, strict=False)]
        assert len(texts) >= data.count(b"\x1e1E")
        if not finished:
            assert_read_on(data, generation)


def assert_read_on(data: bytes, generation: Generation) -> None:
    """What was left is read when the rest is there, with what was consumed wiped."""
    wiped = data[: generation.kept] + bytes(generation.consumed - generation.kept)
    later = parse(wiped + STREAM[generation.consumed :])
    later.close(finished=True)
    assert later.torn == 0
    seen = [b.text for b in generation.begun] + [b.text for b in later.begun]
    assert seen == [w.encode() for w in WHOLE]
    assert [e.sequence for e in generation.ends + later.ends] == [0, 1, 2]


@given(position=st.integers(0, len(STREAM) - 1), byte=st.integers(0, 255))
def test_a_flipped_byte_damages_at_most_its_own_command(position: int, byte: int) -> None:
    data = STREAM[:position] + bytes([byte]) + STREAM[position + 1 :]
    found = read(data)
    damaged = sum(1 for whole in WHOLE if whole not in commands(found))
    assert damaged <= 2, "its own, and the one whose start a lost end of record swallowed"
    assert all(isinstance(entry.timestamp, float) for entry in found.entries)


@given(st.binary(max_size=200))
def test_any_bytes_can_be_read(data: bytes) -> None:
    for finished in (True, False):
        generation = parse(data)
        generation.close(finished=finished)
        assert generation.kept <= generation.consumed <= len(data)
        recorded(SESSION, {0: generation})


@given(parts=st.lists(st.sampled_from([HEADER, begin(0, "a", "m"), record("M", 0, "m", "b"), end(0), b"\0", b"\x1e"])))
def test_any_order_of_records_can_be_read(parts: list[Any]) -> None:
    read(b"".join(parts))


def feedback(sequence: int, event: str = "accepted", shown: bytes | str = "git push", **changed: object) -> bytes:
    fields: dict[str, Any] = {
        "sequence": sequence, "time": START + sequence, "event": event, "shown": shown, "typed": 2, "saved": -1,
        "probability": "0.532", "source": "history", "version": "delta_model_2026-11-22", "after": "git commit",
    }  # fmt: skip
    return record("F", *{**fields, **changed}.values())


def test_what_became_of_a_suggestion_comes_back() -> None:
    found = read(HEADER + begin(0, "git push") + feedback(0, shown=b"git\n\x1e\0push\xff") + end(0))
    assert found.outcomes == [
        Outcome(0, START / 1e6, "accepted", "git\n\x1e\0push\udcff", 2, -1, 0.532, "history", "delta_model_2026-11-22")
    ]
    assert (commands(found), found.torn) == (["git push"], 0)
    assert read(HEADER + feedback(1, version="", probability="1.000")).outcomes[0].version == ""


@pytest.mark.parametrize(
    "changed",
    [
        {"typed": "one"},
        {"time": "9" * 17},
        {"event": "liked"},
        {"shown": ""},
        {"shown": "x" * 1001},
        {"typed": "-1"},
        {"saved": "+1"},
        {"saved": ""},
        {"probability": ""},
        {"probability": "1.5"},
        {"probability": "nan"},
        {"source": "a b"},
        {"version": "../x"},
        {"after": b"a\x1e" + b"x"},
    ],
)
def test_feedback_that_no_hook_writes_is_counted_and_takes_nothing_with_it(changed: dict[str, Any]) -> None:
    torn = feedback(1, **changed).replace(b"a\x1eex", b"a\x1ex")
    found = read(HEADER + begin(0, "a") + end(0) + begin(1, "b") + torn + end(1) + begin(2, "c") + feedback(2))
    assert commands(found) == ["a", "b", "c"]
    assert ([outcome.sequence for outcome in found.outcomes], found.torn) == ([2], 1)


def test_feedback_written_twice_is_one() -> None:
    found = read(HEADER + feedback(3), HEADER + feedback(3, time=START + 9) + feedback(4))
    assert [outcome.sequence for outcome in found.outcomes] == [3, 4]
    assert found.outcomes[0].time == (START + 3) / 1e6


SAID = HEADER + begin(0, "ls") + feedback(0) + end(0) + begin(1, "make") + feedback(1, "overridden") + end(1)


def test_feedback_cut_anywhere_is_whole_or_left_for_the_next_time() -> None:
    for length in range(len(SAID) + 1):
        generation = parse(SAID[:length])
        generation.close(finished=False)
        found = recorded(SESSION, {0: generation})
        assert [each.shown for each in found.outcomes] == ["git push"] * len(found.outcomes)
        assert (found.torn, commands(found)) == (0, ["ls", "make"][: len(commands(found))])
        later = parse(SAID[generation.consumed :])
        assert len(found.outcomes) + len(later.outcomes) == 2


@given(position=st.integers(0, len(SAID) - 1), byte=st.integers(0, 255))
def test_a_flipped_byte_in_feedback_harms_at_most_what_stands_beside_it(position: int, byte: int) -> None:
    found = read(SAID[:position] + bytes([byte]) + SAID[position + 1 :])
    assert len({"ls", "make"} - set(commands(found))) <= 1
    assert len(found.outcomes) <= 2
    for outcome in found.outcomes:
        assert outcome.event in EVENTS
        assert 0 <= outcome.probability <= 1
        assert outcome.shown
