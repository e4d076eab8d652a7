"""Fields of spool records that are numbers, read strictly: what the hooks would not write is damage."""

from __future__ import annotations

import re

_NUMBER = re.compile(rb"[0-9]{1,17}")
_DIFFERENCE = re.compile(rb"-?[0-9]{1,17}")
_PROBABILITY = re.compile(rb"0(?:\.[0-9]{1,17})?|1(?:\.0{1,17})?")
_LATEST = 32_503_680_000_000_000
"""Microseconds; the year 3000: a later time is damage."""


class FieldError(ValueError):
    """A field is not what the hooks write."""


def number(text: bytes) -> int:
    """A count.

    Raises:
        FieldError: it is none.
    """
    return int(_matched(_NUMBER, text))


def difference(text: bytes) -> int:
    """A count that may be negative.

    Raises:
        FieldError: it is none.
    """
    return int(_matched(_DIFFERENCE, text))


def probability(text: bytes) -> float:
    """A number from 0 to 1.

    Raises:
        FieldError: it is none.
    """
    return float(_matched(_PROBABILITY, text))


def moment(text: bytes) -> int:
    """Microseconds since the epoch.

    Raises:
        FieldError: it is none, or too late to be true.
    """
    found = number(text)
    if found >= _LATEST:
        raise FieldError("The time is too late.")
    return found


def text_of(data: bytes) -> str:
    """Text; bytes that are not UTF-8 come as surrogates (PEP 383)."""
    return data.decode("utf-8", "surrogateescape")


def _matched(pattern: re.Pattern[bytes], text: bytes) -> bytes:
    if not pattern.fullmatch(text):
        raise FieldError("A number has another form.")
    return text
