"""A terminal with a screen: what a person sees at the prompt, and what has scrolled away."""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pyte

from tests.shell.conftest import DEADLINE, PROMPT, Sandbox, Terminal
from tests.shell.fakeserver import ALPHA

SETTLE = "\x18\x13"
"""Ctrl-X Ctrl-S, bound to a widget that says how often it was called."""
_SETTLE_WIDGET = r"""
'builtin' 'emulate' 'zsh' '-o' 'no_aliases' '-c' '
  typeset -gi settled=0
  settle() { builtin emulate -L zsh; builtin zle -M "settled $(( ++settled ))." }
  builtin zle -N settle
  builtin bindkey -M emacs ^X^S settle; builtin bindkey -M viins ^X^S settle; builtin bindkey -M vicmd ^X^S settle
  command stty -ixon
'
"""


class Screen(Terminal):
    """A zsh as a person sees it. `COLUMNS` wide and few rows high, so that lines do wrap and scroll."""

    COLUMNS, ROWS = 60, 12

    def __init__(self, argv: list[str], environment: dict[str, str], directory: Path) -> None:
        self.model = pyte.HistoryScreen(self.COLUMNS, self.ROWS, history=1000, ratio=0.1)
        self._stream = pyte.Stream(self.model)
        self._fed = 0
        self._settled = 0
        super().__init__(argv, environment, directory, columns=self.COLUMNS, rows=self.ROWS)

    def resize(self, columns: int, rows: int) -> None:
        """As when the window's edge is pulled."""
        self.model.resize(rows, columns)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def rows(self) -> list[str]:
        """The rows of the screen, without the empty ones at its end."""
        text = "\n".join(row.rstrip() for row in self.model.display).rstrip("\n")
        return text.split("\n")

    def everything(self) -> list[str]:
        """What has scrolled away, and the screen."""
        gone = ["".join(row[x].data for x in range(self.model.columns)).rstrip() for row in self.model.history.top]
        return gone + self.rows()

    def line(self) -> tuple[str, str]:
        """What stands before and behind the cursor in its row, without the prompt."""
        row = self.model.display[self.model.cursor.y]
        before, behind = row[: self.model.cursor.x], row[self.model.cursor.x :].rstrip()
        return before.removeprefix(PROMPT) if before.startswith(PROMPT) else f"?{before}", behind

    def colour(self) -> str:
        """Of the character at the cursor: the ghost's first."""
        cursor = self.model.cursor
        return str(self.model.buffer[cursor.y][cursor.x].fg)

    def wait_until(self, what: Callable[[], bool], why: str = "") -> None:
        deadline = time.monotonic() + DEADLINE
        while not what():
            if not self._read(deadline - time.monotonic()):
                picture = "\n".join(self.everything()[-self.ROWS :])
                raise AssertionError(f"{why or 'it'} does not come; at {self.line()!r} of the screen:\n{picture}")

    def wait_line(self, typed: str, ghost: str = "") -> None:
        """Wait until the line is `typed`, the cursor, `ghost`."""
        self.wait_until(lambda: self.line() == (typed, ghost), f"{typed!r} | {ghost!r}")

    def settle(self) -> None:
        """Wait until all that was sent, and all that a server has said, is on the screen."""
        for _ in range(2):  # what a server said may be read after a key
            self._settled += 1
            self.send(SETTLE)
            self.wait_until(lambda: f"settled {self._settled}." in "\n".join(self.rows()), "the editor")

    def read_for(self, seconds: float) -> None:
        """Go on reading as long as a person would look."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._read(left)

    def interrupt_line(self) -> None:
        """Press Ctrl-C at the prompt, until it has come: zsh overlooks one that comes just before it waits."""
        deadline = time.monotonic() + DEADLINE
        prompts = self._prompts()
        while self._prompts() == prompts:
            assert time.monotonic() < deadline, (self.everything(), self.screen[-600:])
            self.send("\x03")
            self.read_for(0.2)

    def _prompts(self) -> int:
        return sum(row.startswith(PROMPT.rstrip()) for row in self.everything())

    def check_line(self, typed: str, ghost: str = "") -> None:
        """The line is so when all has come."""
        self.wait_until(lambda: self.line()[0] == typed, typed)
        self.settle()
        self.wait_until(lambda: self.line()[0] == typed, typed)  # the cursor is on its way back
        assert self.line() == (typed, ghost), self.line()

    def run(self, line: str = "") -> None:
        """Type a command and Enter; wait until there is one more prompt, below all else."""
        prompts = self._prompts()
        self.send(line + "\r")
        self.wait_until(lambda: self._prompts() > prompts and self.line()[0][:1] != "?", "the next prompt")

    def enter(self, output: str, keys: str = "\r") -> None:
        """Press Enter; wait until there is a prompt with `output` in the row above it."""
        self.send(keys)

        def is_there() -> bool:
            above, row = ([*self.model.display, ""][self.model.cursor.y + place] for place in (-1, 0))
            return above.rstrip() == output and row.startswith(PROMPT)

        self.wait_until(is_there, output)

    def _read(self, seconds: float) -> bool:
        more = super()._read(seconds)
        if len(self.screen) > self._fed:
            self._stream.feed(self.screen[self._fed :])
            self._fed = len(self.screen)
        return more


def start_zsh(sandbox: Sandbox, before: str = "", after: str = "", environment: dict[str, str] | None = None) -> Screen:
    """A zsh with a screen, at its first prompt."""
    terminal = sandbox.start(
        "zsh",
        before,
        after + "\n" + _SETTLE_WIDGET,
        environment={"TERM": "xterm-256color", **(environment or {})},
        make=Screen,
    )
    assert isinstance(terminal, Screen)
    return terminal


def begin(sandbox: Sandbox, *rc: str, ghost: str = ALPHA, **how: object) -> Screen:
    """zsh at a prompt at which `ghost` is shown."""
    terminal = start_zsh(sandbox, *rc, **how)
    terminal.wait_line("", ghost)
    return terminal


def ghosts(terminal: Screen) -> int:
    """The rows, of all that is on the screen or above it, in which something of ALPHA stands."""
    return sum("alpha" in row for row in terminal.everything())
