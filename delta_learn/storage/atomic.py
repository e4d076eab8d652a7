"""Private files: opened with strict checks, replaced so that a crash leaves the old or the new content."""

from __future__ import annotations

import errno
import fcntl
import os
import shlex
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from delta_learn.errors import StorageError, UnsafeFileError

WRITABLE_BY_OTHERS = 0o022
OPEN_TO_OTHERS = 0o077


def private_directory(path: Path) -> Path:
    """Create `path` and its missing parents with mode 0700; check it where it exists. Returns `path`.

    Raises:
        UnsafeFileError: it belongs to another user or others can write in it.
        StorageError: it cannot be created.
    """
    with storage_errors(path):
        missing = [p for p in (path, *path.parents) if not p.exists()]
        for directory in reversed(missing):
            directory.mkdir(mode=0o700, exist_ok=True)
        info = path.stat()
    if not stat.S_ISDIR(info.st_mode):
        raise StorageError(f"{path} is not a directory; move it away and run this again.")
    _refuse_unsafe(path, info, WRITABLE_BY_OTHERS)
    return path


def check_private(path: Path) -> None:
    """Check an existing file as `open_private` does.

    Raises:
        UnsafeFileError: it belongs to another user, others can write it, or it is no plain file.
        StorageError: there is no such file.
    """
    os.close(open_private(path))


def open_private(path: Path, flags: int = os.O_RDONLY, *, forbidden: int = WRITABLE_BY_OTHERS) -> int:
    """Open (with O_CREAT: create, mode 0600) a plain file of this user; returns the descriptor.

    Args:
        path: never followed where it is a symbolic link.
        flags: as for `os.open`.
        forbidden: permission bits that the file must not have.

    Raises:
        UnsafeFileError: it belongs to another user, has forbidden bits, or is no plain file.
        StorageError: it cannot be opened.
    """
    with storage_errors(path):
        # O_NONBLOCK: opening a FIFO in the file's place must not hang; it means nothing for plain files.
        fd = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    try:
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            raise UnsafeFileError(f"{path} is not a plain file; move it away and run this again.")
        _refuse_unsafe(path, info, forbidden)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _refuse_unsafe(path: Path, info: os.stat_result, forbidden: int) -> None:
    user, name = os.geteuid(), shlex.quote(os.fspath(path))
    if info.st_uid != user:
        raise UnsafeFileError(
            f"{path} belongs to user id {info.st_uid}, and this is user id {user}: "
            f"run delta-learn as its owner, or run `chown {user} {name}`."
        )
    if info.st_mode & forbidden:
        mode = stat.S_IMODE(info.st_mode)
        raise UnsafeFileError(f"{path} is open to other users (mode {mode:04o}): run `chmod go-rwx {name}`.")


@contextmanager
def replace_file(path: Path) -> Iterator[BinaryIO]:
    """Write a whole new content for `path`: other processes see the old one or the new one, never a part.

    The content goes to `.NAME.tmp` in the same directory (mode 0600), which is renamed when the `with` ends
    without an exception and removed otherwise. What kill -9 leaves of it is removed by the next write to
    `path`. Writers of the same `path` take turns.

    Raises:
        StorageError: the disk is full, or anything else that the operating system refuses.
    """
    with storage_errors(path):
        with _temporary(path) as (temporary, file):
            yield file
            _commit(file, temporary, path)
        sync_directory(path.parent)


def replace_anywhere(path: Path, content: bytes, prepare: Callable[[Path], None] = lambda _: None) -> None:
    """As `replace_file`, in a directory that may be open to others, such as /tmp; `path` is no link.

    `prepare` is called with the temporary file when all is in it: what it gives that file is there at once.

    Raises:
        StorageError: as `replace_file`.
    """
    with storage_errors(path):
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                prepare(temporary)
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_directory(path.parent)


def create_file(path: Path, content: bytes) -> bool:
    """Create `path` whole, unless it exists; says whether it did. Of several creators one wins.

    Raises:
        StorageError: as `replace_file`.
    """
    with storage_errors(path):
        if path.exists():
            return False
        with _temporary(path) as (temporary, file):
            # Every creator holds the temporary's lock here: none can come between the look and the rename.
            if path.exists():
                temporary.unlink()
                return False
            file.write(content)
            _commit(file, temporary, path)
        sync_directory(path.parent)
    return True


def remove_file(path: Path) -> None:
    """Remove `path` for good, so that a power loss cannot bring it back.

    Raises:
        StorageError: there is no such file, or it cannot be removed.
    """
    with storage_errors(path):
        path.unlink()
        sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make renames and removals in a directory survive a power loss."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn an OSError of the block into a StorageError that names the file and says what to do."""
    try:
        yield
    except OSError as error:
        raise storage_error(path, error) from error


def storage_error(path: Path, error: OSError) -> StorageError:
    """The sentence for what the operating system refused while `path` was read or written."""
    # Only calls on a path set `filename`; it may be another one than ours, when the block opens other files.
    name = path if error.filename is None else error.filename
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError(f"No space left for {path}: nothing was lost; free some space and run it again.")
    if error.errno == errno.EFBIG:
        return StorageError(
            f"{path} would pass this shell's limit on file sizes: nothing was lost; "
            "raise it with `ulimit -f unlimited` and run it again."
        )
    if error.errno == errno.ELOOP:
        return UnsafeFileError(f"{name} is a symbolic link; put the file itself there and run this again.")
    reason = os.strerror(error.errno or 0)
    return StorageError(f"Cannot use {name} ({reason}): check that it is there, its permissions and its disk.")


@contextmanager
def _temporary(path: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """An empty file beside `path`, locked against other writers of `path`; removed on an exception."""
    temporary = private_directory(path.parent) / f".{path.name}.tmp"
    with os.fdopen(_open_locked(temporary), "wb") as file:
        try:
            yield temporary, file
        except BaseException:
            temporary.unlink()
            raise


def _open_locked(temporary: Path) -> int:
    while True:
        fd = open_private(temporary, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            if _is_at(fd, temporary):
                os.ftruncate(fd, 0)
                return fd
        except BaseException:
            os.close(fd)
            raise
        # The writer that we waited for has renamed what we opened: it is now the target itself.
        os.close(fd)


def _is_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat(follow_symlinks=False))
    except FileNotFoundError:
        return False


def _commit(file: BinaryIO, temporary: Path, path: Path) -> None:
    file.flush()
    os.fsync(file.fileno())
    temporary.replace(path)
