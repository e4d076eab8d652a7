"""Around: the words from here of one prompt, looked up once a line and within the time of a keystroke."""

from __future__ import annotations

import time

from delta_learn.surroundings.deadline import KEYSTROKE_SECONDS, Deadline
from delta_learn.surroundings.exists import stands
from delta_learn.surroundings.files import shared_files
from delta_learn.surroundings.here import words_here
from delta_learn.surroundings.snapshot import Snapshot

_MOST_LINES = 2_000
"""Far more than are thought of at one prompt."""


class Around:
    """What there is around a shell in `directory`, as `predictor.context.Here`."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.files = Snapshot(shared_files())
        self._left = 0.0
        self._known: dict[str, tuple[str, ...]] = {}

    def begin(self, seconds: float = KEYSTROKE_SECONDS) -> None:
        """A request is about to be answered: all looks around for it may take so long together."""
        self._left = seconds

    def __call__(self, line: str) -> tuple[str, ...]:
        """What the word at the end of `line` may be, likeliest first; nothing when the time is over."""
        found = self._known.get(line)
        if found is None:
            begun = time.monotonic()
            deadline = Deadline(self._left)
            found = words_here(line, self.directory, deadline, self.files)
            if not deadline.over and len(self._known) < _MOST_LINES:
                self._known[line] = found
            self._left -= time.monotonic() - begun
        return found

    def stands(self, command: str, directory: str, deadline: Deadline) -> bool:
        """Whether a command can work here: surroundings/exists.py."""
        return stands(command, directory, deadline, self.files)
