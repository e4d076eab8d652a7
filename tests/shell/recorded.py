"""What the hooks wrote, read by shell/README.md alone."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from delta_learn.collector import spool, spoolfiles


@dataclass
class Command:
    """A command as the records tell it."""

    sequence: int
    start: int
    flags: str
    directory: bytes
    environment: bytes
    command: bytes
    end: int | None = None
    status: int | None = None

    @property
    def text(self) -> str:
        return self.command.decode("utf-8", "surrogateescape")


@dataclass
class Recorded:
    """A session as the records tell it."""

    name: str
    headers: list[list[str]] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    feedback: list[list[str]] = field(default_factory=list)
    """The fields of each `F`."""
    endings: int = 0
    generations: int = 0

    @property
    def over(self) -> bool:
        return self.endings > 0

    @property
    def texts(self) -> list[str]:
        return [command.text for command in self.commands]

    @property
    def results(self) -> list[tuple[str, int | None]]:
        return [(command.text, command.status) for command in self.commands]


def unescape(data: bytes) -> bytes:
    return data.replace(b"\x1en", b"\n").replace(b"\x1e0", b"\0").replace(b"\x1ee", b"\x1e")


def read_file(recorded: Recorded, data: bytes) -> None:
    """Add what one generation holds. Nothing in it may be torn, unknown, or without its header."""
    before, *records = data.split(b"\x1e1")
    assert not before
    assert records
    assert records[0][:1] == b"H"
    for record in records:
        assert record[-1:] == b"\n"
        assert b"\n" not in record[:-1]
        kind, fields = record[:1], [unescape(part) for part in record[1:-1].split(b"\0")]
        if kind == b"H":
            assert len(fields) == 6
            recorded.headers.append([part.decode() for part in fields])
        elif kind == b"S":
            sequence, start, flags, directory, environment, command = fields
            begun = Command(int(sequence), int(start), flags.decode(), directory, environment, command)
            if recorded.commands and recorded.commands[-1].sequence == begun.sequence:
                recorded.commands.pop()  # written twice: one command
            assert begun.sequence == len(recorded.commands)
            recorded.commands.append(begun)
        elif kind == b"M":
            sequence, flags, text = fields
            command = recorded.commands[-1]
            assert command.sequence == int(sequence)
            assert "m" in command.flags
            command.flags = command.flags.replace("m", "") + flags.decode()
            command.command += text
        elif kind == b"E":
            command = recorded.commands[-1]
            assert command.status is None
            assert (command.sequence, command.start) == (int(fields[0]), int(fields[1]))
            command.end, command.status = int(fields[2]) if fields[2] else None, int(fields[3])
            assert command.end is None or command.start <= command.end
        elif kind == b"F":
            assert int(fields[0]) == recorded.commands[-1].sequence
            recorded.feedback.append([part.decode() for part in fields])
        else:
            assert (kind, fields) == (b"X", [b""])
            recorded.endings += 1


def read_session(files: list[spoolfiles.SpoolFile]) -> Recorded:
    recorded = Recorded(files[0].session, generations=len(files))
    for file in files:
        assert file.path.stat().st_mode & 0o777 == 0o600
        read_file(recorded, file.path.read_bytes())
    return recorded


def check_against_the_reader(recorded: Recorded, files: list[spoolfiles.SpoolFile]) -> None:
    """The package's own reader tells the same."""
    generations = {read.file.number: read.generation for read in spoolfiles.read_session(files)}
    read = spool.recorded(recorded.name, generations)
    assert read.torn == 0, [file.path.read_bytes() for file in files]
    assert not read.completions
    assert [(e.sequence, e.command, e.exit_code) for e in read.entries] == [
        (c.sequence, c.text + (spool.CUT if "c" in c.flags else ""), c.status) for c in recorded.commands
    ]
    assert [e.directory for e in read.entries] == [os.fsdecode(c.directory) for c in recorded.commands]
    assert read.author == recorded.headers[0][5]
