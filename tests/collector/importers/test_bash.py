"""bash.py: times, commands of several lines, and bash itself."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from delta_learn.collector.importers.bash import read
from delta_learn.collector.importers.result import BrokenLine

Write = Callable[..., Path]


def timed(path: Path) -> list[tuple[str, float | None]]:
    return [(entry.command, entry.timestamp) for entry in read(path).entries]


def test_without_times_a_line_is_a_command(write: Write) -> None:
    path = write(b"ls\n\nfor i in 1; do echo; done\necho a \\\nb\n  \n#123\n#12345678\n#1234567890123\n")
    assert [command for command, time in timed(path) if time is None] == [
        "ls",
        "for i in 1; do echo; done",
        "echo a \\",
        "b",
        "#123",
        "#12345678",
        "#1234567890123",
    ]


def test_lines_under_one_time_are_one_command(write: Write) -> None:
    path = write(b"#1700000000\nls\n#1700000005\ncat <<X\n\n#123\nX\n\n#1700000009\npwd")
    assert timed(path) == [("ls", 17e8), ("cat <<X\n\n#123\nX", 17e8 + 5), ("pwd", 17e8 + 9)]


def test_lines_before_the_first_time_are_one_each(write: Write) -> None:
    assert timed(write(b"ls\npwd\n#1700000000\nmake\n")) == [("ls", None), ("pwd", None), ("make", 17e8)]


def test_many_lines_under_one_time_were_added_by_a_shell_without_times(write: Write) -> None:
    lines = [f"command {number}" for number in range(101)]
    entries = timed(write(b"#1700000000\n" + "\n".join(lines).encode() + b"\n"))
    assert entries == [(lines[0], 17e8)] + [(line, None) for line in lines[1:]]
    hundred = "\n".join(lines[:100])
    assert timed(write(b"#1700000000\n" + hundred.encode() + b"\n")) == [(hundred, 17e8)]


def test_broken_lines(write: Write) -> None:
    result = read(write(b"ls\na\0b\n#1700000000\n\n#1700000001\npwd\n#1700000002\n"))
    assert [entry.command for entry in result.entries] == ["ls", "pwd"]
    assert result.broken == [
        BrokenLine(2, "the line holds NUL bytes"),
        BrokenLine(3, "a time without a command"),
        BrokenLine(7, "a time without a command"),
    ]


def test_windows_line_ends_byte_order_mark_and_bytes_that_are_not_utf8(write: Write) -> None:
    assert timed(write(b"\xef\xbb\xbf#1700000000\r\nls \xff\r\n")) == [("ls \udcff", 17e8)]


def test_a_carriage_return_that_was_typed_stays(write: Write) -> None:
    assert timed(write(b"ls\r\na\nb\nc\n"))[0] == ("ls\r", None)


def test_entries_are_one_numbered_stream(write: Write) -> None:
    first, second = read(write(b"a\nb\n")).entries
    assert (first.shell, first.source, first.sequence, second.sequence) == ("bash", "imported", 0, 1)
    assert first.session == second.session
    assert first.session.startswith("import:bash:")


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize("with_times", [True, False])
def test_what_the_real_bash_writes_comes_back(home: Path, with_times: bool) -> None:
    path = home / "written"
    typed = ["ls -l", "echo '#123456'", "#123456", "printf '\\n' \\\\", "echo été 考"]
    if with_times:
        typed.append("cat <<X\na\n#12\nX")
    quoted = [command.replace("'", "'\\''") for command in typed]
    script = ("HISTTIMEFORMAT=%s\n" if with_times else "") + "set -o history\nhistory -c\n"
    script += "".join(f"history -s '{command}'\n" for command in quoted) + f"history -w {path}\n"
    subprocess.run(["bash", "--norc"], input=script, text=True, check=True, timeout=30, env={"LC_ALL": "C"})
    entries = [entry for entry in read(path).entries if not entry.command.startswith("history ")]
    assert [entry.command for entry in entries] == typed
    assert all((entry.timestamp is not None) == with_times for entry in entries)
