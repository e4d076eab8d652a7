"""Bits per byte of a general compressor with the whole past as its dictionary: what repetition alone gives away."""

from __future__ import annotations

import lzma
from collections.abc import Iterable

from delta_learn.entry import CommandEntry

_SMALLEST_DICTIONARY = 4096
"""liblzma takes none below it."""


def xz_bits(past: Iterable[CommandEntry], scored: Iterable[CommandEntry]) -> float:
    """Bits that xz needs for the lines `scored` once it has the lines `past`, newlines included.

    The difference between two raw LZMA2 streams of preset 9e, whose dictionary holds everything: there is no
    container, and what is counted are whole bytes.
    """
    before = _text(past)
    return 8.0 * (_size(before + _text(scored)) - _size(before))


def _text(entries: Iterable[CommandEntry]) -> bytes:
    return "".join(f"{entry.command}\n" for entry in entries).encode("utf-8", "surrogateescape")


def _size(text: bytes) -> int:
    """Bytes of the compressed text; a dictionary larger than the text would only take memory."""
    options = {
        "id": lzma.FILTER_LZMA2,
        "preset": 9 | lzma.PRESET_EXTREME,
        "dict_size": max(_SMALLEST_DICTIONARY, len(text) + 1),
    }
    return len(lzma.compress(text, format=lzma.FORMAT_RAW, filters=[options]))
