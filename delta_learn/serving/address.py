"""Where the server listens: one file says it, and clients only read that file.

A client that worked the path out of its own environment would look elsewhere than the server
(atuinsh/atuin#3382): XDG_RUNTIME_DIR and TMPDIR differ between a terminal, a unit and a login over ssh.
"""

from __future__ import annotations

import os
import socket
import struct
import tempfile
from contextlib import suppress
from pathlib import Path

from delta_learn.errors import StorageError
from delta_learn.paths import Paths
from delta_learn.storage.atomic import open_private, private_directory, replace_file, storage_errors

_NAME = "delta.sock"
_LONGEST = 100
"""Bytes of a path; sockaddr_un holds 108 (104 on macOS) with its NUL."""

_BACKLOG = 64
_CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid


def listen() -> socket.socket:
    """A socket that is listening, in a private directory, with its address not published yet.

    Raises:
        StorageError: no place for a socket can be made.
    """
    path = _private_place() / _NAME
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with storage_errors(path):
        listening.bind(os.fspath(path))
        listening.listen(_BACKLOG)
    listening.setblocking(False)
    return listening


def publish(paths: Paths, address: str) -> None:
    """Write the path of the socket to the one file that clients read.

    Raises:
        StorageError: it cannot be written.
    """
    private_directory(paths.address.parent)
    with replace_file(paths.address) as file:
        file.write(f"{address}\n".encode("utf-8", "surrogateescape"))


def withdraw(paths: Paths, address: str) -> None:
    """Remove the socket and its directory, and the address where it is published, unless another took its place."""
    path = Path(address)
    with suppress(OSError, StorageError):
        if published(paths) == path:
            paths.address.unlink()
    with suppress(OSError):
        path.unlink()
        path.parent.rmdir()


def published(paths: Paths) -> Path | None:
    """Where the server says that it listens; None where none has said so.

    Raises:
        StorageError: the file belongs to somebody else.
    """
    if not paths.address.exists():
        return None
    with (
        storage_errors(paths.address),
        os.fdopen(open_private(paths.address), encoding="utf-8", errors="surrogateescape") as file,
    ):
        path = file.readline().rstrip("\n")
    return Path(path) if path.startswith("/") else None


def is_ours(connection: socket.socket) -> bool:
    """Whether the process at the other end is this user's, as the kernel says (SO_PEERCRED, unix(7)).

    Where the kernel does not say, the mode of the socket's directory is all that keeps others out.
    """
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return True
    uid: int
    _, uid, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size))
    return uid == os.geteuid()


def _private_place() -> Path:
    """A new directory of mode 0700, in the user's runtime directory or else where temporary files are."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    for parent in (runtime, tempfile.gettempdir(), "/tmp"):  # noqa: S108 (mkdtemp makes it private)
        if parent and len(os.fsencode(parent)) + len("/delta-12345678/") + len(_NAME) <= _LONGEST:
            with suppress(OSError):
                return Path(tempfile.mkdtemp(prefix="delta-", dir=parent))
    raise StorageError("There is no place for a socket: neither XDG_RUNTIME_DIR nor a temporary directory can be used.")
