"""What is not kept, whatever the hooks recorded: places, patterns, programs that type, delta_learn's own commands."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from delta_learn.config import CollectConfig
from delta_learn.entry import CommandEntry

_NEVER = re.compile(r"[ \t]|\s*\Z|:(?:train|feedback|pause|resume)(?![^\s;&|<>()])")
"""Begins with a space or tab, holds nothing, or talks to delta_learn."""


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Decides about one entry at a time; made by `from_config`."""

    directories: re.Pattern[str] | None
    commands: re.Pattern[str] | None
    agents: bool
    """Whether commands typed by programs are kept."""

    @classmethod
    def from_config(cls, config: CollectConfig, home: str) -> Exclusions:
        """`home` is what `~` stands for. A directory that is not absolute is excluded wherever it lies."""
        places = {place for pattern in config.exclude_directories for place in _places(pattern, home)}
        return cls(_any_of(sorted(places)), _any_of(config.exclude_commands), config.agents)

    def excludes(self, entry: CommandEntry, author: str) -> bool:
        """Whether `entry`, typed by `author` (empty: the person), must not be kept."""
        return (bool(author) and not self.agents) or _NEVER.match(entry.command) is not None or self.names(entry)

    def names(self, entry: CommandEntry) -> bool:
        """Whether the person's own settings exclude `entry`: its place or its text."""
        if self.commands and self.commands.fullmatch(entry.command):
            return True
        return self.directories is not None and any(map(self.directories.fullmatch, _upwards(entry.directory)))


def _places(pattern: str, home: str) -> Iterator[str]:
    if pattern == "~" or pattern.startswith("~/"):
        pattern = home.rstrip("/") + pattern[1:]
    pattern = pattern.rstrip("/") or "/"
    if not pattern.startswith("/"):
        yield f"*/{pattern}"
        return
    yield pattern
    yield os.path.realpath(pattern)  # the shell may know the place by either name


def _any_of(patterns: Iterable[str]) -> re.Pattern[str] | None:
    alternatives = [fnmatch.translate(pattern) for pattern in patterns]
    return re.compile("|".join(alternatives)) if alternatives else None


def _upwards(directory: str | None) -> Iterator[str]:
    """The directory and all that it lies in."""
    while directory:
        yield directory
        parent = directory.rstrip("/").rpartition("/")[0] or "/"
        directory = parent if parent != directory else None
