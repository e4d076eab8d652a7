"""Files: what a directory holds and what a small file says, read with caps and remembered while nothing changes."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar

from delta_learn.surroundings.deadline import Deadline
from delta_learn.surroundings.worker import Worker

T = TypeVar("T")

MOST_NAMES = 2_000
"""Of a larger directory only so many names are read, in the order in which the file system gives them."""
LISTING_SECONDS = 0.2
"""A listing that takes longer ends with the names that it has."""
MOST_BYTES = 1 << 20
"""Of a file."""

_REMEMBERED = 256
"""Directories and files."""
_RACY_NS = 50_000_000
"""A directory that changed so shortly before it was read may have changed again in the same tick of its clock."""
_FRESH_SECONDS = 30.0
"""Writing to a file does not change its directory, but which file is the newest."""


class Name(NamedTuple):
    """A name in a directory."""

    text: str
    directory: bool
    executable: bool
    modified: float
    """Seconds since the epoch."""


Scan = Callable[[str], "os._ScandirIterator[str]"]


@dataclass(frozen=True, slots=True)
class _Known:
    stamp: tuple[int, ...]
    read_at: float
    value: Any


class Files:
    """Everything that touches the file system goes through one of these; its methods but `bounded` may block."""

    def __init__(self, scan: Scan = os.scandir, clock: Callable[[], float] = time.monotonic) -> None:
        """`scan` lists a directory; `clock` counts seconds."""
        self._scan = scan
        self._clock = clock
        self._worker = Worker(clock)
        self._known: dict[object, _Known] = {}

    def bounded(self, work: Callable[[], T], otherwise: T, deadline: Deadline) -> T:
        """`work()`, which may call the other methods, or `otherwise` when it takes longer than the deadline."""
        return self._worker.run(work, otherwise, deadline)

    def names(self, directory: str) -> tuple[Name, ...]:
        """The names in a directory that can be shown as they are, newest first; none where it cannot be read.

        A name with control characters, or that is not UTF-8, is left out: it could forge what the terminal shows.
        """
        try:
            self._worker.enter(directory)
            about = os.stat(directory)  # noqa: PTH116
            stamp = (about.st_dev, about.st_ino, about.st_mtime_ns)
            known = self._recall(directory, stamp)
            if known is None or self._clock() - known.read_at > _FRESH_SECONDS:
                racy = time.time_ns() - about.st_mtime_ns < _RACY_NS
                known = self._remember(directory, () if racy else stamp, self._listed(directory))
        except (OSError, ValueError):  # ValueError: a NUL in a path
            return ()
        names: tuple[Name, ...] = known.value
        return names

    def parsed(self, path: str, parse: Callable[[str], T], limit: int = MOST_BYTES) -> T | None:
        """`parse(text)` of a regular file; None where it cannot be read, is larger than `limit` bytes or binary."""
        try:
            about = self.status(path)
            if not stat.S_ISREG(about.st_mode) or about.st_size > limit:
                return None
            stamp = (about.st_dev, about.st_ino, about.st_mtime_ns, about.st_size)
            known = self._recall((path, parse), stamp)
            if known is None:
                data = _read(path, limit)
                known = self._remember((path, parse), stamp, None if data is None else parse(data))
        except (OSError, ValueError):
            return None
        value: T | None = known.value
        return value

    def tail(self, path: str, size: int) -> str:
        """The last `size` bytes of a regular file, as text; nothing where it cannot be read."""
        try:
            if not stat.S_ISREG(self.status(path).st_mode):
                return ""
            return _read(path, size, from_end=True) or ""
        except (OSError, ValueError):
            return ""

    def status(self, path: str, *, follow: bool = True) -> os.stat_result:
        """stat(2), or lstat(2).

        Raises:
            OSError, ValueError: as os.stat does, and SlowPlaceError.
        """
        self._worker.enter(path)
        return os.stat(path, follow_symlinks=follow)  # noqa: PTH116

    def is_directory(self, path: str) -> bool:
        """Whether `path` leads to a directory; False where nobody can tell."""
        try:
            return stat.S_ISDIR(self.status(path).st_mode)
        except (OSError, ValueError):
            return False

    def _recall(self, key: object, stamp: tuple[int, ...]) -> _Known | None:
        known = self._known.pop(key, None)
        if known is None or known.stamp != stamp:
            return None
        self._known[key] = known  # the last one is the one used last
        return known

    def _remember(self, key: object, stamp: tuple[int, ...], value: object) -> _Known:
        known = self._known[key] = _Known(stamp, self._clock(), value)
        if len(self._known) > _REMEMBERED:
            self._known.pop(next(iter(self._known)), None)
        return known

    def _listed(self, directory: str) -> tuple[Name, ...]:
        end = self._clock() + LISTING_SECONDS
        found: list[Name] = []
        with self._scan(directory) as entries:
            for number, entry in enumerate(entries, start=1):
                found.extend(self._described(entry))
                if number == MOST_NAMES or (not number % 64 and self._clock() > end):
                    break
        return tuple(sorted(found, key=lambda name: -name.modified))

    def _described(self, entry: os.DirEntry[str]) -> Iterator[Name]:
        if not entry.name.isprintable():
            return
        try:
            self._worker.enter(entry.path)  # a mount or a link may hang though its directory does not
            about = entry.stat(follow_symlinks=False)
            if stat.S_ISLNK(about.st_mode):
                about = entry.stat()
        except OSError:  # it hangs, or is a link to nothing or to itself: a name all the same
            directory = entry.is_dir(follow_symlinks=False)  # as the listing says
            yield Name(entry.name, directory, executable=False, modified=0.0)
            return
        directory = stat.S_ISDIR(about.st_mode)
        executable = not directory and bool(about.st_mode & 0o111)
        yield Name(entry.name, directory, executable, about.st_mtime)


_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
"""A pipe that took the file's place after it was looked at must not block."""


def _read(path: str, size: int, *, from_end: bool = False) -> str | None:
    with open(os.open(path, _FLAGS), "rb") as file:  # noqa: PTH123
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            return None
        if from_end:
            file.seek(max(0, about.st_size - size))
        data = file.read(size)
    return None if b"\0" in data else data.decode("utf-8", "surrogateescape")


@cache
def shared_files() -> Files:
    """The one of this process: what was read for one shell helps all."""
    return Files()
