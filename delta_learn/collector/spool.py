"""What the hooks write (shell/README.md), read back: the records of one session become entries."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from delta_learn.collector.escape import unescape
from delta_learn.collector.fields import FieldError, moment, number, text_of
from delta_learn.collector.outcome import Outcome, read_outcome
from delta_learn.entry import CommandEntry

CUT = "<cut>"
"""Ends a command of which only the beginning was recorded."""

_RECORD = re.compile(rb"\x1e[1-9]")
"""A record begins with RS and the version; RS inside a field is followed by another character."""
_VERSION = b"1"
_FIELDS = {b"H": 6, b"S": 6, b"M": 3, b"E": 4, b"F": 10, b"X": 1}
"""How many fields a record has; the one of X is empty."""
_BETWEEN_PAIRS = b"\x1f"
_KUBECONFIG = "KUBECONFIG"


@dataclass(frozen=True, slots=True)
class Header:
    """The shell that writes, as it says of itself at the head of a generation."""

    shell: str
    """With its version: `zsh 5.9`."""
    host: str
    user: str
    system: str
    author: str
    """Empty for a person, else the program that types here."""


@dataclass(frozen=True, slots=True)
class End:
    """What is known when a command has ended; times in microseconds since the epoch."""

    sequence: int
    start: int
    end: int | None
    """None where the shell could not tell when the command began."""
    exit_code: int

    @property
    def duration_ms(self) -> int | None:
        """None where it is not known, or the clock went backwards."""
        return round((self.end - self.start) / 1000) if self.end is not None and self.end >= self.start else None


@dataclass(slots=True)
class Begun:
    """A command that began: its `S`, and what its `M` added."""

    sequence: int
    start: int
    """Microseconds since the epoch."""
    directory: bytes
    environment: bytes
    text: bytes
    cut: bool


@dataclass(slots=True)
class Generation:
    """What one file of a session holds."""

    header: Header | None = None
    begun: list[Begun] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    torn: int = 0
    """Records that are not whole, and stretches that are no records."""
    over: bool = False
    """The shell wrote that its session is over."""
    kept: int = 0
    """Length of the header, if the file begins with one: it stays when the rest is wiped."""
    consumed: int = 0
    """Where the last record ends that was read for good; what stands behind it may still grow."""
    rest: bool = False
    """Something stands behind it."""
    open_since: int | None = None
    """Where the last command begins, if a record is to follow that continues it."""
    wiped: bool = False
    """Records were taken from the file before."""

    def cut_open(self) -> None:
        """A command that was to be continued is not."""
        if self.open_since is not None:
            self.begun[-1].cut = True
            self.open_since = None

    def close(self, *, finished: bool) -> None:
        """Decide about an end that is not whole: it is torn if the file is `finished`, else left for the next time."""
        if finished:
            self.torn += self.rest
            self.cut_open()
        elif self.open_since is not None:
            self.begun.pop()
            self.consumed, self.rest = self.open_since, True


@dataclass(frozen=True, slots=True)
class Completion:
    """The end of a command whose start was drained before."""

    session: str
    sequence: int
    timestamp: float
    """Start of the command, seconds since the epoch: it tells in which day's shard it is."""
    exit_code: int
    duration_ms: int | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the files of one session hold, in the order of its commands."""

    entries: list[CommandEntry]
    completions: list[Completion]
    outcomes: list[Outcome]
    """What became of suggestions, in the order of the lines."""
    author: str
    system_info: dict[str, str]
    """Of the session's first entry; empty where that was drained before."""
    torn: int


def parse(data: bytes) -> Generation:
    """Read one file as far as it is written; `close` says what becomes of an end that is not whole.

    Torn records are passed over and counted, versions and types that are not known passed over.
    """
    generation = Generation()
    starts = [match.start() for match in _RECORD.finditer(data)]
    _pass_over(generation, data[: starts[0]] if starts else b"")
    for start, following in pairwise([*starts, len(data)]):
        end = data.find(b"\n", start, following) + 1
        if end:
            _take(generation, data[start : end - 1], start)
            generation.consumed = end
            if start == 0 and generation.header:
                generation.kept = end
        elif following < len(data):
            _tear(generation)
        if end and following < len(data):
            _pass_over(generation, data[end:following])
    generation.rest = bool(data[generation.consumed :].strip(b"\0"))
    generation.wiped = data[generation.kept : generation.kept + 1] == b"\0"
    return generation


def _take(generation: Generation, record: bytes, start: int) -> None:
    """Add one whole record, without its LF, which begins at `start`."""
    kind = record[2:3]
    if record[1:2] != _VERSION or kind not in _FIELDS:
        return
    try:
        fields = [unescape(part) for part in record[3:].split(b"\0")]
        if len(fields) != _FIELDS[kind]:
            raise FieldError("The record has another number of fields.")
        if kind == b"M":
            _continue(generation, *fields)
            return
        generation.cut_open()
        _READERS[kind](generation, start, fields)
    except ValueError:  # a field, or how it is escaped
        _tear(generation)


def _read_header(generation: Generation, _start: int, fields: Sequence[bytes]) -> None:
    shell, _pid, host, user, system, author = map(text_of, fields)
    generation.header = generation.header or Header(shell, host, user, system, author)


def _read_begin(generation: Generation, start: int, fields: Sequence[bytes]) -> None:
    sequence, start_time, flags, directory, environment, text = fields
    begun = Begun(number(sequence), moment(start_time), directory, environment, text, cut=b"c" in flags)
    generation.begun.append(begun)
    generation.open_since = start if b"m" in flags else None


def _continue(generation: Generation, sequence: bytes, flags: bytes, text: bytes) -> None:
    if generation.open_since is None or number(sequence) != generation.begun[-1].sequence:
        raise FieldError("It continues no command.")
    begun = generation.begun[-1]
    begun.text += text
    begun.cut = begun.cut or b"c" in flags
    if b"m" not in flags:
        generation.open_since = None


def _read_end(generation: Generation, _start: int, fields: Sequence[bytes]) -> None:
    sequence, start, end, status = fields
    ended = moment(end) if end else None
    generation.ends.append(End(number(sequence), moment(start), ended, number(status)))


def _read_feedback(generation: Generation, _start: int, fields: Sequence[bytes]) -> None:
    generation.outcomes.append(read_outcome(fields))


def _read_over(generation: Generation, _start: int, fields: Sequence[bytes]) -> None:
    if fields != [b""]:
        raise FieldError("The end of a session says nothing.")
    generation.over = True


_READERS = {b"H": _read_header, b"S": _read_begin, b"E": _read_end, b"F": _read_feedback, b"X": _read_over}


def _tear(generation: Generation) -> None:
    generation.torn += 1
    generation.cut_open()


def _pass_over(generation: Generation, data: bytes) -> None:
    """Count bytes that are no record, unless they are NULs or follow them: a wipe that was interrupted."""
    if data and not data.startswith(b"\0"):
        _tear(generation)


def recorded(session: str, generations: Mapping[int, Generation]) -> Recorded:
    """Put together what the generations of `session`, by their numbers in order, hold."""
    header = next((g.header for g in generations.values() if g.header), None)
    begun: dict[int, Begun] = {}
    ends: dict[int, End] = {}
    outcomes: dict[int, Outcome] = {}
    for generation in generations.values():
        for command in generation.begun:
            # Written again after a full disk: the later one may be whole.
            if command.sequence not in begun or (begun[command.sequence].cut and not command.cut):
                begun[command.sequence] = command
        for end in generation.ends:
            ends.setdefault(end.sequence, end)
        for outcome in generation.outcomes:
            outcomes.setdefault(outcome.sequence, outcome)
    shell = (header.shell if header else session).replace("-", " ").split()[:1]
    first = generations.get(0)
    return Recorded(
        entries=[_entry(session, "".join(shell), b, ends.pop(b.sequence, None)) for b in begun.values()],
        completions=[Completion(session, e.sequence, e.start / 1e6, e.exit_code, e.duration_ms) for e in ends.values()],
        outcomes=list(outcomes.values()),
        author=header.author if header else "",
        system_info=_system_info(header) if header and first and not first.wiped else {},
        torn=sum(generation.torn for generation in generations.values()),
    )


def _entry(session: str, shell: str, begun: Begun, end: End | None) -> CommandEntry:
    return CommandEntry(
        command=text_of(begun.text) + (CUT if begun.cut else ""),
        directory=text_of(begun.directory) or None,
        timestamp=begun.start / 1e6,
        exit_code=end.exit_code if end else None,
        duration_ms=end.duration_ms if end else None,
        environment=_environment(begun.environment),
        session=session,
        sequence=begun.sequence,
        shell=shell,
    )


def _environment(pairs: bytes) -> dict[str, str]:
    environment = {}
    for pair in pairs.split(_BETWEEN_PAIRS):
        name, equals, value = text_of(pair).partition("=")
        if name and equals:
            environment[name] = _base_names(value) if name == _KUBECONFIG else value
    return environment


def _base_names(value: str) -> str:
    """KUBECONFIG is a list of paths; which cluster it is says the name, and where it lies is private."""
    return os.pathsep.join(path.rpartition("/")[2] for path in value.split(os.pathsep))


def _system_info(header: Header) -> dict[str, str]:
    facts = {"host": header.host, "user": header.user, "system": header.system, "shell": header.shell}
    return {name: value for name, value in facts.items() if value}
