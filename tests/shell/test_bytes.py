"""Any bytes that can be typed come back as they were; each record is one write()."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

FILL = {
    "zsh": "nth=0; fill() { BUFFER=\"$(<~/fill.$nth)\"; CURSOR=0; (( ++nth )) }; zle -N fill; bindkey '^G' fill",
    "bash": "nth=0; fill() { READLINE_LINE=$(<~/fill.$nth); READLINE_POINT=0; ((++nth)); }; bind -x '\"\\C-g\": fill'",
}
"""Ctrl-G puts what is in the next file on the command line: typing a megabyte would be slow."""


def fill(sandbox, terminal, shell: str, text: bytes) -> None:
    if shell == "bash" and b"\n" in text:  # READLINE_LINE is one line
        terminal.paste(text)
        return
    (sandbox.home / f"fill.{len(list(sandbox.home.glob('fill.*')))}").write_bytes(text)
    start = len(terminal.screen)
    terminal.send("\x07")
    if shell == "bash":  # shows its prompt again
        terminal.wait_for("ready> ", start)
    terminal.type("")


COMMANDS = {
    "newline": b"echo 'a\nb\n\nc'",
    "tab": b"echo 'a\tb'\t#\tc",
    "separators": b": 'a\x1eb\x1e1S\x1en\x1e\x1ee\x1fc'",
    "other control bytes": b": 'a\x01\x02\x07\x0b\x0c\x0e\x1b[31m\x7f'",
    "carriage return": b": 'a\rb'",
    "percent": b": '%s %n %% %d%1$s' 100%",
    "backslashes": rb": 'a\b\\c\n\0 \x1e\u1234\' \\\ \$x",
    "quotes": b": \"it's\" '\"' $'\\x1e' \\`",
    "dollar": b": '$HOME' \"${HOME}\" '$(exit 9)' '`exit 9`' '!'",
    "braces": b": {a,b} ~ * ? [x] {1..3}",
    "emoji": ": '👩‍👩‍👧 ✓ é e\u0301 \u202e\u2028'".encode(),
    "private use": ": '\uf8ff\U0010ffff'".encode(),
    "dashes": b"-n 2>/dev/null; true",
    "many lines": b": '" + b"a\n" * 50 + b"'",
    "1000 characters": b": " + b"x" * 998,
    "1001 characters": b": " + b"x" * 999,
    "2000 wide characters": b": " + "é".encode() * 1998,
    "many separators": b": '" + b"\x1e" * 3000 + b"'",
    "32768 characters": b": " + b"x" * 32766,
}
BROKEN = {
    "invalid": b": '\xff\xfe\x80abc\xc3'",
    "cut": b": '\xe2\x82'",
    "surrogates": b": '\xed\xa0\x80'",
    "zsh meta bytes": b": '\x83\x84\xa2\xc2\x83 \x80\x9f'",
}


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_any_bytes(sandbox, shell, locale):
    terminal = sandbox.start(shell, before=FILL[shell], environment={"LC_ALL": locale})
    commands = [*COMMANDS.values(), *BROKEN.values()]
    for command in commands:
        fill(sandbox, terminal, shell, command)
    terminal.exit()
    *recorded, _exit = sandbox.session().commands
    assert [command.command for command in recorded] == commands
    assert {command.flags for command in recorded} <= {"", "m"}


def test_typed_bytes(sandbox, shell):
    terminal = sandbox.start(shell)
    terminal.type(": '\x16\x1e1S\x16\x1f\x16\t\x16\x01'", ": é👍")
    terminal.exit()
    assert [command.command for command in sandbox.session().commands[:-1]] == [
        b": '\x1e1S\x1f\t\x01'",
        ": é👍".encode(),
    ]


def test_a_megabyte_is_cut_with_a_mark(sandbox, shell):
    terminal = sandbox.start(shell, before=FILL[shell], environment={"LC_ALL": "C.UTF-8"})
    for text in (b"x" * 1_000_000, "é".encode() * 40_000):
        fill(sandbox, terminal, shell, b": " + text)
    terminal.type("echo after")
    terminal.exit()
    long, wide, after, _exit = sandbox.session().commands
    assert long.command == b": " + b"x" * 32_766
    assert wide.command == b": " + "é".encode() * 32_766
    assert "c" in long.flags
    assert "c" in wide.flags
    assert (long.status, wide.status, after.status) == (0, 0, 0)
    assert (after.command, after.flags) == (b"echo after", "")


def traceable() -> bool:
    strace = shutil.which("strace")
    return bool(strace) and subprocess.run([strace, "-o", "/dev/null", "true"], capture_output=True).returncode == 0


def test_each_record_is_one_write(sandbox, shell):
    if not traceable():
        pytest.skip("strace is not installed, or may not trace")
    log = sandbox.home / "strace.log"
    argv = ["strace", "-f", "-y", "-s", "80", "-e", "trace=write", "-o", str(log), shell]
    terminal = sandbox.start(shell, before=FILL[shell], argv=argv)
    lengths = [10, 500, 1000, *([] if shell == "bash" else [5000, 32768])]
    for length in lengths:
        fill(sandbox, terminal, shell, b": '" + b"\x1e" * (length - 4) + b"'")
    terminal.exit()
    writes = re.findall(rf'write\(\d+<{sandbox.spool}/[^>]*\.\d+>, "(.*?)"\.*, \d+\) = (\d+)', log.read_text())
    sizes = [path.stat().st_size for path in sandbox.spool.iterdir() if path.suffix != ".text"]
    assert sum(int(written) for _, written in writes) == sum(sizes)
    assert all(text.startswith(r"\0361") for text, _ in writes)
    begun = [text for text, _ in writes if text.startswith(r"\0361S")]
    assert len(begun) == len(lengths) + 1
    assert len([text for text, _ in writes if text.startswith(r"\0361E")]) == len(lengths)
