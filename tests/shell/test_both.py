"""What both shells record."""

from __future__ import annotations

import os
import shutil
import signal
import time

import pytest


def test_each_kind_of_command_has_a_start_and_an_end(sandbox, shell):
    (sandbox.home / "x").mkdir()
    lines = [
        "echo simple",
        "false",
        "(cd x; exit 3)",
        "greet() { echo hello $1; return 4; }",
        "greet you",
        "true | (exit 5)",
        "no-such-program-here 2>/dev/null",
        "true &",
        "wait",
        "ls | sort | head -n 1 >/dev/null; echo 'a  b'",
        "X=1; [ $X = 2 ] || echo no",
    ]
    sandbox.run(shell, *lines)
    assert sandbox.results() == list(zip(lines, [0, 1, 3, 0, 4, 5, 127, 0, 0, 0, 0], strict=True))
    recorded = sandbox.session()
    assert recorded.over
    starts = [command.start for command in recorded.commands]
    ends = [command.end for command in recorded.commands[:-1]]
    now = time.time() * 1e6
    assert now - 60e6 < starts[0] <= starts[-1] < now
    assert all(start <= end for start, end in zip(starts[:-1], ends, strict=True))
    assert all(end <= start for end, start in zip(ends, starts[1:], strict=True))


def test_the_header_tells_the_shell(sandbox, shell):
    terminal = sandbox.start(shell)
    terminal.type("true")
    terminal.exit()
    recorded = sandbox.session()
    (first, *others) = recorded.headers
    assert first[0].startswith(f"{shell} ")
    assert first[1] == str(terminal.pid)
    assert first[2] == os.uname().nodename
    assert first[5] == ""
    assert all(header == first for header in others)
    assert recorded.generations == len(recorded.headers)


def test_lines_that_need_more_lines(sandbox, shell):
    terminal = sandbox.start(shell)
    for lines in (["for i in 1 2; do", "echo $i", "done"], ["cat <<END", "here $HOME", "END"], ["echo 'one", "two'"]):
        for line in lines[:-1]:
            start = len(terminal.screen)
            terminal.send(line + "\r")
            terminal.wait_for("more> ", start)
        terminal.type(lines[-1])
    terminal.exit()
    loop, document, quoted = sandbox.texts()
    assert loop.replace("do echo", "do\necho").replace("; done", "\ndone") == "for i in 1 2; do\necho $i\ndone"
    assert document.rstrip("\n") == "cat <<END\nhere $HOME\nEND"
    assert quoted == "echo 'one\ntwo'"


BEGUN = """sh -c 'echo be""gun; exec cat'"""


def test_interrupted_commands_and_prompts(sandbox, shell):
    terminal = sandbox.start(shell)
    terminal.begin(BEGUN)
    terminal.interrupt()
    start = len(terminal.screen)
    terminal.send("echo never ran")
    terminal.wait_for("never ran", start)
    terminal.interrupt()
    terminal.type("", "   ", "echo after", "")
    terminal.exit()
    assert sandbox.results() == [(BEGUN, 130), ("echo after", 0)]


def test_what_is_pasted_is_recorded_whole(sandbox, shell):
    terminal = sandbox.start(shell)
    terminal.type("echo one")
    terminal.paste(b"echo 'two\nlines'")
    terminal.paste(b"echo three; echo four")
    terminal.exit()
    assert sandbox.texts() == ["echo one", "echo 'two\nlines'", "echo three; echo four"]


def test_commands_pasted_at_once_are_recorded(sandbox, shell):
    terminal = sandbox.start(shell)
    terminal.type("echo one")
    terminal.paste(b"echo two\nfalse\necho three")
    terminal.type("", "echo four")
    terminal.exit()
    assert [line for text in sandbox.texts() for line in text.split("\n")] == [
        "echo one",
        "echo two",
        "false",
        "echo three",
        "echo four",
    ]


def test_commands_typed_ahead_are_recorded(sandbox, shell):
    terminal = sandbox.start(shell)
    terminal.send("echo one\rfalse\recho three\r")
    terminal.exit()
    assert sandbox.results() == [("echo one", 0), ("false", 1), ("echo three", 0)]


def test_interrupted_in_the_middle_of_a_line_that_goes_on(sandbox, shell):
    terminal = sandbox.start(shell)
    terminal.type("echo one")
    start = len(terminal.screen)
    terminal.send("for i in 1 2\r")
    terminal.wait_for("more> ", start)
    terminal.interrupt()
    terminal.type("echo two")
    terminal.exit()
    assert [text for text in sandbox.texts() if not text.startswith("for")] == ["echo one", "echo two"]


def test_the_directory_is_where_it_was_typed(sandbox, shell):
    (sandbox.home / "a b" / "ü\n").mkdir(parents=True)
    sandbox.run(shell, "cd 'a b'", "cd *", "cd /", "true")
    home = os.fsencode(sandbox.home)
    assert [command.directory for command in sandbox.session().commands[:-1]] == [
        home,
        home + b"/a b",
        home + "/a b/ü\n".encode(),
        b"/",
    ]


def test_the_environment_of_a_command(sandbox, shell):
    terminal = sandbox.start(shell, before="export SECRET_TOKEN=hidden KUBECONFIG=/k:/l")
    terminal.type("true", "VIRTUAL_ENV='/v  e'", "unset KUBECONFIG", "unset VIRTUAL_ENV", "true")
    terminal.exit()
    assert [command.environment.decode() for command in sandbox.session().commands[:-1]] == [
        "KUBECONFIG=/k:/l\x1f",
        "KUBECONFIG=/k:/l\x1f",
        "VIRTUAL_ENV=/v  e\x1fKUBECONFIG=/k:/l\x1f",
        "VIRTUAL_ENV=/v  e\x1f",
        "",
    ]


def test_variables_are_names_only(sandbox, shell):
    (sandbox.state / "variables").write_text(
        "VIRTUAL_ENV $(touch$IFS\\pwned) x;touch${IFS}pwned A[$(touch${IFS}pwned)] 1X ü * -a\nSECOND_LINE\n"
    )
    sandbox.run(shell, "true", before="export VIRTUAL_ENV=$'/v\\x1fX=1\\n' SECOND_LINE=2")
    assert [command.environment for command in sandbox.session().commands] == [b"VIRTUAL_ENV=/vX=1\n\x1f"] * 2
    assert not list(sandbox.home.glob("*pwned*"))


def test_exec_keeps_the_start(sandbox, shell):
    terminal = sandbox.start(shell)
    terminal.type("echo before")
    terminal.send("exec sh -c 'exit 7'\r")
    assert terminal.join() == 7
    recorded = sandbox.session()
    assert recorded.results == [("echo before", 0), ("exec sh -c 'exit 7'", None)]
    assert not recorded.over


def test_exec_of_the_shell_begins_a_session(sandbox, shell):
    terminal = sandbox.start(shell)
    terminal.type("echo one", f"exec {shell}", "echo two")
    terminal.exit()
    first, second = sandbox.sessions()
    assert first.results == [("echo one", 0), (f"exec {shell}", None)]
    assert second.results == [("echo two", 0), ("exit", None)]
    assert first.headers[0][1] == second.headers[0][1]


def test_exec_of_redirections_is_a_command(sandbox, shell):
    sandbox.run(shell, "false", "exec 3</dev/null", "exec 3<&-", "true")
    assert sandbox.results() == [("false", 1), ("exec 3</dev/null", 0), ("exec 3<&-", 0), ("true", 0)]


def test_nested_shells_are_sessions(sandbox, shell):
    other = {"zsh": "bash", "bash": "zsh"}[shell]
    if not shutil.which(other):
        pytest.skip(f"{other} is not installed")
    sandbox.write_rc(other)
    terminal = sandbox.start(shell)
    terminal.type("echo outer", other, "echo inner", "exit", shell, "echo same", "exit 3", "echo out again")
    terminal.exit()
    outer, inner, same = sandbox.sessions()
    assert outer.results == [
        ("echo outer", 0), (other, 0), (shell, 3), ("echo out again", 0), ("exit", None),
    ]  # fmt: skip
    assert inner.results == [("echo inner", 0), ("exit", None)]
    assert same.results == [("echo same", 0), ("exit 3", None)]


def test_a_closed_window_keeps_the_command(sandbox, shell):
    terminal = sandbox.start(shell)
    terminal.type("echo one")
    terminal.begin(BEGUN)
    terminal.close()
    results = sandbox.session().results
    assert [text for text, _ in results] == ["echo one", BEGUN]
    assert results[1][1] in (None, 128 + signal.SIGHUP)


def test_kill_keeps_what_returned(sandbox, shell):
    terminal = sandbox.start(shell)
    terminal.type("echo one", "false")
    terminal.begin(BEGUN)
    terminal.kill()
    recorded = sandbox.session()
    kept = [("echo one", 0), ("false", 1)]
    assert not recorded.over
    if shell == "zsh":  # bash before 5.3 cannot read its newest line while that runs
        kept.append((BEGUN, None))
        assert recorded.results == kept
    assert recorded.results[:2] == kept[:2]


def test_the_last_command_of_a_shell_at_end_of_file(sandbox, shell):
    terminal = sandbox.start(shell)
    terminal.type("echo one")
    terminal.send("\x04")
    terminal.join()
    assert sandbox.session().results == [("echo one", 0)]
