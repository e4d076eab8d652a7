"""The prompt: from a command's end to the next suggestion, from a key to the picture it leaves, the server's memory.

A person with 50,000 commands and a deployed model (the base that the package carries) types in real zsh on a terminal,
plain, with zsh-autosuggestions (strategy history, asynchronous) and with delta_learn, in turn. A key's time ends with
the last byte that the shell wrote for it. The server is asked directly, too, as a shell does.

Run: .venv/bin/python -m benchmarks.prompt [--lines N] [--commands N]
"""

from __future__ import annotations

import argparse
import os
import random
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyte

from benchmarks.histories import write
from benchmarks.predictor import varied
from delta_learn.base.shipped import shipped_base
from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.paths import Paths
from delta_learn.registry import ModelRecord, Registry
from delta_learn.serving.address import published
from delta_learn.serving.learner import open_learner
from delta_learn.serving.protocol import Decoder, Frame, frames

ROOT = Path(__file__).parent.parent
AUTOSUGGESTIONS = Path("/usr/share/zsh-autosuggestions/zsh-autosuggestions.zsh")
PROMPT = "@ready@"
KEY_SECONDS = 0.05
"""Between keys: a fast typist, in a burst."""
QUIET = 0.08
"""Seconds without a byte after which a picture is taken for done."""
IDLE_SECONDS = 5.0
NEW_LINES = 0.2
"""As many lines are typed only once as by the people of docs/log.md: a sixth to a half."""


class Server:
    """The real one, and a connection to it like a shell's."""

    def __init__(self, paths: Paths, session: str) -> None:
        self.paths = paths
        self.session = session
        self.spool = paths.spool / f"{session}.0"
        self._spool(Frame("H", ("zsh 5.9", str(os.getpid()), socket.gethostname(), "ann", "linux x86_64", "")))
        begun = time.monotonic()
        self.process = subprocess.Popen([sys.executable, "-E", "-P", "-m", "delta_learn.serving.daemon"])
        self.decoder, self.number, self.sequence = Decoder(), 0, 0
        self.stream = self._connect()
        while not self.prompt():
            time.sleep(0.01)
        self.ready_seconds = time.monotonic() - begun
        while not self.version:  # the model comes in by itself
            self.stream = self._connect()

    def command(self, line: str) -> float:
        """Milliseconds from a command's end record to the next suggestions."""
        self.sequence += 1
        now = str(time.time_ns() // 1000)
        self._spool(Frame("S", (str(self.sequence), now, "", "/", "", line)))
        begun = time.perf_counter()
        self._spool(Frame("E", (str(self.sequence), now, now, "0")))
        self.prompt()
        return (time.perf_counter() - begun) * 1000

    def prompt(self) -> tuple[str, ...]:
        """The suggestions at the empty prompt."""
        self.number += 1
        return self.ask(Frame("P", (str(self.number), "/"))).fields[2:]

    def key(self, typed: str) -> float:
        """Milliseconds from a keystroke's request to its answer."""
        self.number += 1
        begun = time.perf_counter()
        self.ask(Frame("Q", (str(self.number), "/", typed)))
        spent = (time.perf_counter() - begun) * 1000
        time.sleep(KEY_SECONDS)
        return spent

    def ask(self, frame: Frame) -> Frame:
        """The answer to one frame."""
        self.stream.sendall(frames(frame))
        while True:
            for answer in self.decoder.feed(self.stream.recv(65_536)):
                return answer

    def resident_mb(self) -> float:
        """Memory in use (Linux)."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def idle_cpu(self) -> float:
        """Share of a core while nobody asks anything."""
        before = self._ticks()
        time.sleep(IDLE_SECONDS)
        return (self._ticks() - before) / os.sysconf("SC_CLK_TCK") / IDLE_SECONDS

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait()

    def _ticks(self) -> int:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def _connect(self) -> socket.socket:
        while True:
            place = published(self.paths)
            try:
                if place is not None:
                    stream = socket.socket(socket.AF_UNIX)
                    stream.connect(os.fspath(place))
                    self.stream = stream
                    self.version = self.ask(Frame("H", (self.session, "zsh 5.9", str(os.getpid())))).fields[1]
                    return stream
            except OSError:
                pass
            time.sleep(0.01)

    def _spool(self, frame: Frame) -> None:
        with open(self.spool, "ab", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(frames(frame))


class Shell:
    """zsh on a terminal of its own, as a person's who has typed all this."""

    def __init__(self, setup: str, home: Path, state: Path) -> None:
        home.mkdir()
        history = f"HISTFILE={home.parent}/history HISTSIZE=60000 SAVEHIST=0"
        (home / ".zshrc").write_text(f"PS1={PROMPT}\n{history}\nunset zle_bracketed_paste\n{setup}\n")
        environment = {"HOME": str(home), "ZDOTDIR": str(home), "PATH": os.environ["PATH"], "TERM": "xterm-256color"}
        environment |= {"DELTA_STATE_HOME": str(state), "DELTA_HOME": str(home.parent / "training"), "LANG": "C.UTF-8"}
        self.pid, self.terminal = os.forkpty()
        if self.pid == 0:
            os.chdir("/")
            os.execvpe("zsh", ["zsh", "-i"], environment)
        os.set_inheritable(self.terminal, False)  # else the next shell keeps this window open
        self.screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self.screen)
        self.picture(5.0)

    def picture(self, longest: float = 1.0) -> float:
        """Milliseconds until the last byte of the picture that is being drawn."""
        begun = last = time.perf_counter()
        while select.select([self.terminal], [], [], longest if last == begun else QUIET)[0]:
            drawn = os.read(self.terminal, 65536)
            last = time.perf_counter()
            self._stream.feed(drawn)
        return (last - begun) * 1000

    def key(self, key: str) -> float:
        """Milliseconds from a key to the last byte of the picture after it."""
        os.write(self.terminal, key.encode())
        return self.picture()

    def ghost(self) -> str:
        """What stands behind the cursor."""
        cursor = self.screen.cursor
        return self.screen.display[cursor.y][cursor.x :].rstrip()

    def close(self) -> None:
        """Close the window."""
        os.close(self.terminal)
        os.waitpid(self.pid, 0)


def prepare(paths: Paths, entries: Sequence[CommandEntry]) -> None:
    """The store of a person who typed `entries`, with what was learned, and a deployed model."""
    paths.spool.mkdir(parents=True, mode=0o700)
    store = Store.open(paths)
    store.record(entries)
    open_learner(store).save()
    model = shipped_base()
    if model is None:
        sys.exit("the package carries no base model")
    registry = Registry(paths, store.keyring)
    registry.save_model(ModelRecord("delta_model_2026-01-01", 0.0), model)
    registry.deploy("delta_model_2026-01-01")
    (paths.state / "python").write_text("/nowhere\n")
    (paths.state / "variables").write_text("\n")


@contextmanager
def shells(home: Path, state: Path) -> Iterator[dict[str, Shell]]:
    """Plain zsh, with zsh-autosuggestions, with delta_learn."""
    setups = {"plain": "", "delta_learn": f". {ROOT}/shell/delta.zsh"}
    if AUTOSUGGESTIONS.exists():
        setups["zsh-autosuggestions"] = f"ZSH_AUTOSUGGEST_STRATEGY=(history); . {AUTOSUGGESTIONS}"
    opened = {name: Shell(setup, home / name, state) for name, setup in setups.items()}
    try:
        yield opened
    finally:
        for shell in opened.values():
            shell.close()


def typed(opened: dict[str, Shell], lines: Sequence[str]) -> dict[str, dict[str, list[float]]]:
    """Milliseconds until the picture stands, of each shell, one key in turn.

    After a key that leaves the ghost as it was but for that letter, after one that brings another ghost, and from
    Enter to the next prompt with its ghost.
    """
    times: dict[str, dict[str, list[float]]] = {n: {"same ghost": [], "new ghost": [], "prompt": []} for n in opened}
    for number, line in enumerate(lines):
        order = random.sample(list(opened), len(opened))
        for key in line:
            for name in order:
                shell = opened[name]
                before = shell.ghost()
                spent = shell.key(key)
                new = shell.ghost() and (before[:1] != key or before[1:].strip() != shell.ghost())
                times[name]["new ghost" if new else "same ghost"].append(spent)
        for name in order:
            opened[name].key("\x15")  # the line is not run
            for each in f": {number}":
                opened[name].key(each)
            times[name]["prompt"].append(opened[name].key("\r"))
    return times


def summary(times: Sequence[float]) -> dict[str, float]:
    """Median and 99th percentile, and of how many."""
    if not times:
        return {"n": 0}
    return {"n": len(times), "p50": float(np.percentile(times, 50)), "p99": float(np.percentile(times, 99))}


def asked(server: Server, entries: Sequence[CommandEntry]) -> dict[str, dict[str, float]]:
    """The server alone: what a shell waits for."""
    ready, keys = [], []
    for entry in entries:
        keys += [server.key(entry.command[:end]) for end in range(1, len(entry.command) + 1)]
        ready.append(server.command(entry.command))
    return {"end record to suggestions": summary(ready), "key to answer": summary(keys)}


def show(results: dict[str, Any]) -> None:
    """A table of all figures."""
    print(f"{'':45}{'n':>6}{'p50 ms':>9}{'p99 ms':>9}")
    rows = {f"server: {what}": row for what, row in results["server"].items()}
    rows |= {f"{name}: {what}": row for name, each in results["shell"].items() for what, row in each.items()}
    for name, row in rows.items():
        print(f"{name:45}{row['n']:6}" + "".join(f"{row[p]:9.2f}" for p in ("p50", "p99") if p in row))
    memory, idle = f"{results['resident_mb']:.0f} MB", f"{results['idle_cpu']:.1%} of a core"
    print(f"ready after {results['ready_seconds']:.2f} s, {memory}, idle {idle}")


def main() -> None:
    """Measure, print, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=50_000)
    parser.add_argument("--commands", type=int, default=60)
    arguments = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="delta-prompt-"))
    os.environ |= {"DELTA_HOME": str(home / "training"), "DELTA_STATE_HOME": str(home / "state")}
    entries = varied(arguments.lines + 2 * arguments.commands, NEW_LINES)
    past, first, second = (
        entries[: arguments.lines],
        entries[arguments.lines : -arguments.commands],
        entries[-arguments.commands :],
    )
    (home / "history").write_text("".join(f"{each.command}\n" for each in past))
    paths = Paths.from_environment()
    prepare(paths, past)
    server = Server(paths, f"zsh-{time.time_ns() // 1000}-{os.getpid()}-1")
    try:
        results: dict[str, Any] = {"ready_seconds": server.ready_seconds, "server": asked(server, first)}
        with shells(home, paths.state) as opened:
            drawn = typed(opened, [entry.command for entry in second])
        results["shell"] = {n: {what: summary(values) for what, values in each.items()} for n, each in drawn.items()}
        results |= {"resident_mb": server.resident_mb(), "idle_cpu": server.idle_cpu()}
    finally:
        server.close()
        shutil.rmtree(home)
    show(results)
    write("prompt", results)


if __name__ == "__main__":
    main()
