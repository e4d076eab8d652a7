"""Lexer: a command line as alternating runs of letters and digits, and of everything else.

Unlike the pieces of a trained vocabulary these are the same for a word in every place, and a name typed for
the first time is one token as soon as it was typed: `git add src/main.py` is git, space, add, space, src, /,
main, ., py.
"""

from __future__ import annotations

import re
import zlib

END = ""
"""The token after the last one of a line."""

_RUN = re.compile(r"[^\W_]{1,64}|[\W_]{1,64}")
"""Longer runs are cut: nobody looks for a name of more than 64 characters by its beginning."""

_BITS = 0x7FFFFFFF


def tokens(line: str) -> list[str]:
    """The runs of a line, without END; joined they are the line."""
    return _RUN.findall(line)


def is_word(token: str) -> bool:
    """Whether a token is a run of letters and digits."""
    return token[:1].isalnum()


def is_blank(token: str) -> bool:
    """Whether a token ends a word: it has a space in it."""
    return not is_word(token) and any(character.isspace() for character in token)


def tag(text: str) -> int:
    """31 bits that stand for a text, the same in every process."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass")) & _BITS
