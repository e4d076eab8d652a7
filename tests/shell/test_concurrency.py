"""Many shells at once while drains run: each command is in the store exactly once."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
from collections import Counter

import pytest

from delta_learn.collector.drain import open_store
from delta_learn.paths import Paths

EACH = 600
DRAIN = [sys.executable, "-E", "-P", "-m", "delta_learn.collector.record"]


@pytest.mark.slow
def test_eight_shells_and_a_drain_in_a_loop(sandbox, monkeypatch, zsh, bash):
    sandbox.environment["DELTA_HOME"] = str(sandbox.home / "data")
    monkeypatch.setenv("DELTA_STATE_HOME", str(sandbox.state))
    monkeypatch.setenv("DELTA_HOME", sandbox.environment["DELTA_HOME"])
    environment = sandbox.environment | {"PYTHONPATH": ""}
    stop = threading.Event()
    drained = threading.Semaphore(0)

    def drain() -> None:
        while not stop.is_set():
            subprocess.run(DRAIN, env=environment, cwd="/", check=True, timeout=60)
            drained.release()

    terminals = [sandbox.start(shell) for shell in (zsh, bash) * 4]
    drainer = threading.Thread(target=drain)
    drainer.start()
    try:
        for half in (range(EACH // 2), range(EACH // 2, EACH)):  # typed ahead: the shells work at once
            for terminal in terminals:
                terminal.ahead = [f": t{terminal.pid} {number}\r".encode() for number in half]
            type_ahead(terminals)
            assert drained.acquire(timeout=60)  # a drain that began before the shells left
        for terminal in terminals:
            terminal.send("exit\r")
        assert [terminal.join() for terminal in terminals] == [0] * len(terminals)
    finally:
        stop.set()
        drainer.join()
    subprocess.run(DRAIN, env=environment, cwd="/", check=True, timeout=60)
    store = open_store(Paths.from_environment())
    entries = [entry for entry in store.entries() if entry.command.startswith(": t")]
    expected = Counter(f": t{terminal.pid} {number}" for terminal in terminals for number in range(EACH))
    assert Counter(entry.command for entry in entries) == expected
    assert all(entry.exit_code == 0 for entry in entries)
    left = list(sandbox.spool.iterdir())
    assert {path.suffix for path in left} <= {".text"}
    assert b"".join(path.read_bytes() for path in left).strip(b" \0") == b""


def type_ahead(terminals) -> None:
    """Feed each shell a line whenever it has shown a prompt for the one before."""
    waiting = {terminal.fd: terminal for terminal in terminals}
    for terminal in terminals:
        os.write(terminal.fd, terminal.ahead.pop(0))
    tails = dict.fromkeys(waiting, b"")
    while waiting:
        ready = select.select(list(waiting), [], [], 20)[0]
        assert ready, "the shells have stopped"
        for fd in ready:
            try:
                tails[fd] = tails[fd][-20:] + os.read(fd, 65536)
            except OSError:
                del waiting[fd]
                continue
            if b"ready> " in tails[fd]:
                tails[fd] = b""
                os.write(fd, waiting[fd].ahead.pop(0))
                if not waiting[fd].ahead:
                    del waiting[fd]
