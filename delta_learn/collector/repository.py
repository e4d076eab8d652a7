"""The git repository of a directory and the branch at a moment, read from its files: no process is started."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from delta_learn.entry import CommandEntry

ROOT, BRANCH = "GIT_ROOT", "GIT_BRANCH"
"""Names under which they stand in an entry's environment."""

_HEAD = "ref: refs/heads/"
_POINTER = "gitdir: "
_LONGEST = 4096
"""Bytes of HEAD and of a file `.git`; more is none."""
_TAIL = 65_536
"""Bytes read from the end of a reflog: the switches of the last minutes are there."""
_SWITCH = re.compile(rb"> (\d{1,12}) [+-]\d{4}\tcheckout: moving from (\S+) to \S+$", re.MULTILINE)
_COMMIT = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Repository:
    """A working tree; `switches` are its changes of branch, oldest first: second, branch before."""

    root: str
    head: str
    """The branch now; empty where none is checked out."""
    switches: tuple[tuple[int, str], ...] = ()

    def branch_at(self, moment: float) -> str:
        """The branch before the first switch after `moment` (seconds), as the reflog tells it."""
        following = bisect_right(self.switches, int(moment), key=lambda switch: switch[0])
        return self.switches[following][1] if following < len(self.switches) else self.head


class Repositories:
    """Looks each directory up once; made for one drain, as repositories change."""

    def __init__(self) -> None:
        self._known: dict[str, Repository | None] = {}

    def described(self, entry: CommandEntry) -> CommandEntry:
        """`entry` with its repository and branch in the environment, if its directory is in a repository."""
        found = self.at(entry.directory) if entry.directory else None
        if found is None:
            return entry
        branch = found.branch_at(entry.timestamp) if entry.timestamp is not None else found.head
        facts = {ROOT: found.root} | ({BRANCH: branch} if branch else {})
        return replace(entry, environment={**entry.environment, **facts})

    def at(self, directory: str) -> Repository | None:
        """The repository that holds `directory`, which may be gone by now."""
        if directory not in self._known:
            self._known[directory] = self._look_up(directory)
        return self._known[directory]

    def _look_up(self, directory: str) -> Repository | None:
        if not directory.startswith("/"):
            return None
        found = _read(directory)
        parent = directory.rstrip("/").rpartition("/")[0] or "/"
        return found if found or directory == "/" else self.at(parent)


def _read(root: str) -> Repository | None:
    git = Path(root, ".git")
    try:
        if git.is_file():  # a worktree or a submodule: a file that names the directory
            pointer = _start(git)
            git = Path(root, pointer.removeprefix(_POINTER)) if pointer.startswith(_POINTER) else git
        head = _start(git / "HEAD")
    except (OSError, ValueError):  # ValueError: a NUL in a path
        return None
    if not head:
        return None
    branch = head.removeprefix(_HEAD) if head.startswith(_HEAD) else ""
    return Repository(root, branch, tuple(_switches(git / "logs" / "HEAD")))


def _start(path: Path) -> str:
    with path.open("rb") as file:
        line = file.read(_LONGEST).split(b"\n")[0]
    return line.decode("utf-8", "surrogateescape").strip()


def _switches(reflog: Path) -> Iterator[tuple[int, str]]:
    """Seconds and the branches before; a commit that was checked out instead of a branch is none."""
    try:
        with reflog.open("rb") as file:
            file.seek(max(0, reflog.stat().st_size - _TAIL))
            tail = file.read()
    except OSError:
        return  # bare of a reflog, as core.logAllRefUpdates may say
    for second, before in _SWITCH.findall(tail):
        yield int(second), "" if _COMMIT.fullmatch(before) else before.decode("utf-8", "surrogateescape")
