"""Server: one thread, one loop; connections in, answers out, and what has time is done when nobody waits."""

from __future__ import annotations

import logging
import selectors
import socket
import time
from collections.abc import Callable
from contextlib import suppress

from delta_learn.errors import DeltaError
from delta_learn.serving.address import is_ours
from delta_learn.serving.connection import FRAME_SECONDS, Connection
from delta_learn.serving.protocol import Frame, ProtocolError
from delta_learn.serving.service import Service

logger = logging.getLogger(__name__)

MAX_CONNECTIONS = 256
"""More shells than anybody has; the one that was silent longest makes room."""

_PREDICTIONS = ("P", "Q")

_QUIET_SECONDS = 1.0
"""So long after the last request nobody is typing: time for what takes longer."""

_LOOK_SECONDS = 600.0
"""Nobody asks a server whose files were removed; so often it looks by itself."""


class Server:
    """Answers until it is told to stop, or nobody has said anything for `idle_seconds`."""

    def __init__(
        self,
        listening: socket.socket,
        service: Service,
        idle_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take over `listening`; `clock` gives seconds and only goes forward."""
        self._service = service
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._connections: dict[socket.socket, Connection] = {}
        self._listening = listening
        self._heard = clock() - _QUIET_SECONDS
        self._stopping = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(listening, selectors.EVENT_READ)
        self._ringing, self._bell = socket.socketpair()
        for end in (self._ringing, self._bell):
            end.setblocking(False)
        self._selector.register(self._ringing, selectors.EVENT_READ)

    def stop(self) -> None:
        """Leave at the next opportunity. May be called from a signal handler or another thread."""
        self._stopping = True
        self.wake()

    def wake(self) -> None:
        """Look whether there is something to do. May be called from a signal handler or another thread."""
        with suppress(OSError):
            self._bell.send(b"\0")

    def run(self) -> None:
        """Serve until `stop`, or until the idle time is over; what was learned is saved then."""
        try:
            while not (self._stopping or self._is_idle() or self._service.outdated):
                ready = self._selector.select(self._patience())
                for key, events in ready:
                    self._handle(key.fileobj, events)  # type: ignore[arg-type]
                if not ready and self._service.unprepared:  # nobody waits for an answer
                    self._service.prepare()
                self._expire()
                self._service.chores.work(self._clock(), self._quiet_from, self.wake)
        finally:
            self._close()

    def _is_idle(self) -> bool:
        return self._clock() - self._heard >= self._idle_seconds

    @property
    def _quiet_from(self) -> float:
        return self._heard + _QUIET_SECONDS

    def _patience(self) -> float:
        """Seconds until something is to be done even if nobody says anything."""
        now = self._clock()
        due = [self._heard + self._idle_seconds, now + _LOOK_SECONDS]
        due += [each.deadline for each in self._connections.values() if each.deadline is not None]
        if self._service.unprepared:
            return 0.0
        chore = self._service.chores.next_due(self._quiet_from)
        if chore is not None:
            due.append(chore)
        return max(0.0, min(due) - now)

    def _handle(self, stream: socket.socket, events: int) -> None:
        if stream is self._listening:
            self._accept()
        elif stream is self._ringing:
            with suppress(BlockingIOError):
                self._ringing.recv(4096)
        elif stream in self._connections:
            self._serve(self._connections[stream], events)

    def _accept(self) -> None:
        try:
            stream, _ = self._listening.accept()
        except OSError as error:  # gone again, or no descriptors are left
            logger.info("a connection could not be accepted: %s", error)
            self._make_room()
            return
        if not is_ours(stream):
            logger.warning("another user tried to connect")
            stream.close()
            return
        if len(self._connections) >= MAX_CONNECTIONS:
            self._make_room()
        self._connections[stream] = Connection(stream, self._clock())
        self._selector.register(stream, selectors.EVENT_READ)

    def _make_room(self) -> None:
        if self._connections:
            self._drop(min(self._connections.values(), key=lambda each: each.heard))

    def _serve(self, connection: Connection, events: int) -> None:
        try:
            if events & selectors.EVENT_WRITE:
                connection.flush()
            if events & selectors.EVENT_READ:
                for frame in _wanted(list(connection.read(self._clock()))):
                    self._heard = connection.heard
                    self._answer(connection, frame)
            self._watch(connection)
        except ProtocolError as error:
            logger.info("a connection is closed: %s", error)
            self._drop(connection)
        except EOFError:
            self._drop(connection)

    def _answer(self, connection: Connection, frame: Frame) -> None:
        if frame.kind == "H":
            if len(frame.fields) != 3:
                raise ProtocolError("A greeting of another form.")
            connection.greet(frame.fields[0])
        elif not connection.greeted:
            raise ProtocolError("A request before the greeting.")
        try:
            answer = self._service.answer(connection.session, frame)
        except DeltaError as error:
            logger.warning("a request could not be answered: %s", error)
            answer = self._service.nothing(frame)
        if answer is not None:
            connection.send(answer)

    def _watch(self, connection: Connection) -> None:
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.wants_to_write else 0)
        self._selector.modify(connection.stream, events)

    def _expire(self) -> None:
        now = self._clock()
        for connection in list(self._connections.values()):
            if connection.deadline is not None and now >= connection.deadline:
                logger.info("a connection is closed: it said nothing whole within %.0f seconds", FRAME_SECONDS)
                self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        self._selector.unregister(connection.stream)
        del self._connections[connection.stream]
        connection.stream.close()

    def _close(self) -> None:
        for connection in list(self._connections.values()):
            self._drop(connection)
        self._selector.close()
        for stream in (self._listening, self._ringing, self._bell):
            stream.close()
        self._service.close()


def _wanted(frames: list[Frame]) -> list[Frame]:
    """Without the lines that were asked about while nobody answered, and typed on since."""
    last = max((place for place, frame in enumerate(frames) if frame.kind in _PREDICTIONS), default=-1)
    return [frame for place, frame in enumerate(frames) if frame.kind != "Q" or place == last]
