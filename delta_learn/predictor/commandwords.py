"""The words of a line that can be misspelt: each command in it and its first argument, with their places."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

# Behind sudo and the like, and behind assignments, stands another command. Paths and quotes are left alone.
_COMMAND = re.compile(
    r"(?:^|[|;&(])\s*(?:(?:sudo|time|exec|command|nohup|env)[ \t]+|\w+=[^\s|;&]*[ \t]+)*"
    r"(?P<command>[\w.+-]+)(?=[\s|;&)]|$)"
    r"(?:[ \t]+(?P<argument>[^\W\d][\w.:-]*)(?=[\s|;&)]|$))?"
)

MAX_CHARS = 1_000
"""Longer lines were not typed by hand: they have no words here."""


@dataclass(frozen=True, slots=True)
class CommandWord:
    """A command, or its first argument, from `start` to `end` of a line."""

    place: Literal["command", "argument"]
    group: str
    """Words are compared within a group: the command of an argument, nothing for commands."""
    text: str
    start: int
    end: int


def command_words(line: str) -> list[tuple[CommandWord, ...]]:
    """Each command of `line`, in order, with its argument if it has one; quoted operators are taken for real."""
    if len(line) > MAX_CHARS:
        return []
    return [_words(match) for match in _COMMAND.finditer(line)]


def substituted(line: str, replacements: Iterable[tuple[CommandWord, str]]) -> str:
    """`line` with other texts for some of its words, which come in order."""
    parts, done = [], 0
    for word, text in replacements:
        parts += [line[done : word.start], text]
        done = word.end
    return "".join([*parts, line[done:]])


def substitute_of(word: CommandWord, line: str, other: str) -> str | None:
    """What stands in `other` for the `word` of `line`; None where other parts differ, too, or nothing does."""
    head, tail = line[: word.start], line[word.end :]
    text = other[len(head) : len(other) - len(tail)]
    same = len(other) > len(head) + len(tail) and other.startswith(head) and other.endswith(tail)
    return text if same and text != word.text and not re.search(r"\s", text) else None


def _words(match: re.Match[str]) -> tuple[CommandWord, ...]:
    command = CommandWord("command", "", match["command"], *match.span("command"))
    argument = match["argument"]
    if not argument:
        return (command,)
    return command, CommandWord("argument", command.text, argument, *match.span("argument"))
