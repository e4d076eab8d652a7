"""serving/ask.py: one question, as bash asks it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from delta_learn.serving import ask
from delta_learn.serving.protocol import MAX_FRAME_BYTES, Decoder, Frame, answer, frames

HELLO = Frame("H", ("0.1", "model-7"))
EMPTY = answer("1", [])
SUGGESTIONS = [("git status", "s", 0.5, "history"), ("git diff", "", 0.25, "ngram")]

Server = Callable[..., list[Frame]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Server]:
    """Listens, answers the first connection with the given bytes, piece by piece, and keeps what it was asked."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(os.fspath(tmp_path / "socket"))
    listening.listen()
    (tmp_path / "address").write_text(f"{tmp_path / 'socket'}\n")
    threads: list[threading.Thread] = []

    def start(*pieces: bytes, hang_up: bool = False) -> list[Frame]:
        asked: list[Frame] = []

        def run() -> None:
            decoder = Decoder()
            connection, _ = listening.accept()
            with connection, suppress(ConnectionError):
                while len(asked) < 3:
                    asked.extend(decoder.feed(connection.recv(65_536)))
                for piece in pieces:
                    connection.sendall(piece)
                while not hang_up and connection.recv(1):
                    pass

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return asked

    yield start
    for thread in threads:
        thread.join()
    listening.close()


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Callable[..., tuple[int, list[str]]]:
    def run(kind: str = "Q", line: bytes = b"git ", directory: bytes = b"/tmp") -> tuple[int, list[str]]:
        arguments = [kind, os.fspath(tmp_path / "address"), "bash-1", "bash 5.2", "42"]
        monkeypatch.setattr(sys, "argv", ["ask.py", *arguments])
        monkeypatch.setitem(os.environb, b"DELTA_LINE", line)
        monkeypatch.setitem(os.environb, b"DELTA_DIRECTORY", directory)
        status = ask.main()
        sys.stdout.flush()
        return status, os.fsdecode(capfdbinary.readouterr().out).split("\x1f")

    return run


def test_a_question_and_its_answer(serve, run):
    asked = serve(frames(HELLO, EMPTY, answer("2", SUGGESTIONS)))
    status, printed = run()
    assert status == ask.ANSWERED
    assert printed == ["model-7", "git status", "s", "0.500", "history", "git diff", "-", "0.250", "ngram"]
    assert asked == [
        Frame("H", ("bash-1", "bash 5.2", "42")),
        Frame("P", ("1", "/tmp")),
        Frame("Q", ("2", "/tmp", "git ")),
    ]


def test_never_again(serve, run):
    asked = serve(frames(HELLO, EMPTY, answer("2", [])))
    assert run("N", b"git push --force") == (ask.ANSWERED, ["model-7"])
    assert asked[-1] == Frame("N", ("2", "git push --force"))


def test_any_bytes_are_asked_as_they_are(serve, run):
    line, directory = b"echo \x1e\x1en\n\xff\xc3\xa4", b"/\xfe\n"
    asked = serve(frames(HELLO, answer("2", [("echo \udcff", "", 1, "copy")])))
    status, printed = run(line=line, directory=directory)
    assert (status, printed[1]) == (ask.ANSWERED, "echo \udcff")
    assert asked[-1].fields == ("2", os.fsdecode(directory), os.fsdecode(line))


def test_control_bytes_are_left_out(serve, run):
    serve(frames(Frame("H", ("0.1", "")), answer("2", [("a\x1b[31m\x1fb\x07\x9b\x7f\nc", "s", 1, "")])))
    assert run() == (ask.ANSWERED, ["-", "a[31mbc", "s", "1.000", "-"])


def test_an_answer_in_pieces(serve, run):
    data = frames(HELLO, EMPTY, Frame("J", ("2", "{}")), answer("2", SUGGESTIONS))
    serve(*(data[i : i + 1] for i in range(len(data))))
    status, printed = run()
    assert (status, printed[1]) == (ask.ANSWERED, "git status")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 400 Bad Request\n",
        b"\x1e2H0.1\0\n",
        b"\x1e1A2\0many\n",
        b"\x1e1A",
        b"\x1e1H\n\x1e1A\n",
        b"\x1e1A2" + b"x" * 2 * MAX_FRAME_BYTES,
        frames(HELLO, answer("1", SUGGESTIONS)),
    ],
    ids=["nothing", "other words", "version", "number", "torn", "empty", "huge", "another answer"],
)
@pytest.mark.parametrize("hang_up", [True, False])
def test_without_an_answer_nothing_is_printed(serve, run, monkeypatch, data, hang_up):
    monkeypatch.setattr(ask, "SECONDS", 0.25 if hang_up else 0.05)
    serve(data, hang_up=hang_up)
    assert run() == (ask.UNANSWERED, [""])


def test_a_server_that_does_not_accept(run, tmp_path):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.fspath(tmp_path / "full"))
        listening.listen(0)
        (tmp_path / "address").write_text(f"{tmp_path / 'full'}\n")
        waiting = []
        for _ in range(3):  # until its backlog is full
            waiting.append(socket.socket(socket.AF_UNIX))
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(os.fspath(tmp_path / "full"))
        assert run() == (ask.UNANSWERED, [""])
        for client in waiting:
            client.close()


@pytest.mark.parametrize("address", [None, "", "/nowhere/socket\n", "{}/left\n"])
def test_there_is_no_server(run, tmp_path, address):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(os.fspath(tmp_path / "left"))
    if address is not None:
        (tmp_path / "address").write_text(address.format(tmp_path))
    assert run() == (ask.NO_SERVER, [""])


@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="the kernel does not say whose a socket is")
def test_a_server_of_another_user_is_told_nothing(run, tmp_path, monkeypatch):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.fspath(tmp_path / "socket"))
        listening.listen()
        (tmp_path / "address").write_text(f"{tmp_path / 'socket'}\n")
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
        assert run() == (ask.NO_SERVER, [""])
        connection, _ = listening.accept()
        with connection:
            connection.settimeout(1)
            try:
                assert connection.recv(1) == b""
            except TimeoutError:
                pytest.fail("the connection was left open")


def test_it_is_a_file_that_imports_hardly_anything(serve, tmp_path):
    serve(frames(HELLO, answer("2", SUGGESTIONS)))
    done = subprocess.run(
        [
            sys.executable,
            *["-E", "-S", "-P", "-s", "-X", "importtime"],
            ask.__file__,
            "Q",
            tmp_path / "address",
            "bash-1",
            "",
            "42",
        ],
        env={"DELTA_LINE": "git ", "DELTA_DIRECTORY": "/"},
        cwd="/",
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.startswith(b"model-7\x1fgit status\x1f")
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.decode().splitlines()}
    assert "_socket" in imported
    assert not imported & {"socket", "collections", "collections.abc", "enum", "pathlib", "re", "site", "typing"}
    assert not [name for name in imported if name.startswith("delta_learn")]
