"""Hosts that ssh knows by name: its configuration, and those it was connected to."""

from __future__ import annotations

import fnmatch
import os
import posixpath
import re
from collections.abc import Iterator

from delta_learn.surroundings.files import Files

_TAIL = 65_536
"""Bytes read from the end of known_hosts: the newest."""
_DEEPEST = 3
"""Files that include files that include files."""
_MOST_FILES = 16

_KEYWORD = re.compile(r"^[ \t]*(host|include)(?:[ \t]*=[ \t]*|[ \t]+)([^\n#]*)", re.MULTILINE | re.IGNORECASE)
_PATTERN = re.compile(r"[*?!]")
_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?")


def ssh_hosts(files: Files) -> Iterator[str]:
    """Hosts of ~/.ssh/config in its order, then those of known_hosts that are not hashed, newest first."""
    home = os.environ.get("HOME", "")
    if home:
        directory = posixpath.join(home, ".ssh")
        yield from _configured(posixpath.join(directory, "config"), directory, files, _DEEPEST)
        yield from _connected(files.tail(posixpath.join(directory, "known_hosts"), _TAIL))


def _configured(path: str, directory: str, files: Files, deepest: int) -> Iterator[str]:
    for keyword, value in files.parsed(path, _keywords) or ():
        if keyword == "host":
            yield from (name for name in value.replace('"', "").split() if not _PATTERN.search(name))
        elif deepest > 1:
            for included in _included(value, directory, files):
                yield from _configured(included, directory, files, deepest - 1)


def _keywords(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((keyword.lower(), value) for keyword, value in _KEYWORD.findall(text))


def _included(value: str, directory: str, files: Files) -> Iterator[str]:
    """The files that `Include` names: relative to ~/.ssh, with patterns in their last part."""
    for pattern in value.replace('"', "").split()[:_MOST_FILES]:
        path = posixpath.join(directory, posixpath.expanduser(pattern) if pattern.startswith("~/") else pattern)
        parent, last = posixpath.split(path)
        if _PATTERN.search(last):
            names = sorted(name.text for name in files.names(parent))
            yield from (posixpath.join(parent, name) for name in fnmatch.filter(names, last)[:_MOST_FILES])
        else:
            yield path


def _connected(known_hosts: str) -> Iterator[str]:
    for line in reversed(known_hosts.splitlines()):
        fields = line.split(" ", 1)[0]
        if fields[:1] not in ("|", "#", "@", ""):  # hashed, comments, authorities
            for host in fields.split(","):
                port = _PORT.fullmatch(host)
                yield port[1] if port else host
