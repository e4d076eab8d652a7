"""What the storage tests share: a key, and children that kill themselves in the middle of a write."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from delta_learn.storage.seal import Keyring

KILL = """
import itertools, os, signal, sys
from pathlib import Path

name, call, moment = sys.argv[1], int(sys.argv[2]), sys.argv[3]
real, calls = getattr(os, name), itertools.count(1)

def deadly(*args, **kwargs):
    if next(calls) != call:
        return real(*args, **kwargs)
    if moment == "half":
        real(args[0], args[1][: len(args[1]) // 2])
    elif moment == "after":
        real(*args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(os, name, deadly)
"""

Killer = Callable[[str, Path, str, int, str], bool]


@pytest.fixture
def keyring() -> Keyring:
    return Keyring(bytes(range(32)))


@pytest.fixture
def killed() -> Killer:
    """Run Python code with `path` set; kill -9 at the n-th call of an `os` function; did it die?

    The moment is "before" the call, "half" (of the bytes of a write are written) or "after" it.
    """

    def run(code: str, path: Path, name: str, call: int, moment: str) -> bool:
        script = f"{KILL}\npath = Path(sys.argv[4])\n{code}"
        done = subprocess.run(
            [sys.executable, "-c", script, name, str(call), moment, str(path)], capture_output=True, text=True
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        return done.returncode != 0

    return run
