"""A live round trip: a real shell on a pseudo terminal runs two commands, and the drain must find them.

The shell reads the person's own start file, but its data directories and its history file are temporary.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import secrets
import select
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from delta_learn.collector.drain import drain
from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.errors import DeltaError
from delta_learn.paths import Paths
from delta_learn.storage.atomic import private_directory

DEADLINE_SECONDS = 20.0
_STEP_SECONDS = 3.0
_POLL_SECONDS = 0.05
_NONCE_BYTES = 8
_ROWS, _COLUMNS = 24, 120

_TAKE_TERMINAL = "import fcntl,os,sys,termios;fcntl.ioctl(0,termios.TIOCSCTTY,0);os.execv(sys.argv[1],sys.argv[1:])"
"""Makes the pseudo terminal the controlling one; in the child, where no thread of ours can be in the way."""

_ZSHENV = """\
{restore}
[[ -r ${{ZDOTDIR:-$HOME}}/.zshenv ]] && . "${{ZDOTDIR:-$HOME}}/.zshenv"
_doctor_zdotdir=${{ZDOTDIR-}}
ZDOTDIR={here}
"""
_ZSHRC = """\
if [[ -n $_doctor_zdotdir ]]; then ZDOTDIR=$_doctor_zdotdir; else unset ZDOTDIR; fi
unset _doctor_zdotdir
[[ -r ${{ZDOTDIR:-$HOME}}/.zshrc ]] && . "${{ZDOTDIR:-$HOME}}/.zshrc"
HISTFILE={here}/history
builtin print -r -- {ready}
"""
_BASHRC = """\
[ -r ~/.bashrc ] && . ~/.bashrc
HISTFILE={here}/history
builtin printf '%s\\n' {ready}
"""


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """What became of two commands typed into a real shell."""

    shell: str
    ok: bool
    problem: str = ""
    """One phrase; empty when all is well."""
    hooked: bool = True
    """Whether the shell wrote anything at all: if not, its start file does not load the hook."""
    seconds: float = 0.0


def round_trip(shell: str, *, deadline: float = DEADLINE_SECONDS) -> RoundTrip:
    """Start `shell` as the person does, type a command that succeeds and one that fails, leave, drain, and look.

    Never touches the person's data or history; everything it made is removed, and no process of it stays.
    `shell` must be installed.

    Raises:
        DeltaError: no temporary directory or terminal can be made.
    """
    start = time.monotonic()
    nonce = secrets.token_hex(_NONCE_BYTES)
    with _temporary_home() as (root, paths):
        try:
            problem = _type_commands(shell, root, paths, nonce, start + deadline)
        except OSError as error:
            raise DeltaError(f"{shell} cannot be started on a pseudo terminal ({error.strerror}).") from error
        hooked = any(paths.spool.iterdir())
        if not problem:
            problem = _find(paths, nonce) if hooked else "nothing was recorded: the hook is not loaded"
    return RoundTrip(shell, not problem, problem, hooked, time.monotonic() - start)


@contextmanager
def _temporary_home() -> Iterator[tuple[Path, Paths]]:
    """Directories for one round trip; agents are recorded too, since one may have started `doctor`."""
    try:
        root = Path(tempfile.mkdtemp(prefix="delta-doctor-"))
    except OSError as error:
        raise DeltaError(f"No temporary directory can be made ({error.strerror}); free some space.") from error
    try:
        paths = Paths(root / "home", root / "state")
        Store.open(paths)
        private_directory(paths.spool)
        paths.config.write_text(json.dumps({"collect": {"agents": True}}))
        paths.variables.write_text("\n")
        # No interpreter for the hooks: a drain of theirs might outlive this directory.
        yield root, paths
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _type_commands(shell: str, root: Path, paths: Paths, nonce: str, end: float) -> str:
    """Drive the shell; returns a phrase that says what went wrong, or nothing."""
    ready = f"delta-doctor-ready-{nonce}"
    with _Terminal(_command(shell, root, ready), _environment(shell, root, paths)) as terminal:
        if not terminal.read_until(lambda: ready.encode() in terminal.output, end):
            return "the start file leaves the shell" if terminal.ended else "no prompt came in time"
        for number, line in enumerate((f"true delta-doctor-{nonce}", f"false delta-doctor-{nonce}"), start=1):
            terminal.type(line)
            # Typed ahead, a line could be swallowed by a prompt that asks the terminal something.
            terminal.read_until(lambda: _ends(paths) >= number, min(end, time.monotonic() + _STEP_SECONDS))  # noqa: B023
        while not terminal.ended and time.monotonic() < end:
            terminal.type("exit")
            terminal.read_until(lambda: terminal.ended, min(end, time.monotonic() + _STEP_SECONDS))
        return "" if terminal.ended else "the shell did not leave when it was told to"


def _ends(paths: Paths) -> int:
    """End records written so far (shell/README.md)."""
    count = 0
    for path in paths.spool.iterdir():
        with suppress(FileNotFoundError):
            count += path.read_bytes().count(b"\x1e1E")
    return count


def _find(paths: Paths, nonce: str) -> str:
    """Drain and compare; a phrase for the first thing that is missing."""
    store = Store.open(paths)
    try:
        drain(store)
    except DeltaError as error:
        return f"what was recorded cannot be drained: {error}"
    found = {entry.command: entry for entry in store.entries()}
    for word, exit_code in (("true", 0), ("false", 1)):
        entry = found.get(f"{word} delta-doctor-{nonce}")
        if entry is None:
            return f"`{word}` was typed and not recorded"
        if missing := _missing(entry, exit_code):
            return f"`{word}` was recorded {missing}"
    return ""


def _missing(entry: CommandEntry, exit_code: int) -> str:
    if entry.directory is None or not entry.directory.startswith("/"):
        return "without its directory"
    if entry.exit_code != exit_code:
        return f"with exit status {entry.exit_code}, not {exit_code}"
    if entry.duration_ms is None:
        return "without its duration"
    return ""


def _command(shell: str, root: Path, ready: str) -> list[str]:
    """The shell's command line; writes the start file that wraps the person's own."""
    program = shutil.which(shell)
    if program is None:
        raise DeltaError(f"{shell} is not installed.")
    here = shlex.quote(str(root))
    if shell == "bash":
        (root / "bashrc").write_text(_BASHRC.format(here=here, ready=ready))
        return [program, "--rcfile", str(root / "bashrc"), "-i"]
    directory = os.environ.get("ZDOTDIR")
    restore = f"ZDOTDIR={shlex.quote(directory)}" if directory else "unset ZDOTDIR"
    (root / ".zshenv").write_text(_ZSHENV.format(restore=restore, here=here))
    (root / ".zshrc").write_text(_ZSHRC.format(here=here, ready=ready))
    return [program, "-i"]


def _environment(shell: str, root: Path, paths: Paths) -> Mapping[str, str]:
    own = {"DELTA_HOME": str(paths.home), "DELTA_STATE_HOME": str(paths.state)}
    if shell == "zsh":
        own["ZDOTDIR"] = str(root)
    environment = {"TERM": "xterm-256color", **os.environ, **own, "DISABLE_AUTO_UPDATE": "true"}
    environment.pop("HISTFILE", None)
    return environment


class _Terminal:
    """A process in a session of its own, with a pseudo terminal as its controlling one."""

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        self.output = bytearray()
        self.ended = False
        self._master, slave = pty.openpty()
        try:
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
            starter = [sys.executable, "-I", "-S", "-c", _TAKE_TERMINAL, *command]
            self._process = subprocess.Popen(  # noqa: S603
                starter, stdin=slave, stdout=slave, stderr=slave, env=dict(environment), start_new_session=True
            )
        except BaseException:
            os.close(self._master)
            raise
        finally:
            os.close(slave)

    def __enter__(self) -> _Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        """End whatever is left of it: a hang-up for those who listen, then the hard way."""
        groups = {self._process.pid}
        with suppress(OSError):  # nobody is in the foreground any more
            groups.add(os.tcgetpgrp(self._master))
        os.close(self._master)
        for number in (signal.SIGHUP, signal.SIGKILL):
            for group in groups - {0}:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(group, number)
        self._process.wait()

    def type(self, line: str) -> None:
        """Send a line and Enter."""
        with suppress(OSError):  # it has just left
            os.write(self._master, f"{line}\r".encode())

    def read_until(self, done: Callable[[], bool], end: float) -> bool:
        """Read what is shown until `done`, the end of the process, or the moment `end`; says whether `done`."""
        while not done():
            if self.ended or time.monotonic() >= end:
                return False
            if select.select([self._master], [], [], _POLL_SECONDS)[0]:
                self._read()
            elif self._process.poll() is not None:
                self.ended = True
        return True

    def _read(self) -> None:
        try:
            data = os.read(self._master, 65536)
        except OSError:  # Linux says EIO once nobody has the other side open
            data = b""
        self.output += data
        self.ended = not data
