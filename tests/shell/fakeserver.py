"""A server for the prompt that says what a test tells it to, when the test tells it to."""

from __future__ import annotations

import os
import select
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from delta_learn.serving.protocol import Decoder, Frame, ProtocolError, answer, frames

DEADLINE = 20.0
"""Seconds in which a shell must have said something."""
MODEL = "model-7"

Row = tuple[str, str]
"""Text and marks of a suggestion."""


def publish(state: Path, path: Path) -> None:
    """Say where the server listens, as it does itself."""
    (state / "run").mkdir(exist_ok=True, mode=0o700)
    (state / "run" / "address").write_text(f"{path}\n")


ALPHA = "echo alpha"
"""What most tests have suggested."""


class FakeServer:
    """Answers P and N with `answers[""]`, Q with those of its line; keeps what it was asked.

    Where it `knows_beginnings`, a line without answers gets those of `answers[""]` that go on from it. `delay`: seconds
    that an answer takes. `wedged`: it reads, and keeps its answers back until `release`. `stop` and `resume`: as with
    SIGSTOP and SIGCONT, the kernel still lets shells connect and write. `kill`: as with SIGKILL, the socket's file
    stays.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answers: dict[str, list[Row]] = {}
        self.reply: Callable[[Frame], bytes] = self.answer
        self.asked: list[Frame] = []
        self.connected = 0
        self.most_unanswered = 0
        """The largest number of requests that waited in one connection at once."""
        self.knows_beginnings = True
        self.wedged = False
        self.delay = 0.0
        self._held: list[tuple[socket.socket, Frame]] = []
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None
        self._listening = self._listen()
        self.resume()

    def answer(self, frame: Frame) -> bytes:
        """What a server of this version says."""
        if frame.kind == "H":
            return frames(Frame("H", ("0.1", MODEL)))
        if frame.kind not in "PQN":
            return b""
        line = frame.fields[2] if frame.kind == "Q" else ""
        rows = self.answers.get(line)
        if rows is None:
            rows = [row for row in self.answers.get("", []) if row[0].startswith(line) and row[0] != line]
            rows *= self.knows_beginnings
        return frames(answer(frame.fields[0], [(text, marks, 0.5, "history") for text, marks in rows]))

    def of(self, kind: str) -> list[Frame]:
        """What of this kind was asked so far."""
        return [frame for frame in list(self.asked) if frame.kind == kind]

    def buffers(self) -> list[str]:
        """The lines that were asked about."""
        return [frame.fields[2] for frame in self.of("Q")]

    def wait_for(self, kind: str, count: int = 1) -> list[Frame]:
        """Wait until so many frames of this kind have come, and are answered unless it is wedged."""
        with self._news:
            if not self._news.wait_for(lambda: len(self.of(kind)) >= count, DEADLINE):
                raise AssertionError(f"{count} of {kind} do not come, only {self.asked}")
        return self.of(kind)

    def release(self) -> None:
        """Give the answers that were kept back; further ones come at once."""
        with self._news:
            self.wedged = False
            held, self._held = self._held, []
            for stream, frame in held:
                self._count(stream, frame)
                self._send(stream, self.reply(frame))

    def say(self, data: bytes | Iterable[bytes]) -> None:
        """Say something that nobody has asked for, to every connection."""
        with self._news:
            for stream in list(self._connections):
                self._send(stream, data if isinstance(data, bytes) else b"".join(data))

    def stop(self) -> None:
        if self._thread is not None:
            self._bell.send(b"\0")
            self._thread.join()
            self._thread = None

    def resume(self) -> None:
        self._ringing, self._bell = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def kill(self) -> None:
        self.stop()
        for stream in self._connections:
            stream.close()
        self._connections.clear()
        self._held.clear()
        self._listening.close()

    def start_again(self) -> None:
        """Another process in its place, at the same path."""
        self.path.unlink(missing_ok=True)
        self._listening = self._listen()
        self.resume()

    def _listen(self) -> socket.socket:
        self._connections: dict[socket.socket, Decoder] = {}
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(os.fspath(self.path))
        listening.listen(64)
        return listening

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector, self._ringing, self._bell:
            for stream in (self._listening, self._ringing, *self._connections):
                selector.register(stream, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    stream = key.fileobj
                    assert isinstance(stream, socket.socket)
                    if stream is self._ringing:
                        return
                    if stream is self._listening:
                        connection, _ = stream.accept()
                        self._connections[connection] = Decoder()
                        self.connected += 1
                        selector.register(connection, selectors.EVENT_READ)
                    elif not self._hear(stream):
                        selector.unregister(stream)
                        self._drop(stream)

    def _hear(self, stream: socket.socket) -> bool:
        try:
            data = stream.recv(65_536)
            heard = list(self._connections[stream].feed(data))
        except (ConnectionError, ProtocolError):
            return False
        with self._news:
            for frame in heard:
                if self.wedged:
                    self._held.append((stream, frame))
                else:
                    time.sleep(self.delay)
                    self._count(stream, frame)
                    self._send(stream, self.reply(frame))
                self.asked.append(frame)
            self._news.notify_all()
        return bool(data)

    def _count(self, stream: socket.socket, frame: Frame) -> None:
        """Another request that has come before this one is answered is one too many."""
        if frame.kind in "PQN":
            with suppress(ConnectionError):
                more = bool(select.select([stream], [], [], 0)[0] and stream.recv(1, socket.MSG_PEEK))
                self.most_unanswered = max(self.most_unanswered, 1 + more)

    def _drop(self, stream: socket.socket) -> None:
        with self._news:
            del self._connections[stream]
            self._held = [each for each in self._held if each[0] is not stream]
            stream.close()

    @staticmethod
    def _send(stream: socket.socket, data: bytes) -> None:
        with suppress(ConnectionError):  # the shell may have hung up meanwhile
            stream.sendall(data)
