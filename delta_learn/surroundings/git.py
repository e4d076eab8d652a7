"""Git references and remotes as words, read from the files of a repository; git itself is not started."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from delta_learn.surroundings.files import Files

_LONGEST_FILE = 4096
_REFLOG_TAIL = 65_536
_MOST_REFERENCES = 1_000
_DEEPEST = 5
"""Levels of directories below refs/heads: `a/b/c` has three."""

_SWITCH = re.compile(r"\tcheckout: moving from (\S+) to (\S+)$", re.MULTILINE)
_PACKED = re.compile(r"^[0-9a-f]{40,64} refs/(\S+)$", re.MULTILINE)
_REMOTE = re.compile(r'^\s*\[remote "([^"\\\]]+)"\]', re.MULTILINE)
_BRANCH = "ref: refs/heads/"
_POINTER = "gitdir: "


@dataclass(frozen=True, slots=True)
class Repository:
    """Where git keeps what it knows: a worktree has a directory of its own and one in common with the others."""

    own: str
    common: str


def repository(directory: str, files: Files) -> Repository | None:
    """The repository that holds `directory`; None outside of any."""
    place = posixpath.normpath(directory)
    while True:
        found = _opened(posixpath.join(place, ".git"), place, files) or _bare(place, files)
        above = posixpath.dirname(place)
        if found or above == place:
            return found
        place = above


def branches(git: Repository, files: Files, *, current: bool = True) -> Iterator[str]:
    """Local branches, those checked out last first, then those changed last; without the current one if so wanted."""
    local = _references(git, "heads", files)
    switched = [name for name in _switched(git, files) if name in local]
    head = _head(git, files)
    for name in dict.fromkeys([*switched, *sorted(local, key=lambda name: -local[name])]):
        if current or name != head:
            yield name


def remote_branches(git: Repository, files: Files) -> Iterator[str]:
    """`origin/main` and the like, those changed last first."""
    found = _references(git, "remotes", files)
    return (name for name in sorted(found, key=lambda name: -found[name]) if not name.endswith("/HEAD"))


def tags(git: Repository, files: Files) -> Iterator[str]:
    """Tags, newest first; of packed ones the last by name."""
    found = _references(git, "tags", files)
    return iter(sorted(sorted(found, reverse=True), key=lambda name: -found[name]))


def remotes(git: Repository, files: Files) -> Iterator[str]:
    """Names of remotes, as the repository's own configuration has them."""
    found = files.parsed(posixpath.join(git.common, "config"), _remote_names)
    return iter(found or ())


def _opened(path: str, root: str, files: Files) -> Repository | None:
    """The repository of a directory or file `.git`: a file, in worktrees and submodules, names the directory."""
    try:
        is_file = not files.is_directory(path) and bool(files.status(path))
    except (OSError, ValueError):
        return None
    if is_file:
        pointer = _line(path, files)
        if not pointer.startswith(_POINTER):
            return None
        path = posixpath.join(root, pointer.removeprefix(_POINTER))
    if not _line(posixpath.join(path, "HEAD"), files):
        return None
    common = _line(posixpath.join(path, "commondir"), files)
    return Repository(path, posixpath.normpath(posixpath.join(path, common)) if common else path)


def _bare(place: str, files: Files) -> Repository | None:
    """A repository without a working tree."""
    names = ("refs", "objects")
    if not all(files.is_directory(posixpath.join(place, name)) for name in names):
        return None
    return Repository(place, place) if _line(posixpath.join(place, "HEAD"), files) else None


def _references(git: Repository, kind: str, files: Files) -> dict[str, float]:
    """Names below refs/KIND with the time of their last change, 0 where git packed them; at most _MOST_REFERENCES."""
    found: dict[str, float] = {}
    packed = files.parsed(posixpath.join(git.common, "packed-refs"), _packed_names) or {}
    for name in packed.get(kind, ()):
        found[name] = 0.0
    found.update(_loose(posixpath.join(git.common, "refs", kind), "", files, _DEEPEST))
    return found


def _loose(directory: str, before: str, files: Files, deepest: int) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in files.names(directory) if deepest else ():
        if name.text.startswith(".") or name.text.endswith(".lock"):
            continue
        if name.directory:
            found.update(_loose(posixpath.join(directory, name.text), f"{before}{name.text}/", files, deepest - 1))
        else:
            found[before + name.text] = name.modified
        if len(found) >= _MOST_REFERENCES:
            break
    return found


def _packed_names(text: str) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for found in _PACKED.findall(text):
        kind, _, name = found.partition("/")
        if len(names.setdefault(kind, [])) < _MOST_REFERENCES:
            names[kind].append(name)
    return names


def _remote_names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_REMOTE.findall(text)))


def _switched(git: Repository, files: Files) -> list[str]:
    """Branches by when they were last left or entered, newest first."""
    reflog = files.tail(posixpath.join(git.own, "logs", "HEAD"), _REFLOG_TAIL)
    return list(dict.fromkeys(name for pair in reversed(_SWITCH.findall(reflog)) for name in reversed(pair)))


def _head(git: Repository, files: Files) -> str:
    return _line(posixpath.join(git.own, "HEAD"), files).removeprefix(_BRANCH)


def _line(path: str, files: Files) -> str:
    """The first line of a small file; empty where there is none."""
    return files.parsed(path, _first_line, _LONGEST_FILE) or ""


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0].strip()
