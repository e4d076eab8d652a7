"""The directory of a shell, followed through `cd` where the history does not record it."""

from __future__ import annotations

import posixpath

from delta_learn.predictor.context import Context

_HOME = "~"
_END_OF_COMMAND = (";", "&", "|")


class FollowedDirectory:
    """Where `cd` has led since the session began; a session begins in the home directory.

    Only one session is followed: histories without directories come from one file.
    """

    def __init__(self, session: str = "", directory: str = _HOME, before: str = _HOME) -> None:
        self._session = session
        self._directory = directory
        self._before = before

    def at(self, context: Context) -> str:
        """The directory of a prompt: the recorded one where there is one."""
        if context.directory is not None:
            return context.directory
        return self._directory if context.session == self._session else _HOME

    def follow(self, command: str, context: Context) -> None:
        """Take note of an executed command."""
        if context.session != self._session:
            self._session, self._directory, self._before = context.session, _HOME, _HOME
        words = command.split(None, 2)
        if not words or words[0] != "cd":
            return
        target = words[1].rstrip(";&|") if len(words) > 1 else _HOME
        if target.startswith(_END_OF_COMMAND) or not target:
            target = _HOME
        place = self._before if target == "-" else _join(self._directory, target)
        self._directory, self._before = place, self._directory

    def to_record(self) -> list[str]:
        """The arguments that make an equal one."""
        return [self._session, self._directory, self._before]


def _join(directory: str, target: str) -> str:
    if target.startswith("~"):
        return posixpath.normpath(target)
    return posixpath.normpath(posixpath.join(directory, target))
