"""Snapshot: what was looked up once at a prompt is answered at once for the rest of it, without a thread."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from copy import copy
from typing import Any, TypeVar

from delta_learn.surroundings.deadline import Deadline
from delta_learn.surroundings.files import MOST_BYTES, Files, Name

T = TypeVar("T")


class _UnknownError(Exception):
    """It was not looked up yet, and whoever asks must not touch the file system."""


class Snapshot(Files):
    """What `files` say, each thing once: nothing that changes later is seen.

    A look at the file system goes to another thread, since it may hang; that takes a tenth of a millisecond, and
    a keystroke asks about a dozen lines.
    """

    def __init__(self, files: Files) -> None:
        super().__init__()
        self._files = files
        self._answers: dict[object, Any] = {}
        """Values, and what was raised instead."""
        self._main = threading.get_ident()

    def bounded(self, work: Callable[[], T], otherwise: T, deadline: Deadline) -> T:
        """See Files; here if it needs nothing new."""
        try:
            return work()
        except _UnknownError:
            return self._files.bounded(work, otherwise, deadline)

    def names(self, directory: str) -> tuple[Name, ...]:
        """See Files."""
        return self._once(directory, lambda: self._files.names(directory))

    def parsed(self, path: str, parse: Callable[[str], T], limit: int = MOST_BYTES) -> T | None:
        """See Files."""
        return self._once((path, parse, limit), lambda: self._files.parsed(path, parse, limit))

    def tail(self, path: str, size: int) -> str:
        """See Files."""
        return self._once((path, size), lambda: self._files.tail(path, size))

    def status(self, path: str, *, follow: bool = True) -> os.stat_result:
        """See Files.

        Raises:
            OSError, ValueError: as os.stat does.
        """
        return self._once((path, follow), lambda: self._files.status(path, follow=follow))

    def _once(self, key: object, look: Callable[[], T]) -> T:
        if key not in self._answers:
            if threading.get_ident() == self._main:
                raise _UnknownError
            try:
                self._answers[key] = look()
            except (OSError, ValueError) as error:
                self._answers[key] = error.with_traceback(None)
        answer = self._answers[key]
        if isinstance(answer, (OSError, ValueError)):
            raise copy(answer)  # what is raised remembers who asked, and all that they held
        found: T = answer
        return found
