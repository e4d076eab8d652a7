"""zsh.py: against zsh's rules, and against zsh itself."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delta_learn.collector.importers.result import BrokenLine
from delta_learn.collector.importers.zsh import read, unmetafy

needs_zsh = pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
Write = Callable[..., Path]


def commands(path: Path) -> list[str]:
    return [entry.command for entry in read(path).entries]


def metafied(text: bytes) -> bytes:
    """As zsh 5.9 stores text: its own bytes are NUL, 0x83 (Meta), its tokens and 0xa2 (Marker)."""
    out = bytearray()
    for byte in text:
        out += bytes([0x83, byte ^ 0x20]) if byte == 0 or 0x83 <= byte <= 0xA2 else bytes([byte])
    return bytes(out)


def written(command: bytes, stamp: bytes = b"") -> bytes:
    """One history line as savehistfile writes it."""
    text = metafied(command).replace(b"\n", b"\\\n")
    if text.rstrip(b" ").endswith(b"\\"):
        text += b" "
    return (stamp or (b"\\" if text.startswith(b":") else b"")) + text + b"\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"ls\npwd\n", ["ls", "pwd"]),
        (b"ls\npwd", ["ls", "pwd"]),
        (b"ls\n\n  \npwd\n", ["ls", "pwd"]),
        (b"for i in 1\\\ndo echo\\\ndone\nls\n", ["for i in 1\ndo echo\ndone", "ls"]),
        (b"cat <<X\\\n\\\na\\\nX\n", ["cat <<X\n\na\nX"]),
        (b"echo a \\\\\nb\n", ["echo a \\\nb"]),
        (b"echo end\\ \nls\n", ["echo end\\", "ls"]),
        (b"echo end\\\\ \nls\n", ["echo end\\\\", "ls"]),
        (b"echo end\\   \nls\n", ["echo end\\  ", "ls"]),
        (b"echo end  \nls\n", ["echo end  ", "ls"]),
        (b"a\\\nb\\ \nls\n", ["a\nb\\", "ls"]),
        (b"ls\necho end\\", ["ls", "echo end\\"]),
        (b"\\: foo\n: bar\n", [": foo", ": bar"]),
        (b": 12:0;\\: foo\n", ["\\: foo"]),
        (b": 12:0;: 13:0;ls\n", [": 13:0;ls"]),
    ],
)
def test_lines_become_commands(write: Write, data: bytes, expected: list[str]) -> None:
    assert commands(write(data)) == expected


def test_start_and_duration_of_extended_lines(write: Write) -> None:
    path = write(b": 1700000000:5;make\n: 1700000009:0;ls\n: 1700000020:1700000023;old\n: 0:0;x\n")
    assert [(e.timestamp, e.duration_ms) for e in read(path).entries] == [
        (1700000000.0, 5000),
        (1700000009.0, 0),
        (1700000020.0, 3000),
        (None, None),
    ]


def test_plain_and_extended_lines_mix(write: Write) -> None:
    entries = read(write(b"plain\n: 1700000000:0;extended\\\nmore\nplain again\n")).entries
    assert [(e.command, e.timestamp) for e in entries] == [
        ("plain", None),
        ("extended\nmore", 1700000000.0),
        ("plain again", None),
    ]


def test_broken_lines_are_reported_with_their_first_line(write: Write) -> None:
    result = read(write(b"ls\n: 12:0;\n: 13:0;  \na\\\nb\0\ncaf\xc3\xa9\x83\nx\\\ny\x83\\\nz\npwd\ncut\\\noff\\\n"))
    assert [entry.command for entry in result.entries] == ["ls", "pwd"]
    assert result.broken == [
        BrokenLine(2, "the command is empty"),
        BrokenLine(3, "the command is empty"),
        BrokenLine(4, "the line holds NUL bytes"),
        BrokenLine(6, "the line ends inside an encoded byte"),
        BrokenLine(7, "the line ends inside an encoded byte"),
        BrokenLine(11, "the file ends inside a command"),
    ]


def test_windows_line_ends_and_byte_order_mark(write: Write) -> None:
    path = write(b"\xef\xbb\xbf: 1700000000:0;ls\r\n: 1700000001:0;a\\\r\nb\r\n")
    assert [(e.command, e.timestamp) for e in read(path).entries] == [("ls", 17e8), ("a\nb", 17e8 + 1)]


def test_escaped_bytes_are_decoded(write: Write) -> None:
    text = "grüße Ã à € 考 ✓".encode() + b" \x83\xa2\xff"
    (entry,) = read(write(written(b"echo " + text))).entries
    assert entry.command.encode("utf-8", "surrogateescape") == b"echo " + text


def test_a_file_that_was_converted_to_utf8_is_taken_as_it_is(write: Write) -> None:
    assert commands(write("echo Ã 考\n".encode())) == ["echo Ã 考"]


def test_entries_are_one_numbered_stream(write: Write) -> None:
    path = write(b"a\nb\n")
    first, second = read(path).entries
    assert (first.shell, first.source, first.sequence, second.sequence) == ("zsh", "imported", 0, 1)
    assert first.session == second.session
    assert first.session.startswith("import:zsh:")


@given(st.binary())
def test_unmetafy_is_the_inverse_of_zsh(text: bytes) -> None:
    stored = metafied(text)
    try:
        stored.decode()
    except UnicodeDecodeError:
        assert unmetafy(stored) == text
    else:
        assert unmetafy(stored) == stored


hard_text = st.text(st.sampled_from("ab\\ :;\n\t#!'\"%été考€Ã✓\x01\x1b"), max_size=12)
stray_bytes = st.lists(st.sampled_from([b"a", b"\\", b"\x83", b"\x84", b"\xa0", b"\xbf", b"\xff"]), max_size=8)
hard_command = st.one_of(hard_text.map(str.encode), stray_bytes.map(b"".join)).map(lambda text: b"x" + text)
leading = st.sampled_from([b"", b":", b": 12:0;", b"\\", b" "])
hard_commands = st.lists(st.builds(lambda a, b: a + b, leading, hard_command), min_size=1, max_size=40)


@given(hard_commands, st.booleans())
def test_what_zsh_writes_comes_back(typed: list[bytes], extended: bool) -> None:
    stamp = b": 1700000000:0;" if extended else b""
    if not extended:  # a plain line cannot say whether a leading `\:` was typed
        typed = [text.removeprefix(b"\\") for text in typed]
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "history"
        path.write_bytes(b"".join(written(text, stamp) for text in typed))
        assert [c.encode("utf-8", "surrogateescape") for c in commands(path)] == typed


def through_zsh(typed: Sequence[bytes], options: str, path: Path) -> list[bytes]:
    """Let zsh write `typed` to `path`, and say what zsh then reads there."""
    quoted = ["".join(f"\\x{byte:02x}" for byte in text) for text in typed]
    lines = "".join(f"print -rs -- $'{text}'\n" for text in quoted)
    script = path.with_suffix(".zsh")
    script.write_text(
        f"fc -p /dev/null 9999 9999\n{options}\n{lines}fc -W {path}\n"
        f"fc -p /dev/null 9999 9999\nfc -R {path}\n"
        "print -s 'the newest, which $history leaves out'\n"
        "for k in ${(onk)history}; do print -rN -- $history[$k]; done\n"
    )
    done = subprocess.run(
        ["zsh", "-fi", str(script)],
        capture_output=True,
        check=True,
        timeout=30,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
    )
    return done.stdout.split(b"\0")[:-1]


@needs_zsh
@settings(max_examples=25, deadline=None)
@given(hard_commands, st.booleans())
def test_the_real_zsh_agrees(typed: list[bytes], extended: bool) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "history"
        read_by_zsh = through_zsh(typed, "setopt extended_history" if extended else "", path)
        assert [c.encode("utf-8", "surrogateescape") for c in commands(path)] == read_by_zsh
        assert len(read_by_zsh) == len(typed)


@needs_zsh
def test_the_real_zsh_agrees_on_a_file_that_mixes_formats(home: Path) -> None:
    plain, extended, both = home / "plain", home / "extended", home / "both"
    typed = [b"echo a\\", b": colon", b"a \\\nb", b"\xc3\x83 \\  ", b"last"]
    through_zsh(typed, "", plain)
    through_zsh(typed, "setopt extended_history", extended)
    both.write_bytes(plain.read_bytes() + extended.read_bytes() + plain.read_bytes())
    assert [c.encode("utf-8", "surrogateescape") for c in commands(both)] == typed * 3
