"""Suggestion: one line that may come next, with its probability."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A whole line that begins with what is typed."""

    command: str
    probability: float
    """P(line | context, the line begins with what is typed), between 0 and 1; 0 where a method has none."""
    source: str
    """The expert that contributed most: "history" or "neural"; a baseline's name in a replay."""
    shown: bool = True
    """Whether showing it saves keystrokes on average; `predict` lists the others too, the prompt does not."""
