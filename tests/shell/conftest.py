"""Real interactive shells on a pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import select
import shlex
import shutil
import signal
import struct
import sys
import termios
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from delta_learn.collector import spoolfiles
from delta_learn.serving import ask
from tests.shell.fakeserver import ALPHA, FakeServer, publish
from tests.shell.recorded import Recorded, check_against_the_reader, read_session

ROOT = Path(__file__).parent.parent.parent
PROMPT = "ready> "
DEADLINE = 20.0
"""Seconds after which a shell that says nothing is given up."""
RC_FILES = {"zsh": ".zshrc", "bash": ".bashrc"}


class Terminal:
    """A program on a terminal of its own; whoever types waits for a text, never for a time."""

    def __init__(
        self, argv: list[str], environment: Mapping[str, str], directory: Path, columns: int = 4000, rows: int = 50
    ) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the threads of pytest-xdist hold no locks of ours
            self.pid, self.fd = os.forkpty()
        if self.pid == 0:
            try:
                signal.pthread_sigmask(signal.SIG_SETMASK, [])
                for ignored in (signal.SIGPIPE, signal.SIGINT, signal.SIGQUIT):
                    signal.signal(ignored, signal.SIG_DFL)
                os.chdir(directory)
                # By default so wide that no line is ever broken or scrolled.
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
                os.execvpe(argv[0], argv, dict(environment))
            finally:
                os._exit(127)
        os.set_inheritable(self.fd, False)
        self.screen = ""
        self.status: int | None = None
        self._ended = False

    def send(self, data: str | bytes) -> None:
        data = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
        while data:
            if select.select([self.fd], [self.fd], [], DEADLINE)[1]:
                data = data[os.write(self.fd, data[:512]) :]
            self._read(0)

    def wait_for(self, text: str, start: int | None = None) -> str:
        """Read until `text` stands behind offset `start` of the screen (now: what is there already does not count)."""
        start = len(self.screen) if start is None else start
        deadline = time.monotonic() + DEADLINE
        while (found := self.screen.find(text, start)) < 0:
            if not self._read(deadline - time.monotonic()):
                raise AssertionError(f"{text!r} does not come; the screen: ...{self.screen[-2000:]!r}")
        return self.screen[start:found]

    def type(self, *lines: str) -> str:
        """Type each line with Enter and wait for the prompt after it; returns what came on the screen."""
        begin = len(self.screen)
        for line in lines:
            start = len(self.screen)
            self.send(line + "\r")
            self.wait_for(PROMPT, start)
            self._read(0)
        return self.screen[begin:]

    def paste(self, text: bytes) -> None:
        """Paste between the brackets that terminals put, with Enter, and wait for the prompt."""
        start = len(self.screen)
        self.send(b"\x1b[200~" + text + b"\x1b[201~\r")
        self.wait_for(PROMPT, start)
        self._read(0)

    def begin(self, line: str, begun: str = "begun") -> None:
        """Type a command and wait until it says `begun`."""
        start = len(self.screen)
        self.send(line + "\r")
        self.wait_for(begun, start)

    def interrupt(self) -> None:
        """Press Ctrl-C until there is a prompt: both shells overlook one that comes just before they wait."""
        start = len(self.screen)
        deadline = time.monotonic() + DEADLINE
        while PROMPT not in self.screen[start:]:
            if time.monotonic() > deadline:
                raise AssertionError(f"no prompt after Ctrl-C; the screen: ...{self.screen[-2000:]!r}")
            self.send("\x03")
            self._read(1)
            while self._read(0.05):
                pass

    def exit(self, line: str = "exit") -> int:
        self.send(line + "\r")
        return self.join()

    def close(self) -> int:
        """Close the window."""
        os.close(self.fd)
        self.fd, self._ended = -1, True
        return self.join()

    def join(self) -> int:
        """Wait until the program ends; returns its status, negative for a signal."""
        deadline = time.monotonic() + DEADLINE
        while self.status is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"the shell does not end; the screen: ...{self.screen[-2000:]!r}")
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            else:
                self._read(0.01)
        while self._read(0):
            pass
        return self.status

    def kill(self) -> None:
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            self.join()
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _read(self, seconds: float) -> bool:
        if self._ended:
            select.select([], [], [], min(seconds, 0.01))
            return False
        if not select.select([self.fd], [], [], max(seconds, 0))[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # Linux: nobody has the terminal open any more
            data = b""
        self._ended = not data
        self.screen += data.decode("utf-8", "surrogateescape")
        return bool(data)


class Sandbox:
    """A home with rc files that source the hooks, a state directory, and shells that live in them."""

    def __init__(self, root: Path) -> None:
        self.home, self.state = root / "home", root / "state"
        self.spool = self.state / "spool"
        self.home.mkdir()
        self.spool.mkdir(parents=True, mode=0o700)
        # Nothing is started where a test does not ask for it: a child that ends while zsh writes its prompt cuts that.
        (self.state / "python").write_text("/nowhere/python\n")
        (self.state / "variables").write_text("VIRTUAL_ENV KUBECONFIG\n")
        (self.home / ".zshenv").write_text("setopt no_global_rcs\n")
        (self.home / "inputrc").write_text("set enable-bracketed-paste off\nset bell-style none\n")
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TERM": "dumb",
            "LANG": "C.UTF-8",
            "USER": "ann",
            "INPUTRC": str(self.home / "inputrc"),
            "DELTA_STATE_HOME": str(self.state),
        }
        self._terminals: list[Terminal] = []

    def hook(self, shell: str) -> Path:
        return ROOT / "shell" / f"delta.{shell}"

    def write_rc(self, shell: str, before: str = "", after: str = "", *, plugin: bool = True) -> None:
        source = f". '{self.hook(shell)}'" if plugin else ""
        quiet = "unsetopt prompt_sp prompt_cr\n" if shell == "zsh" else ""
        text = f"PS1='{PROMPT}' PS2='more> '\n{quiet}{before}\n{source}\n{after}\n: rc\n"
        (self.home / RC_FILES[shell]).write_bytes(os.fsencode(text))

    def start(
        self,
        shell: str,
        before: str = "",
        after: str = "",
        *,
        plugin: bool = True,
        environment: Mapping[str, str] | None = None,
        argv: list[str] | None = None,
        make: Callable[[list[str], dict[str, str], Path], Terminal] = Terminal,
    ) -> Terminal:
        """Write the rc file, start the shell that reads it, and wait for its first prompt."""
        self.write_rc(shell, before, after, plugin=plugin)
        terminal = make(argv or [shell], self.environment | dict(environment or {}), self.home)
        self._terminals.append(terminal)
        terminal.wait_for(PROMPT, 0)
        return terminal

    def run(self, shell: str, *lines: str, before: str = "", after: str = "", **how: object) -> str:
        """Start a shell, type the lines and `exit`; returns the screen."""
        terminal = self.start(shell, before, after, **how)
        terminal.type(*lines)
        terminal.exit()
        return terminal.screen

    def sessions(self) -> list[Recorded]:
        """What the spool holds; both readers agree on it."""
        found = []
        for files in spoolfiles.sessions(self.spool):
            recorded = read_session(files)
            check_against_the_reader(recorded, files)
            found.append(recorded)
        return found

    def session(self) -> Recorded:
        (recorded,) = self.sessions()
        return recorded

    def results(self) -> list[tuple[str, int | None]]:
        """Command and status of the only session, without the last `exit`."""
        *results, last = self.session().results
        assert last == ("exit", None)
        return results

    def texts(self) -> list[str]:
        return [text for text, _ in self.results()]

    def end(self) -> None:
        for terminal in self._terminals:
            terminal.kill()


def needs(shell: str) -> str:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    return shell


@pytest.fixture(params=["zsh", "bash"])
def shell(request: pytest.FixtureRequest) -> str:
    return needs(request.param)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path)
    yield sandbox
    sandbox.end()


@pytest.fixture
def another_sandbox(tmp_path: Path) -> Iterator[Callable[[str], Sandbox]]:
    """Further sandboxes: the same lines with and without the hooks."""
    made: list[Sandbox] = []

    def make(name: str) -> Sandbox:
        (tmp_path / name).mkdir()
        made.append(Sandbox(tmp_path / name))
        return made[-1]

    yield make
    for sandbox in made:
        sandbox.end()


@pytest.fixture
def zsh() -> str:
    return needs("zsh")


@pytest.fixture
def bash() -> str:
    return needs("bash")


@pytest.fixture
def server(sandbox: Sandbox, tmp_path: Path) -> Iterator[FakeServer]:
    """A server that knows nothing yet, and where to find it."""
    server = FakeServer(tmp_path / "socket")
    publish(sandbox.state, server.path)
    yield server
    server.kill()


@pytest.fixture
def alpha(server: FakeServer) -> FakeServer:
    """Suggests ALPHA at the empty prompt."""
    server.answers[""] = [(ALPHA, "s")]
    return server


@pytest.fixture
def started(sandbox: Sandbox) -> Path:
    """Lists the modules that are started in the background, none of which runs; what bash asks with does."""
    log, python = sandbox.home / "started", sandbox.home / "python"
    log.touch()
    run = f'exec {shlex.quote(sys.executable)} "$@"'
    python.write_text(f'#!/bin/sh\ncase "$*" in *" -m "*) echo "$*" >>{log} ;; *) {run} ;; esac\n')
    python.chmod(0o755)
    (sandbox.state / "python").write_text(f"{python}\n")
    (sandbox.state / "client").write_text(f"{ask.__file__}\n")
    return log
