"""Server: whatever comes over the socket, the next good request is answered."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delta_learn.collector.store import Store
from delta_learn.serving import address
from delta_learn.serving import server as module
from delta_learn.serving.address import listen
from delta_learn.serving.protocol import MAX_FRAME_BYTES, Decoder, Frame, frames
from delta_learn.serving.server import MAX_CONNECTIONS, Server
from delta_learn.serving.service import Service
from tests.serving.conftest import work

pytestmark = pytest.mark.usefixtures("no_documentation")

HELLO = Frame("H", ("zsh-1-2-3", "zsh 5.9", "42"))


class Client:
    """One connection; it waits for each answer, as long as the test's own limit lets it."""

    def __init__(self, path: str) -> None:
        self.stream = socket.socket(socket.AF_UNIX)
        self.stream.settimeout(20)
        self.stream.connect(path)
        self._decoder = Decoder()
        self._received: list[Frame] = []

    def ask(self, *sent: Frame) -> Frame:
        self.stream.sendall(frames(*sent))
        return self.next()

    def next(self) -> Frame:
        while not self._received:
            data = self.stream.recv(65_536)
            if not data:
                raise EOFError
            self._received += self._decoder.feed(data)
        return self._received.pop(0)

    def is_closed(self) -> bool:
        with suppress(ConnectionResetError, BrokenPipeError):
            return self.stream.recv(1) == b""
        return True


@pytest.fixture
def running(store: Store) -> Iterator[str]:
    """The path of the socket of a server in a thread."""
    store.record(work(30))
    listening = listen()
    path = Path(listening.getsockname())
    server = Server(listening, Service(store), idle_seconds=3600)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield str(path)
    server.stop()
    thread.join(20)
    assert not thread.is_alive()
    path.unlink()
    path.parent.rmdir()


def answers(path: str) -> bool:
    client = Client(path)
    with client.stream:
        assert client.ask(HELLO).kind == "H"
        return client.ask(Frame("I", ("5",))) == Frame("I", ("5",))


def test_it_answers_each_request(running: str) -> None:
    client = Client(running)
    with client.stream:
        client.ask(HELLO)
        found: list[str] = []
        number = 0
        while not found:  # it is still reading in
            number += 1
            answer = client.ask(Frame("P", (str(number), "/srv")))
            assert answer.fields[0] == str(number)
            found = list(answer.fields[2::4])
        assert found[0] == "npm ci"


def test_of_lines_typed_on_since_only_the_last_is_answered(running: str) -> None:
    client = Client(running)
    with client.stream:
        client.ask(HELLO)
        typed = [Frame("Q", (str(n), "/srv", "git"[:n])) for n in (1, 2, 3)]
        assert client.ask(*typed).fields[0] == "3"


BYTES = st.binary(max_size=200) | st.sampled_from(
    [
        b"",
        b"\n",
        b"\x1e1Q1\0/srv\0ls\n",
        b"\x1e2Hs\0zsh\0001\n",
        b"\x1e1H\n",
        HELLO.encoded() + HELLO.encoded(),
        HELLO.encoded() + b"\x1e1Q",
        HELLO.encoded() + b"\x1e1Q1\0/\0\x1ex\n",
        HELLO.encoded() + frames(Frame("W", ("1", "\0")), Frame("N", ("1", ""))),
        HELLO.encoded() + frames(Frame("P", ("x" * 9000, "/dev/null/\udcff"))),
        HELLO.encoded() + frames(Frame("Q", ("1", "relative", "\x1b]0;title\x07" * 90))),
        b"\x1e1Q" + b"x" * (MAX_FRAME_BYTES + 9),
        b"x" * 200_000,
    ]
)


@settings(max_examples=1000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BYTES, st.booleans())
def test_a_thousand_hostile_clients_do_no_harm(running: str, data: bytes, hang_up: bool) -> None:
    hostile = Client(running)
    with hostile.stream:
        with suppress(ConnectionResetError, BrokenPipeError):
            hostile.stream.sendall(data)
            if hang_up:
                hostile.stream.shutdown(socket.SHUT_WR)
        assert answers(running)


def test_who_speaks_before_the_greeting_is_sent_away(running: str) -> None:
    client = Client(running)
    with client.stream:
        client.stream.sendall(frames(Frame("I", ("1",))))
        assert client.is_closed()
    assert answers(running)


def test_another_version_is_sent_away(running: str) -> None:
    client = Client(running)
    with client.stream:
        client.stream.sendall(HELLO.encoded().replace(b"\x1e1", b"\x1e2", 1))
        assert client.is_closed()


def test_another_user_is_sent_away(running: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address.os, "geteuid", lambda: os.getuid() + 1)
    client = Client(running)
    with client.stream:
        assert client.is_closed()


def test_a_frame_must_end_in_time(store: Store) -> None:
    clock = Clock()
    client, server = connected(store, clock)
    client.stream.sendall(b"\x1e1Hs\0zsh")
    with client.stream:
        clock.now += module.FRAME_SECONDS - 0.1
        assert server.turn() == 1
        clock.now += 0.2
        assert server.turn() == 0
        assert client.is_closed()
    server.server.stop()
    server.server.run()


def test_who_never_reads_is_given_up(running: str) -> None:
    client = Client(running)
    with client.stream:
        client.ask(HELLO)
        with suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(3000):
                client.stream.sendall(frames(Frame("I", ("1" * 2000,))))
    assert answers(running)


def test_the_most_silent_shell_makes_room(running: str) -> None:
    clients = []
    for _ in range(MAX_CONNECTIONS + 1):
        clients.append(Client(running))
        clients[-1].ask(HELLO)
    assert clients[0].is_closed()
    for client in clients:
        client.stream.close()
    assert answers(running)


def test_nobody_there_for_long_it_leaves(store: Store) -> None:
    clock = Clock()
    client, server = connected(store, clock)
    with client.stream:
        client.stream.sendall(HELLO.encoded())
        clock.now += 3599
        assert server.turn() == 1
        clock.now += 3599
        assert server.turn() == 1, "the greeting was heard"
        clock.now += 1
        server.server.run()
        assert client.next().kind == "H"
        assert client.is_closed()


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Turns:
    """A server whose loop is turned by hand."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def turn(self) -> int:
        """Handle what has come; returns how many connections there are."""
        for key, events in self.server._selector.select(0):
            self.server._handle(key.fileobj, events)  # type: ignore[arg-type]
        self.server._expire()
        return len(self.server._connections)


def connected(store: Store, clock: Clock) -> tuple[Client, Turns]:
    store.record(work(30))
    listening = listen()
    path = Path(listening.getsockname())
    server = Server(listening, Service(store), 3600, clock)
    client = Client(str(path))
    turns = Turns(server)
    while not turns.turn():
        pass
    path.unlink()
    path.parent.rmdir()
    return client, turns
