"""Client: asks the running server one thing and leaves; for commands, which may wait a moment."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from delta_learn.errors import StorageError
from delta_learn.paths import Paths
from delta_learn.serving.address import is_ours, published
from delta_learn.serving.protocol import Decoder, Frame, ProtocolError, frames
from delta_learn.version import VERSION

DEADLINE_SECONDS = 2.0
"""A server that says nothing for so long is not there: only an answer counts (atuinsh/atuin#4114)."""


def is_alive(paths: Paths) -> bool:
    """Whether the server answers."""
    return _ask(paths, Frame("I", ("1",))) is not None


def ask_why(paths: Paths, session: str = "") -> dict[str, Any] | None:
    """What the server says about the last suggestion to `session`, or to the shell that asked last.

    None where no server answers, nothing at all where it has suggested nothing.
    """
    answer = _ask(paths, Frame("W", ("1", session)))
    try:
        facts = json.loads(answer.fields[1]) if answer else None
    except (ValueError, IndexError):
        return None
    return facts if isinstance(facts, dict) else None


def _ask(paths: Paths, request: Frame) -> Frame | None:
    """The answer to `request`, or None where there is none."""
    try:
        with _connected(paths) as stream:
            stream.sendall(frames(Frame("H", ("", f"delta-learn {VERSION}", str(os.getpid()))), request))
            return next((frame for frame in _received(stream) if frame.kind != "H"), None)
    except (OSError, ProtocolError, StorageError):
        return None


@contextmanager
def _connected(paths: Paths) -> Iterator[socket.socket]:
    place = published(paths)
    if place is None:
        raise FileNotFoundError(paths.address)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        stream.settimeout(DEADLINE_SECONDS)
        stream.connect(os.fspath(place))
        if not is_ours(stream):
            raise PermissionError(place)
        yield stream


def _received(stream: socket.socket) -> Iterator[Frame]:
    decoder = Decoder()
    while data := stream.recv(65_536):
        yield from decoder.feed(data)
