"""Traces: by what a command is recognised in another: its simple commands, and its words with their parts."""

from __future__ import annotations

import re

_OPERATOR = re.compile(r"&&|\|\||[;|&\n]")
_PLACEHOLDER = re.compile(r"<secret:[a-z0-9_-]+>")
_PART = re.compile(r"[^\s/=:,@'\"`();|&<>{}\[\]$!]{3,}")
_RUN = re.compile(r"[^\W_]{4,}")
"""Shorter ones, mostly numbers, stand in many words by chance."""
_SHORTEST_WORD = 3


def phrases(line: str) -> set[str]:
    """The whole line and each simple command in it, with single spaces."""
    return {" ".join(part.split()) for part in (line, *_OPERATOR.split(line))} - {""}


def words(line: str) -> set[str]:
    """The words of a line, their parts between `/ = : @` and the like, and runs of letters and digits in them.

    A word that was put into another, as a password into an address, is recognised by its part.
    """
    text = _PLACEHOLDER.sub(" ", line)
    whole = {word for word in text.split() if len(word) >= _SHORTEST_WORD}
    return whole.union(_PART.findall(text), _RUN.findall(text))
