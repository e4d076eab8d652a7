"""A server that is away, hangs or talks nonsense: the shell goes on, says nothing, and recovers by itself."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from delta_learn.serving.protocol import Frame, answer, frames
from tests.shell.conftest import DEADLINE
from tests.shell.fakeserver import ALPHA, publish
from tests.shell.screen import start_zsh

RIGHT, BASH_NEXT = "\x1b[C", "\x1bn"
STARTED = "-E -P -m delta_learn.serving.daemon"
LATER = "later() { _delta_next_connect=0 _delta_next_serve=0 _delta_next_ask=0; }"
"""As if a minute had gone by."""

NONSENSE = {
    "garbage": bytes(range(256)) * 4,
    "another version": b"\x1e2H9\0\n\x1e2A1\x001\0echo bad\0s\x001.0\0history\n",
    "a line without an end": b"\x1e1A1\x001\0echo " + b"x" * 70_000,
    "more than that": b"\x1e1A1\x001\0echo " + b"x" * 1_000_000 + b"\n",
    "many short frames": b"\x1e1Z\n" * 30_000,
    "not enough fields": frames(Frame("H", ())) + b"\x1e1A1\n\x1e1A\n\x1e1A1\x005\0echo bad\0s\n",
    "a frame in a frame": b"\x1e1H0.1\0m\n\x1e1A1\x001\0\x1e1A1\x001\0echo bad\0s\x000.5\0history\n",
    "nothing at all": b"",
}


def type_on(terminal, text: str = "typed") -> None:
    """Type a line key by key and run it."""
    for key in f"echo {text}":
        terminal.send(key)
        terminal.read_for(0.002)
    terminal.check_line(f"echo {text}")
    terminal.run()
    assert terminal.rows()[-2] == text


def wait_for_child(terminal, started: Path) -> None:
    """What is started has ended: zsh shows only a part of what it writes when a child ends meanwhile."""
    while not started.read_text().count(STARTED):
        terminal.read_for(0.02)
    terminal.read_for(0.1)


def check_silence(terminal) -> None:
    """Nothing but prompts, commands and what they print."""
    rows = [row for row in terminal.everything() if row not in ("ready>", "typed", "alpha", "ready> echo alpha")]
    assert [row for row in rows if row not in ("ready> echo typed", "ready> later")] == []


def end(server, how: str) -> None:
    server.wedged = how == "wedged"
    {"killed": server.kill, "stopped": server.stop, "wedged": lambda: None}[how]()


def begin_again(server, how: str) -> None:
    {"killed": server.start_again, "stopped": server.resume, "wedged": server.release}[how]()


def recover(terminal) -> None:
    """The next prompt, or the one after, has a suggestion that can be taken."""
    terminal.run("later")
    terminal.wait_line("", ALPHA)
    terminal.send(RIGHT)
    terminal.wait_line(ALPHA)
    terminal.run()
    terminal.wait_line("", ALPHA)


ENDINGS = ["killed", "stopped", "wedged"]


@pytest.mark.parametrize("how", ENDINGS)
def test_between_prompts(zsh, sandbox, alpha, how):
    terminal = start_zsh(sandbox, LATER)
    terminal.wait_line("", ALPHA)
    end(alpha, how)
    terminal.run()
    for _ in range(6):
        type_on(terminal)
    begin_again(alpha, how)
    recover(terminal)
    check_silence(terminal)


@pytest.mark.parametrize("how", ENDINGS)
def test_in_the_middle_of_a_line(zsh, sandbox, alpha, how):
    terminal = start_zsh(sandbox, LATER)
    terminal.wait_line("", ALPHA)
    terminal.send("ec")
    terminal.wait_line("ec", "ho alpha")
    end(alpha, how)
    terminal.send("ho t")
    terminal.check_line("echo t")
    terminal.send("yped")
    terminal.run()
    terminal.run()
    type_on(terminal)
    begin_again(alpha, how)
    recover(terminal)
    check_silence(terminal)


def test_a_server_that_hangs_is_written_to_once(zsh, sandbox, alpha):
    terminal = start_zsh(sandbox, LATER)
    terminal.wait_line("", ALPHA)
    alpha.wedged = True
    type_on(terminal)
    assert len(alpha.buffers()) == 1
    type_on(terminal)
    assert len(alpha.buffers()) == 1  # the question of that prompt was not answered either
    alpha.release()
    assert alpha.most_unanswered == 1


def test_it_is_tried_less_and_less_often(zsh, sandbox, alpha, started):
    alpha.stop()
    terminal = start_zsh(sandbox, LATER)
    for _ in range(12):
        type_on(terminal)
    alpha.resume()
    alpha.wait_for("H", 3)
    terminal.run("print $(( _delta_next_connect - EPOCHSECONDS > 0 )) $_delta_connect_pause")
    assert terminal.rows()[-2] == "1 10"
    assert alpha.connected <= 5
    for pause in ("20", "40", "60", "60"):
        alpha.stop()
        terminal.run("_delta_next_connect=0")
        terminal.run("print $_delta_connect_pause")
        assert terminal.rows()[-2] == pause
        alpha.resume()
    assert started.read_text().splitlines().count(STARTED) == 1
    recover(terminal)
    terminal.run("print $_delta_connect_pause $_delta_silent")
    assert terminal.rows()[-2] == "5 1" or terminal.rows()[-2] == "5 0"


def test_the_clock_is_set_back(zsh, sandbox, alpha):
    terminal = start_zsh(sandbox, LATER)
    terminal.wait_line("", ALPHA)
    terminal.run("_delta_silent=9 _delta_next_connect=$(( EPOCHSECONDS + 100000 ))")
    terminal.wait_line("", ALPHA)
    terminal.run()
    terminal.wait_line("", ALPHA)


def test_who_holds_enter_has_a_server(zsh, sandbox, alpha):
    terminal = start_zsh(sandbox, "precmd() { command sleep 0.02 }")  # in which the server answers
    terminal.send("\r" * 12)
    terminal.wait_until(lambda: terminal.everything().count("ready>") == 12, "all the prompts")
    terminal.wait_line("", ALPHA)
    terminal.send("print $_delta_silent $_delta_connect_pause")
    terminal.enter("0 5")


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense(zsh, sandbox, alpha, nonsense):
    terminal = start_zsh(sandbox, LATER)
    terminal.wait_line("", ALPHA)
    alpha.reply = lambda frame: NONSENSE[nonsense]
    terminal.run()
    for _ in range(4):
        type_on(terminal)
    alpha.reply = alpha.answer
    recover(terminal)
    check_silence(terminal)


def test_another_version(zsh, sandbox, alpha):
    alpha.reply = lambda frame: alpha.answer(frame).replace(b"\x1e1", b"\x1e2")
    terminal = start_zsh(sandbox, LATER)
    alpha.wait_for("P")
    terminal.check_line("")
    type_on(terminal)
    alpha.reply = alpha.answer
    recover(terminal)
    check_silence(terminal)


@pytest.mark.parametrize("data", [None, NONSENSE["garbage"], NONSENSE["a line without an end"]])
def test_a_connection_that_is_of_no_use_is_closed(zsh, sandbox, alpha, data):
    """One that stays readable would wake the editor again and again."""
    terminal = start_zsh(sandbox, "say() { zle -M \"socket $_delta_socket.\" }; zle -N say; bindkey '^Xs' say")
    terminal.wait_line("", ALPHA)
    alpha.kill() if data is None else alpha.say(data)
    deadline = time.monotonic() + DEADLINE
    while "socket -1." not in terminal.rows():
        assert time.monotonic() < deadline
        terminal.send("\x18s")
        terminal.read_for(0.05)


def test_nonsense_that_nobody_asked_for(zsh, sandbox, alpha):
    terminal = start_zsh(sandbox, LATER)
    terminal.wait_line("", ALPHA)
    for data in NONSENSE.values():
        alpha.say(data)
        terminal.settle()
    type_on(terminal)
    terminal.wait_line("", ALPHA)
    terminal.run()
    check_silence(terminal)


def test_an_answer_in_pieces(zsh, sandbox, alpha):
    """Cut at every byte, with another kind of frame before it."""
    terminal = start_zsh(sandbox, LATER)
    terminal.wait_line("", ALPHA)
    alpha.reply = lambda frame: b""
    terminal.run()
    number = alpha.wait_for("P", 2)[1].fields[0]
    data = frames(Frame("J", ("x",)), answer(number, [("echo büta", "s", 0.5, "history")]))
    for place in range(len(data)):
        alpha.say(data[place : place + 1])
        terminal.read_for(0.001)
    terminal.wait_line("", "echo büta")


ABSENT = ["no address", "empty address", "no absolute path", "nobody listens", "no socket", "a directory", "binary"]


def make_absent(sandbox, tmp_path: Path, absent: str) -> None:
    publish(sandbox.state, tmp_path / "elsewhere")
    address = sandbox.state / "run" / "address"
    match absent:
        case "no address":
            address.unlink()
        case "empty address":
            address.write_text("")
        case "no absolute path":
            address.write_text("socket\n")
        case "no socket":
            (tmp_path / "elsewhere").touch()
        case "a directory":
            (tmp_path / "elsewhere").mkdir()
        case "binary":
            address.write_bytes(bytes(range(1, 256)))


@pytest.mark.parametrize("absent", ABSENT)
def test_absent(zsh, sandbox, alpha, started, tmp_path, absent):
    make_absent(sandbox, tmp_path, absent)
    terminal = start_zsh(sandbox, LATER)
    wait_for_child(terminal, started)
    for _ in range(3):
        type_on(terminal)
    publish(sandbox.state, alpha.path)
    recover(terminal)
    check_silence(terminal)
    assert started.read_text().splitlines().count(STARTED) in (1, 2)  # the pause was taken away once


def test_a_socket_that_its_server_left_behind(zsh, sandbox, alpha, started):
    alpha.kill()
    terminal = start_zsh(sandbox, LATER)
    wait_for_child(terminal, started)
    type_on(terminal)
    assert started.read_text().splitlines().count(STARTED) == 1
    alpha.start_again()
    recover(terminal)
    check_silence(terminal)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_state_directory_that_cannot_be_written(zsh, sandbox, alpha):
    sandbox.spool.chmod(0o500)
    (sandbox.state / "run").chmod(0o500)
    terminal = start_zsh(sandbox, LATER)
    type_on(terminal)
    check_silence(terminal)


@pytest.mark.parametrize("what", ["spool", "run", "state"])
def test_a_state_directory_that_goes_away(zsh, sandbox, alpha, what):
    terminal = start_zsh(sandbox, LATER)
    terminal.wait_line("", ALPHA)
    directory = sandbox.state if what == "state" else sandbox.state / what
    directory.rename(sandbox.home / "gone")
    terminal.run()
    terminal.interrupt_line()
    type_on(terminal)
    (sandbox.home / "gone").rename(directory)
    recover(terminal)
    check_silence(terminal)


# bash: one key, one question; what a server can do wrong in its answer is in test_prompt_bash.py.


@pytest.mark.parametrize("how", ENDINGS)
def test_bash(bash, sandbox, alpha, started, how):
    terminal = sandbox.start("bash", LATER, environment={"TERM": "xterm"})
    press = f"{BASH_NEXT}echo typed{BASH_NEXT}\r"
    end(alpha, how)
    for _ in range(2):
        start = len(terminal.screen)
        terminal.send(press)
        assert terminal.wait_for("\r\ntyped\r\nready> ", start)
    begin_again(alpha, how)
    terminal.type("later")
    start = len(terminal.screen)
    terminal.send(BASH_NEXT + "\r")
    terminal.wait_for("\r\nalpha\r\nready> ", start)
    assert "delta" not in terminal.screen


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_bash_and_nonsense(bash, sandbox, alpha, started, nonsense):
    terminal = sandbox.start("bash", LATER, environment={"TERM": "xterm"})
    alpha.reply = lambda frame: NONSENSE[nonsense] if frame.kind == "Q" else b""
    start = len(terminal.screen)
    terminal.send(f"{BASH_NEXT}echo typed\r")
    terminal.wait_for("\r\ntyped\r\nready> ", start)
    alpha.reply = alpha.answer
    start = len(terminal.screen)
    terminal.send(BASH_NEXT + "\r")
    terminal.wait_for("\r\nalpha\r\nready> ", start)
    assert "bad" not in terminal.screen


@pytest.mark.parametrize("absent", ABSENT)
def test_bash_and_no_server(bash, sandbox, alpha, started, tmp_path, absent):
    make_absent(sandbox, tmp_path, absent)
    terminal = sandbox.start("bash", LATER, environment={"TERM": "xterm"})
    start = len(terminal.screen)
    terminal.send(f"{BASH_NEXT}echo typed{BASH_NEXT}\r")
    terminal.wait_for("\r\ntyped\r\nready> ", start)
    publish(sandbox.state, alpha.path)
    start = len(terminal.screen)
    terminal.send(BASH_NEXT + "\r")
    terminal.wait_for("\r\nalpha\r\nready> ", start)
    assert "delta" not in terminal.screen
