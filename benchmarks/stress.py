"""Real shells type as fast as they can while drains run, and are killed: is every command kept, once, whole?

Every command writes its own number to a file when it runs, so that what was really run is known from elsewhere.

Run: .venv/bin/python benchmarks/stress.py [--commands 1000000] [--shells 8] [--kills 0]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from delta_learn.collector.drain import drain
from delta_learn.collector.store import Store
from delta_learn.paths import Paths

ROOT = Path(__file__).parent.parent
SETUP = {
    "zsh": "PS1='$ '; unset zle_bracketed_paste; HISTSIZE=100; SAVEHIST=0",
    "bash": "PS1='$ '; bind 'set enable-bracketed-paste off'; HISTSIZE=100; unset HISTFILE",
}
DRAIN = [sys.executable, "-E", "-P", "-m", "delta_learn.collector.record"]


class Typist(threading.Thread):
    """Types commands into a shell of its own, and begins another shell whenever that one dies."""

    def __init__(self, shell: str, number: int, commands: int, home: Path) -> None:
        super().__init__()
        self.shell, self.label, self.commands = shell, f"{shell}{number}", commands
        self.home = home / self.label
        self.home.mkdir()
        self.ran = self.home / "ran"
        self.ran.touch()
        startup = self.home / (".zshrc" if shell == "zsh" else "bashrc")
        startup.write_text(f"{SETUP[shell]}\n. '{ROOT}/shell/delta.{shell}'\n")
        self.environment = {
            "HOME": str(self.home), "ZDOTDIR": str(self.home), "PATH": os.environ["PATH"], "TERM": "dumb",
            "DELTA_STATE_HOME": str(home / "state"), "DELTA_HOME": str(home / "home"), "LANG": "C.UTF-8",
        }  # fmt: skip
        self.arguments = ["zsh", "-i"] if shell == "zsh" else ["bash", "--noprofile", "--rcfile", str(startup), "-i"]
        self.pid = 0
        self.shells = 0

    def run(self) -> None:
        """Type until all commands have run."""
        while (next_number := self._done()) < self.commands:
            self.shells += 1
            self.pid, terminal = os.forkpty()
            if self.pid == 0:
                os.execvpe(self.arguments[0], self.arguments, self.environment)
            self._type(terminal, next_number)
            os.close(terminal)
            os.waitpid(self.pid, 0)

    def _type(self, terminal: int, next_number: int) -> None:
        os.set_blocking(terminal, False)
        pending, closing = b"", False
        while True:
            readable, writable, _ = select.select([terminal], [] if closing and not pending else [terminal], [], 60)
            if readable:
                try:
                    if not os.read(terminal, 65536):
                        return
                except OSError:
                    return  # the shell is gone
            if writable:
                if not pending and next_number < self.commands:
                    batch = range(next_number, min(next_number + 20, self.commands))
                    pending = b"".join(f"echo {n} >>'{self.ran}'\n".encode() for n in batch)
                    next_number = batch.stop
                elif not pending:
                    pending, closing = b"exit\n", True
                try:
                    pending = pending[os.write(terminal, pending) :]
                except OSError:
                    return

    def _done(self) -> int:
        lines = self.ran.read_bytes().split()
        return int(lines[-1]) + 1 if lines else 0


def disturb(typists: list[Typist], drains: list[subprocess.Popen[bytes]], kills: int) -> int:
    """Kill a shell or a drain at random moments; returns how many."""
    killed = 0
    while killed < kills and any(t.is_alive() for t in typists):
        time.sleep(random.uniform(0.02, 0.4))
        victims = [t.pid for t in typists if t.is_alive() and t.pid] if killed % 2 else [d.pid for d in drains[-1:]]
        if victims:
            try:
                os.kill(random.choice(victims), signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                pass
    return killed


def drain_until(done: threading.Event, environment: dict[str, str], drains: list[subprocess.Popen[bytes]]) -> None:
    """One drain after the other, and now and then two at once."""
    while not done.is_set():
        pair = [subprocess.Popen(DRAIN, env=environment) for _ in range(random.choice((1, 1, 2)))]
        drains += pair
        for process in pair:
            process.wait()


def verify(typists: list[Typist], paths: Paths, killed: int) -> dict[str, int]:
    """Compare the store with what the commands themselves wrote down."""
    store = Store.open(paths)
    result = drain(store)
    entries = store.entries()
    kept = Counter(entry.command for entry in entries)
    each = Counter((entry.session, entry.command) for entry in entries)  # in two sessions: typed again after a kill
    ran = {f"echo {n} >>'{t.ran}'": t.shell for t in typists for n in t.ran.read_text().split()}
    lost = Counter(shell for command, shell in ran.items() if not kept[command])
    return {
        "ran": len(ran),
        "kept": sum(kept.values()),
        "lost in zsh": lost["zsh"],
        "lost in bash": lost["bash"],
        "twice": sum(1 for count in each.values() if count > 1),
        "unknown": sum(1 for command in kept if command != "exit" and command not in ran) if not killed else 0,
        "torn": result.torn,
    }


def main() -> None:
    """Run, compare, print, write JSON; exit status 1 if anything is lost, double or torn."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--commands", type=int, default=20_000, help="of all shells together")
    parser.add_argument("--shells", type=int, default=8)
    parser.add_argument("--kills", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        paths = Paths(home / "home", home / "state")
        Store.open(paths)
        paths.spool.mkdir(mode=0o700)
        paths.python.write_text("/nonexistent\n")
        available = [name for name in ("zsh", "bash") if shutil.which(name)]
        each = options.commands // options.shells
        typists = [Typist(available[i % len(available)], i, each, home) for i in range(options.shells)]
        start, done = time.monotonic(), threading.Event()
        drains: list[subprocess.Popen[bytes]] = []
        drainer = threading.Thread(target=drain_until, args=(done, typists[0].environment, drains))
        for thread in (*typists, drainer):
            thread.start()
        killed = disturb(typists, drains, options.kills)
        for typist in typists:
            typist.join()
        done.set()
        drainer.join()
        report = {"seconds": round(time.monotonic() - start), "killed": killed, "drains": len(drains)}
        report |= {"shells": sum(t.shells for t in typists)} | verify(typists, paths, killed)
    print(json.dumps(report, indent=1))
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / f"stress{'-killed' if killed else ''}.json").write_text(json.dumps(report, indent=1))
    # A shell that is killed between a command and its prompt has run it; bash before 5.3 could not write that down.
    if (
        report["lost in zsh"]
        or report["lost in bash"] > killed
        or report["twice"]
        or report["unknown"]
        or (report["torn"] and not killed)
    ):
        sys.exit(1)


if __name__ == "__main__":
    main()
