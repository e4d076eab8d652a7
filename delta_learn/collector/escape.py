"""Fields of records as the spool and the server's socket hold them (shell/README.md): RS, LF and NUL are escaped."""

from __future__ import annotations

import re

_ESCAPED = re.compile(rb"\x1e(.?)", re.DOTALL)
_LETTERS = {b"e": b"\x1e", b"n": b"\n", b"0": b"\0"}
_ESCAPES = {character: b"\x1e" + letter for letter, character in _LETTERS.items()}
_SPECIAL = re.compile(rb"[\x1e\n\0]")


class EscapeError(ValueError):
    """RS is followed by none of the characters that escape."""


def escape(text: bytes) -> bytes:
    """A field as it is written."""
    return _SPECIAL.sub(lambda match: _ESCAPES[match[0]], text)


def unescape(text: bytes) -> bytes:
    """The inverse of `escape`.

    Raises:
        EscapeError: nothing that `escape` gave.
    """
    return _ESCAPED.sub(_character, text) if b"\x1e" in text else text


def _character(match: re.Match[bytes]) -> bytes:
    try:
        return _LETTERS[match[1]]
    except KeyError:
        raise EscapeError("RS is followed by another character.") from None
