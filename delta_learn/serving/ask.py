"""One question to the server, for bash, which cannot speak over a Unix socket itself.

It is run as a file by a key press (`python -E -S -P -s ask.py Q ADDRESS SESSION SHELL PID`), so it imports nothing of
delta_learn and hardly anything else: what it says is in serving/protocol.py. The line and the directory come in the
environment, because everybody can read the arguments of a process.

Exit status: 0 answered, 1 no answer in time or none that is understood, 2 there is no server.
"""

from __future__ import annotations

import _socket  # `socket` itself would take longer to import than all the rest takes
import os
import sys
import time

SECONDS = 0.25
"""For all of it; a key that does nothing should not do it for longer."""

ANSWERED, UNANSWERED, NO_SERVER = 0, 1, 2

_LONGEST = 65_536
_CONTROL = dict.fromkeys((*range(32), *range(127, 160)))
_UNIT = "\x1f"
_NOTHING = "-"


def main() -> int:
    """Ask what the arguments and the environment say, and print what comes, between unit separators; `-` is nothing.

    Returns:
        The exit status.
    """
    kind, address, *who = sys.argv[1:]
    deadline = time.monotonic() + SECONDS
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.settimeout(SECONDS)
        if not _connect(connection, address):
            return NO_SERVER
        connection.sendall(_question(kind, who))
        model, suggestions = _answer(connection, deadline)
    except (OSError, ValueError):  # it hung up, takes too long, or speaks otherwise
        return UNANSWERED
    finally:
        connection.close()
    clean = (field.translate(_CONTROL) or _NOTHING for field in (model, *suggestions))
    sys.stdout.buffer.write(os.fsencode(_UNIT.join(clean)))
    return ANSWERED


def _connect(connection: _socket.socket, address: str) -> bool:
    """False where there is no server, or another user's.

    Raises:
        OSError: there is one, but its backlog is full.
    """
    try:
        with open(address, "rb") as file:  # noqa: PTH123 (pathlib would take as long to import as all the rest)
            connection.connect(file.readline().rstrip(b"\n"))
    except (TimeoutError, BlockingIOError):
        raise
    except OSError:
        return False
    if not hasattr(_socket, "SO_PEERCRED"):
        return True
    credentials = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)  # struct ucred: pid, uid, gid
    return int.from_bytes(credentials[4:8], sys.byteorder) == os.geteuid()


def _question(kind: str, who: list[str]) -> bytes:
    directory, line = (os.environb.get(name, b"") for name in (b"DELTA_DIRECTORY", b"DELTA_LINE"))
    hello = _frame("H", *(os.fsencode(field) for field in who))
    prompt = _frame("P", b"1", directory)
    return hello + prompt + (_frame("Q", b"2", directory, line) if kind == "Q" else _frame("N", b"2", line))


def _frame(kind: str, *fields: bytes) -> bytes:
    """As protocol.py writes it; there is no NUL in a field, because they are from the environment."""
    escaped = [field.replace(b"\x1e", b"\x1ee").replace(b"\n", b"\x1en") for field in fields]
    return b"\x1e1" + kind.encode() + b"\0".join(escaped) + b"\n"


def _answer(connection: _socket.socket, deadline: float) -> tuple[str, list[str]]:
    """The version of the model, and text, marks, probability and source of each suggestion.

    Raises:
        OSError: the connection is closed, or the time is over. ValueError: what comes is no version 1.
    """
    model, rest = "", b""
    while len(rest) <= _LONGEST and (left := deadline - time.monotonic()) > 0:
        connection.settimeout(left)
        data = connection.recv(_LONGEST)
        if not data:
            break
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            kind, fields = _read(line)
            if kind == b"H":
                model = fields[1]
            elif kind == b"A" and fields[0] == "2":
                return model, fields[2 : 2 + 4 * int(fields[1])]
    raise TimeoutError


def _read(line: bytes) -> tuple[bytes, list[str]]:
    if not line.startswith(b"\x1e1"):
        raise ValueError
    fields = line[3:].replace(b"\x1en", b"\n").replace(b"\x1ee", b"\x1e").split(b"\0")
    return line[2:3], [os.fsdecode(field) for field in fields] + [""]


if __name__ == "__main__":
    sys.exit(main())
