"""The files of the spool: found, read with strict checks, wiped, removed; shells append to them all the while."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from delta_learn.collector.spool import Generation, parse
from delta_learn.errors import StorageError
from delta_learn.storage.atomic import open_private, storage_errors, sync_directory

logger = logging.getLogger(__name__)

_NAME = re.compile(r"(?P<session>[a-z]+-(?P<began>\d{1,17})-(?P<pid>\d{1,10})-\d+)\.(?P<number>\d{1,9})", re.ASCII)
_SCRATCH = re.compile(r"[a-z]+-(?P<began>\d{1,17})-(?P<pid>\d{1,10})-\d+\.text", re.ASCII)
_IDLE_SECONDS = 60
"""So long after its last use no shell is in the middle of reading its scratch file."""
_FORGOTTEN_SECONDS = 7 * 86_400
"""A file that nobody wrote to for so long is finished, whoever it belongs to; its shell would begin another."""
_SAME_PROCESS_SECONDS = 60
"""A process that started later than its session began is another one; less may be a clock that was set."""
_sync_data = getattr(os, "fdatasync", os.fsync)  # macOS has none


@dataclass(frozen=True, slots=True)
class SpoolFile:
    """One generation of one session, by its name."""

    path: Path
    session: str
    began: float
    """When the session began, seconds since the epoch."""
    pid: int
    number: int


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What a file held when it was read."""

    file: SpoolFile
    generation: Generation
    finished: bool
    """No shell writes to it any more."""
    size: int
    inode: int
    unwiped: int
    """Where the first byte stands that no drain has wiped."""


def sessions(directory: Path) -> list[list[SpoolFile]]:
    """The files of each session in the order of their generations; the oldest session first.

    Raises:
        StorageError: the directory cannot be read.
    """
    with storage_errors(directory):
        files = [found for path in directory.iterdir() if (found := _spool_file(path))]
    files.sort(key=lambda file: (file.began, file.session, file.number))
    return [list(group) for _, group in groupby(files, key=lambda file: file.session)]


def _spool_file(path: Path) -> SpoolFile | None:
    name = _NAME.fullmatch(path.name)
    if not name:
        return None
    return SpoolFile(path, name["session"], int(name["began"]) / 1e6, int(name["pid"]), int(name["number"]))


def read_session(files: Sequence[SpoolFile]) -> list[ReadFile]:
    """Read the generations of one session, as listed: all but the newest are finished. Unsafe files are left out."""
    found = []
    for file in files:
        try:
            found.append(_read(file, superseded=file is not files[-1]))
        except StorageError as error:
            logger.warning("passed over in the spool: %s", error)
    return found


def _read(file: SpoolFile, *, superseded: bool) -> ReadFile:
    fd = open_private(file.path)
    with storage_errors(file.path), os.fdopen(fd, "rb") as opened:
        info = os.fstat(fd)
        data = opened.read()
    generation = parse(data)
    untouched = time.time() - info.st_mtime > _FORGOTTEN_SECONDS
    finished = superseded or generation.over or untouched or is_gone(file, generation)
    generation.close(finished=finished)
    taken = data[generation.kept : generation.consumed]
    unwiped = generation.consumed - len(taken.lstrip(b"\0"))
    return ReadFile(file, generation, finished, len(data), info.st_ino, unwiped)


def is_gone(file: SpoolFile, generation: Generation) -> bool:
    """Whether the shell behind `file` has died, as far as this machine can tell: another host's counts as alive."""
    if generation.header and generation.header.host not in ("", os.uname().nodename):
        return False
    return _is_dead(file.pid, file.began)


def _is_dead(pid: int, began: float) -> bool:
    """Whether the process of a session that began then is gone; another may have its pid now."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        return True  # another user's
    started = _process_start(pid)
    return started is not None and started > began + _SAME_PROCESS_SECONDS


def remove_scratch(directory: Path) -> None:
    """Remove the scratch files of bash sessions that are gone; they are blank but for a shell killed in between.

    Raises:
        StorageError: the disk refuses it.
    """
    with storage_errors(directory):
        for path in directory.glob("*.text"):
            name = _SCRATCH.fullmatch(path.name)
            if (
                name
                and time.time() - path.lstat().st_mtime > _IDLE_SECONDS
                and _is_dead(int(name["pid"]), int(name["began"]) / 1e6)
            ):
                path.unlink(missing_ok=True)


def _process_start(pid: int) -> float | None:
    """Seconds since the epoch (proc(5): btime, and field 22 of stat); None without /proc."""
    try:
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
        boot = re.search(r"^btime (\d+)", Path("/proc/stat").read_text(), re.MULTILINE)
    except (OSError, IndexError):
        return None
    return int(boot[1]) + int(ticks) / os.sysconf("SC_CLK_TCK") if boot else None


def clear(directory: Path, files: Iterable[ReadFile]) -> dict[Path, int]:
    """Remove or wipe what was read and is safely in the shards; returns how many bytes each file still holds.

    Raises:
        StorageError: the disk refuses it; what stays is known by its identity the next time.
    """
    left = {}
    removed = False
    for read in files:
        if _may_go(read):
            with storage_errors(read.file.path):
                read.file.path.unlink(missing_ok=True)
            removed = True
        else:
            left[read.file.path] = read.size - read.generation.consumed
            wipe(read)
    if removed:
        with storage_errors(directory):
            sync_directory(directory)
    return left


def _may_go(read: ReadFile) -> bool:
    with storage_errors(read.file.path):
        try:
            size = read.file.path.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            return True
    # A shell that was thought to be dead, or said that it ends, may have gone on.
    return read.finished and size == read.size


def wipe(read: ReadFile) -> None:
    """Overwrite with NULs what was taken out of a file that a shell still appends to: it keeps its length.

    Raises:
        StorageError: the disk refuses it.
    """
    start, end = read.unwiped, read.generation.consumed
    if start >= end:
        return
    # Without O_APPEND, under which pwrite(2) appends on Linux.
    fd = open_private(read.file.path, os.O_RDWR)
    try:
        with storage_errors(read.file.path):
            if os.fstat(fd).st_ino != read.inode:
                return
            while start < end:
                start += os.pwrite(fd, bytes(end - start), start)
            _sync_data(fd)
    finally:
        os.close(fd)


def drop_oldest(directory: Path, limit_bytes: float, left: Mapping[Path, int] | None = None) -> int:
    """Remove the files of the oldest sessions until the spool is within `limit_bytes`; returns how many sessions.

    `left` is how much of each file is not drained; for files that it does not know the whole length counts.

    Raises:
        StorageError: the disk refuses it.
    """
    sizes = {}
    listed = sessions(directory)
    for file in (file for files in listed for file in files):
        with storage_errors(file.path), suppress(FileNotFoundError):
            sizes[file.path] = (left or {}).get(file.path, file.path.stat(follow_symlinks=False).st_size)
    total, dropped = sum(sizes.values()), 0
    for files in listed:
        held = sum(sizes.get(file.path, 0) for file in files)
        if total <= limit_bytes or not held:
            continue
        for file in files:
            with storage_errors(file.path):
                file.path.unlink(missing_ok=True)
        total -= held
        dropped += 1
    if dropped:
        logger.warning("the spool was over %.0f MB: dropped the oldest %d sessions", limit_bytes / 1e6, dropped)
    return dropped
