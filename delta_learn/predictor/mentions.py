"""Mentions: the names that a person made, entered, fetched or listed of late, to be completed at the prompt."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from delta_learn.entry import CommandEntry

REMEMBERED = 200
"""Commands after which a name that was not mentioned again is forgotten."""

_MOST = 30
_LONGEST = 100
"""Characters of a name: longer ones are pasted, not typed."""

_MAKERS = frozenset(
    {"cd", "pushd", "mkdir", "touch", "ls", "ll", "cp", "mv", "ln", "tee", "unzip", "tar", "virtualenv"}
)
"""Programs whose arguments are names that exist afterwards."""

_FETCHERS = frozenset({"wget", "curl", "git clone", "gh clone", "hg clone"})
"""Programs that leave something by the last part of an address."""

_BRANCHERS = frozenset({"git checkout", "git switch", "git branch", "git tag"})

_SUFFIX = re.compile(r"\.git$|[?#].*$")
_REDIRECTED = re.compile(r"(?:^|\s)\d?>>?\s*([^\s;&|<>]+)")
_COMMAND_END = re.compile(r"&&|\|\||[;&|\n]")
_VERSION = re.compile(r"(?<![\w.])(v\d+(?:\.\d+)+|\d+(?:\.\d+){2,})(?![\w.])")
_ADDRESS = re.compile(r"\w+://|[\w.-]+@")
_NAME = re.compile(r"[\w.~/][^\s'\"`$*?(){}\\<>=]*")


class Mentions:
    """The newest names first; what failed made nothing."""

    def __init__(self) -> None:
        self._names: dict[str, int] = {}
        """The command that mentioned each last, oldest first."""
        self._commands = 0

    def words(self) -> tuple[str, ...]:
        """At most _MOST names of the newest REMEMBERED commands, newest first."""
        return tuple(name for name, last in reversed(self._names.items()) if last > self._commands - REMEMBERED)

    def follow(self, entry: CommandEntry) -> None:
        """Take note of an executed command."""
        self._commands += 1
        if entry.exit_code:
            return
        for name in dict.fromkeys(_mentioned(entry.command)):
            self._names.pop(name, None)
            self._names[name] = self._commands
        while len(self._names) > _MOST:
            self._names.pop(next(iter(self._names)))


def mentioned(entries: Sequence[CommandEntry]) -> tuple[str, ...]:
    """The names after these commands, newest first."""
    mentions = Mentions()
    for entry in entries:
        mentions.follow(entry)
    return mentions.words()


def _mentioned(command: str) -> Iterator[str]:
    for part in _COMMAND_END.split(command):
        yield from (name for name in _of_program(part.split()) if _is_name(name))
    yield from (name for name in _REDIRECTED.findall(command) if _is_name(name))
    yield from map(_successor, _VERSION.findall(command))


def _of_program(words: list[str]) -> list[str]:
    while words and words[0] in ("sudo", "command", "time"):
        words = words[1:]
    program, both = words[:1], " ".join(words[:2])
    if program and program[0] in _MAKERS:
        return [word.rstrip("/") for word in words[1:]]
    if both in _BRANCHERS:
        return words[2:]
    if both in _FETCHERS or (program and program[0] in _FETCHERS):
        return [_fetched(word) for word in words[1:] if "/" in word]
    return []


def _fetched(word: str) -> str:
    """What an address leaves behind; a directory it is put into stays as it is."""
    return posixpath.basename(_SUFFIX.sub("", word.rstrip("/"))) if _ADDRESS.match(word) else word


def _is_name(word: str) -> bool:
    return 1 < len(word) <= _LONGEST and word.strip("./") != "" and _NAME.fullmatch(word) is not None


def _successor(version: str) -> str:
    """After v1.2.3 comes v1.2.4."""
    head, _, last = version.rpartition(".")
    return f"{head}.{int(last) + 1}"
