"""Suggestion: one line that may come next, with its probability."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A line that begins with what is typed, or as much of it as is worth showing."""

    command: str
    probability: float
    """P(line | context, the line begins with what is typed), between 0 and 1; 0 where a method has none.
    Where it is not whole, P(the line begins with `command`)."""
    source: str
    """The expert that contributed most: one of EXPERTS; a baseline's name in a replay."""
    shown: bool = True
    """Whether showing it saves keystrokes on average; `predict` lists the others too, the prompt does not."""
    whole: bool = True
    """Whether the line is expected to end here; else more is to come, and who can tell what."""
