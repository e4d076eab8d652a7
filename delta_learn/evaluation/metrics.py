"""Keystrokes that one command costs with suggestions at the prompt (docs/architecture.md, metrics).

Every function is pure: a line of n characters and a callable from the typed prefix to the one suggestion
shown for it. Accepting costs one key, a typed character costs one key, Enter is not counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

Suggest = Callable[[str], str | None]
"""The whole line suggested for a typed prefix, or None when there is none."""

NEXT_WORD = re.compile(r"\s*\S+\s?")
"""What one key takes of a suggestion where words end at blanks."""

NEXT_PART = re.compile(r"\s*[^\s/=:,.@_-]*[/=:,.@_-]*\s?")
"""What zsh's forward-word takes with an empty WORDCHARS, as oh-my-zsh sets it."""

MIN_SAVED = 2
"""An accept key must bring at least this many characters: for one it is no cheaper than typing."""


class Accept(NamedTuple):
    """One accept key: it was pressed after `position` characters of the line and brought `length` of them."""

    position: int
    length: int

    @property
    def saved(self) -> int:
        """Characters less the key."""
        return self.length - 1


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys pressed for one line; each is between 1 and the line's length (0 for an empty line)."""

    full: int
    """Only whole suggestions can be accepted."""
    word: int
    """A key may also accept the suggestion's next word."""
    part: int
    """As `word`, and where the word does not agree, its next part."""
    accepts: tuple[Accept, ...] = field(default=(), compare=False)
    """The accept keys among `word`, in order; the others are typed characters."""


def count_keys(line: str, suggest: Suggest) -> Keys:
    """All three counts; `suggest` is called at most once for each prefix."""
    asked: dict[str, str | None] = {}

    def once(prefix: str) -> str | None:
        if prefix not in asked:
            asked[prefix] = suggest(prefix)
        return asked[prefix]

    full, accepts = keys_full(line, once), word_accepts(line, once)
    return Keys(full, _pressed(line, accepts), keys_part(line, once), tuple(accepts))


def keys_full(line: str, suggest: Suggest) -> int:
    """Type until the suggestion is the whole line, then accept it with one key.

    With n characters, the key is pressed at the first i where the suggestion for line[:i] equals the line and
    n - i >= 2, which costs i + 1 keys; without such an i the line costs n.
    """
    for typed in range(len(line) - MIN_SAVED + 1):
        if suggest(line[:typed]) == line:
            return typed + 1
    return len(line)


def keys_word(line: str, suggest: Suggest) -> int:
    """As `keys_full`, and one key may accept the suggestion's next word when the line goes on with it.

    Greedy by position, as a person is: at each position the whole suggestion when it is right, else its next
    word when that agrees with the line and is longer than one character, else the next character is typed.
    """
    return _pressed(line, word_accepts(line, suggest))


def word_accepts(line: str, suggest: Suggest) -> list[Accept]:
    """The accept keys that `keys_word` counts."""
    return _accepts(line, suggest, (NEXT_WORD,))


def keys_part(line: str, suggest: Suggest) -> int:
    """As `keys_word`; where the next word does not agree, one key may accept the next part inside it."""
    return _pressed(line, _accepts(line, suggest, (NEXT_WORD, NEXT_PART)))


def _pressed(line: str, accepts: list[Accept]) -> int:
    return len(line) - sum(accept.saved for accept in accepts)


def _accepts(line: str, suggest: Suggest, steps: tuple[re.Pattern[str], ...]) -> list[Accept]:
    accepts = []
    position = 0
    while position < len(line):
        length = _accepted(line, position, suggest, steps)
        if length:
            accepts.append(Accept(position, length))
        position += length or 1
    return accepts


def _accepted(line: str, position: int, suggest: Suggest, steps: tuple[re.Pattern[str], ...]) -> int:
    """Characters that the best accept key brings at `position`; 0 when typing is as good."""
    if len(line) - position < MIN_SAVED:
        return 0
    suggestion = suggest(line[:position])
    if suggestion is None or not suggestion.startswith(line[:position]):
        return 0
    if suggestion == line:
        return len(line) - position
    for step in steps:
        match = step.match(suggestion, position)
        if match and len(match[0]) >= MIN_SAVED and line.startswith(match[0], position):
            return len(match[0])
    return 0
