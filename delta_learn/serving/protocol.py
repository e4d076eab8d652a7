"""What shells and the server say to each other: frames in the format of the spool (shell/README.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from delta_learn.collector.escape import escape, unescape
from delta_learn.errors import DeltaError

MAX_FRAME_BYTES = 65_536
"""Of one frame, as sent; a longer one is an attack or a mistake."""

_BEGIN = b"\x1e1"
_TYPES = re.compile(rb"[A-Z]")


class ProtocolError(DeltaError):
    """What came is no frame of this version; the connection is of no use any more."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message: a letter and its fields; bytes that are not UTF-8 come as surrogates (PEP 383)."""

    kind: str
    fields: tuple[str, ...] = ()

    def encoded(self) -> bytes:
        """As it is sent.

        Raises:
            ProtocolError: it is longer than MAX_FRAME_BYTES.
        """
        fields = [escape(field.encode("utf-8", "surrogateescape")) for field in self.fields]
        data = _BEGIN + self.kind.encode() + b"\0".join(fields) + b"\n"
        if len(data) > MAX_FRAME_BYTES:
            raise ProtocolError("The message is too long.")
        return data


class Decoder:
    """Bytes in, whole frames out, however they were cut on the way."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that are whole now.

        Raises:
            ProtocolError: something is no frame of this version, or too long.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            yield _decoded(line)
        if len(self._rest) > MAX_FRAME_BYTES:
            raise ProtocolError("A frame is too long.")

    @property
    def waiting(self) -> bool:
        """Whether a frame has begun and not ended."""
        return bool(self._rest)


def frames(*each: Frame) -> bytes:
    """Several frames as they are sent, one behind the other."""
    return b"".join(frame.encoded() for frame in each)


def answer(number: str, suggestions: Iterable[tuple[str, str, float, str]]) -> Frame:
    """The answer A to request `number`: text, marks, probability and source of each suggestion, best first.

    What does not fit in a frame is left out.
    """
    rows, size = [], 0
    for text, marks, probability, source in suggestions:
        size += 2 * len(text.encode("utf-8", "surrogateescape")) + len(marks) + len(source) + 16
        if size > MAX_FRAME_BYTES - 64:
            break
        rows.append((text, marks, f"{probability:.3f}", source))
    return Frame("A", (number, str(len(rows)), *(field for row in rows for field in row)))


def _decoded(line: bytes) -> Frame:
    if len(line) >= MAX_FRAME_BYTES or not line.startswith(_BEGIN) or not _TYPES.fullmatch(line[2:3]):
        raise ProtocolError("What came is no frame of version 1.")
    try:
        fields = [unescape(field) for field in line[3:].split(b"\0")]
    except ValueError as error:
        raise ProtocolError("A frame is damaged.") from error
    return Frame(line[2:3].decode(), tuple(field.decode("utf-8", "surrogateescape") for field in fields))
