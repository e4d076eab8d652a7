"""What the tests of the spool share: a shell that writes it as shell/README.md says."""

from __future__ import annotations

import os
import time
import traceback
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from delta_learn.paths import Paths


class FakeShell:
    """One session; it opens and closes its file at every record."""

    def __init__(
        self,
        spool: Path,
        *,
        pid: int | None = None,
        began: int | None = None,
        host: str | None = None,
        author: str = "",
    ) -> None:
        self.pid = os.getpid() if pid is None else pid
        # A process that is younger than its session is not the one that wrote it.
        began = int(time.time() * 1e6) if began is None else began
        self.session = f"zsh-{began}-{self.pid}-{len(list(spool.iterdir())) + 1}"
        self.clock = began
        self.sequence = -1
        self.generation = -1
        self._spool = spool
        self._header = ("zsh 5.9", str(self.pid), host or os.uname().nodename, "ann", "linux-gnu x86_64", author)

    @property
    def path(self) -> Path:
        return self._spool / f"{self.session}.{self.generation}"

    @staticmethod
    def record(kind: str, *fields: str | bytes) -> bytes:
        escaped = []
        for field in fields:
            data = field if isinstance(field, bytes) else field.encode("utf-8", "surrogateescape")
            for byte, name in ((b"\x1e", b"e"), (b"\n", b"n"), (b"\0", b"0")):
                data = data.replace(byte, b"\x1e" + name)
            escaped.append(data)
        return b"\x1e1" + kind.encode() + b"\0".join(escaped) + b"\n"

    def rotate(self) -> None:
        """Begin the next generation."""
        self.generation += 1
        fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        os.write(fd, self.record("H", *self._header))
        os.close(fd)

    def write(self, data: bytes) -> None:
        if self.generation < 0 or not self.path.exists():
            self.rotate()
        fd = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        os.write(fd, data)
        os.close(fd)

    def begin(
        self,
        command: str | bytes,
        *,
        directory: str = "/srv",
        environment: Mapping[str, str] | None = None,
        flags: str = "",
        start: int | None = None,
    ) -> None:
        self.sequence += 1
        self.clock = self.clock + 1_000_000 if start is None else start
        pairs = "".join(f"{name}={value}\x1f" for name, value in (environment or {}).items())
        self.write(self.record("S", str(self.sequence), str(self.clock), flags, directory, pairs, command))

    def more(self, text: str | bytes, *, flags: str = "") -> None:
        self.write(self.record("M", str(self.sequence), flags, text))

    def end(self, status: int = 0, *, after: int = 500_000) -> None:
        self.write(self.record("E", str(self.sequence), str(self.clock), str(self.clock + after), str(status)))

    def say(self, event: str, shown: str, *, saved: int = 0, after: str = "", time: int | None = None) -> None:
        """What became of a suggestion at the prompt of the command that began last."""
        moment = str(self.clock + 100 if time is None else time)
        facts = (event, shown, "0", str(saved), "0.532", "history", "delta_model_2026-11-22", after)
        self.write(self.record("F", str(self.sequence), moment, *facts))

    def run(self, command: str | bytes, status: int = 0, **how: object) -> None:
        self.begin(command, **how)
        self.end(status)

    def exit(self) -> None:
        self.write(self.record("X"))


def fork(work: Callable[[], None]) -> int:
    """Start `work` in a process of its own; returns its pid. It exits 0, or 1 after an exception."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the threads of pytest-xdist hold no locks of ours
        pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            os._exit(status)
    return pid


@pytest.fixture
def forked() -> Callable[[Callable[[], None]], int]:
    return fork


@pytest.fixture
def spool(paths: Paths) -> Path:
    """The spool, as `install` makes it."""
    paths.spool.mkdir(parents=True, mode=0o700)
    return paths.spool


@pytest.fixture
def fake_shell() -> type[FakeShell]:
    return FakeShell
