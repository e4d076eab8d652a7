"""Programs of the machine, asked with a deadline: one that hangs or is missing is an answer too."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program said."""

    status: int
    """127 where there is no such program, 124 where it did not end in time."""
    output: bytes
    error: str

    @property
    def ok(self) -> bool:
        """Whether it did what was asked."""
        return self.status == 0


def ask(arguments: Sequence[str], stdin: bytes = b"") -> Answer:
    """Run a program of the PATH, in English, and wait for its answer."""
    english = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603  (words of ours)
            list(arguments), input=stdin, env=english, capture_output=True, timeout=_SECONDS, check=False
        )
    except OSError as error:
        return Answer(127, b"", error.strerror or "cannot be started")
    except subprocess.TimeoutExpired:
        return Answer(124, b"", f"no answer within {_SECONDS:.0f} s")
    return Answer(done.returncode, done.stdout, done.stderr.decode(errors="replace").strip())
