"""The hooks and the server itself: started by the shell, it predicts a habit the third time."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from delta_learn.installation.hooks import prepare_state
from delta_learn.paths import Paths
from tests.shell.conftest import PROMPT, Sandbox
from tests.shell.screen import Screen, start_zsh

pytestmark = pytest.mark.slow

RIGHT, BASH_NEXT = "\x1b[C", "\x1bn"
HABIT = ["echo clean", "echo build", "echo check"]
DEADLINE = 40.0
LATER = "later() { _delta_next_connect=0 _delta_next_serve=0 _delta_next_ask=0; }"


@pytest.fixture
def paths(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Paths]:
    """Of a person for whom delta_learn is installed; their server is ended afterwards."""
    sandbox.environment |= {"DELTA_HOME": str(sandbox.home / "delta"), "TMPDIR": os.environ["TMPDIR"]}
    for name in ("HOME", "DELTA_HOME", "DELTA_STATE_HOME"):
        monkeypatch.setenv(name, sandbox.environment[name])
    paths = Paths.from_environment()
    prepare_state(paths)
    yield paths
    for pid in servers(paths):
        os.kill(pid, signal.SIGKILL)


def servers(paths: Paths) -> list[int]:
    """The processes that serve this person."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                arguments = (process / "cmdline").read_bytes().split(b"\0")
                environment = (process / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            ours = f"DELTA_STATE_HOME={paths.spool.parent}".encode() in environment
            if ours and b"delta_learn.serving.daemon" in arguments:
                found.append(int(process.name))
    return found


def wait_until(what: Callable[[], bool]) -> None:
    """Try again and again; a server needs seconds to start."""
    deadline = time.monotonic() + DEADLINE
    while not what():
        assert time.monotonic() < deadline


def start(sandbox: Sandbox) -> Screen:
    """A shell whose server has read what there is: it knows something to suggest."""
    terminal = start_zsh(sandbox, LATER)

    def answered() -> bool:
        terminal.read_for(0.1)
        terminal.run(" print -r -- $#_delta_texts")
        return terminal.rows()[-2] != "0"

    wait_until(answered)
    return terminal


def test_zsh(zsh, sandbox, paths):
    terminal = start(sandbox)
    for line in HABIT * 2 + HABIT[:1]:
        terminal.run(line)
    terminal.wait_line("", HABIT[1])
    terminal.send(RIGHT)
    terminal.wait_line(HABIT[1])
    terminal.run()
    terminal.wait_line("", HABIT[2])


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_zsh_and_a_server_that_ends(zsh, sandbox, paths, how):
    """Killed, it is started again by the next prompt; stopped, it is there again when it goes on."""
    terminal = start(sandbox)
    for line in HABIT * 2 + HABIT[:1]:
        terminal.run(line)
    terminal.wait_line("", HABIT[1])
    (pid,) = servers(paths)
    os.kill(pid, how)
    for line in HABIT:
        terminal.run(line)
    if how == signal.SIGSTOP:
        os.kill(pid, signal.SIGCONT)

    def is_back() -> bool:
        for line in (" later", *HABIT):
            terminal.run(line)
        terminal.read_for(0.2)
        return terminal.line()[1] in HABIT

    wait_until(is_back)
    assert (pid in servers(paths)) == (how == signal.SIGSTOP)
    assert not any("delta" in row for row in terminal.everything() if not row.startswith(PROMPT))


def test_bash(bash, sandbox, paths):
    terminal = sandbox.start("bash", environment={"TERM": "xterm"})
    terminal.type(*HABIT * 2, HABIT[0])

    def is_predicted() -> bool:
        terminal.send("\x15" + BASH_NEXT)
        while terminal._read(0.3):
            pass
        return terminal.screen.endswith(PROMPT + HABIT[1])

    wait_until(is_predicted)
    terminal.type("")
    terminal.exit()
    assert terminal.screen.count("build") == 3 * 2
