"""Sets of words for tables, written as text."""

from __future__ import annotations


def word_set(text: str) -> frozenset[str]:
    """The words of `text`, parted by spaces."""
    return frozenset(text.split())
