"""Connection: one shell, or one command that asks; bytes in and out, without ever waiting for it."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from delta_learn.serving.protocol import Decoder, Frame, ProtocolError

_READ_BYTES = 65_536
_MOST_UNSENT = 1 << 20
"""Bytes: whoever does not read its answers is gone, or never meant to."""

FRAME_SECONDS = 5.0
"""A frame that has begun ends within this time, and the first one comes within it."""


class Connection:
    """A non-blocking stream of frames. Times are seconds of a clock that only goes forward."""

    def __init__(self, stream: socket.socket, now: float) -> None:
        stream.setblocking(False)
        self.stream = stream
        self.heard = now
        """When it last said something."""
        self.greeted = False
        """Whether it has said who it is."""
        self.session = ""
        """Of the shell at the other end."""
        self._decoder = Decoder()
        self._unsent = b""
        self._begun: float | None = now
        """When the frame began that is not whole yet."""

    @property
    def wants_to_write(self) -> bool:
        """Whether bytes wait until the other end reads."""
        return bool(self._unsent)

    @property
    def deadline(self) -> float | None:
        """When the other end must have ended the frame that it has begun."""
        return None if self._begun is None else self._begun + FRAME_SECONDS

    def read(self, now: float) -> Iterator[Frame]:
        """The frames that have come.

        Raises:
            EOFError: the other end is gone.
            ProtocolError: what it says is not understood.
        """
        try:
            data = self.stream.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            raise EOFError from error
        if not data:
            raise EOFError
        self.heard = now
        yield from self._decoder.feed(data)
        if not self._decoder.waiting:
            self._begun = None
        elif self._begun is None or b"\n" in data:
            self._begun = now

    def send(self, frame: Frame) -> None:
        """Send, now or when the other end reads.

        Raises:
            EOFError: the other end is gone, or has not read for long.
        """
        self._unsent += frame.encoded()
        self.flush()
        if len(self._unsent) > _MOST_UNSENT:
            raise EOFError

    def flush(self) -> None:
        """Send what waits, as far as the other end takes it.

        Raises:
            EOFError: the other end is gone.
        """
        try:
            while self._unsent:
                self._unsent = self._unsent[self.stream.send(self._unsent) :]
        except BlockingIOError:
            return
        except OSError as error:
            raise EOFError from error

    def greet(self, session: str) -> None:
        """The other end has said who it is.

        Raises:
            ProtocolError: it said so before.
        """
        if self.greeted:
            raise ProtocolError("A second greeting.")
        self.greeted, self.session = True, session
