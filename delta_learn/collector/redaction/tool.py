"""What the tables of tools are made of: the grammar of one tool, as far as secrets go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Tool:
    """Where one tool takes secrets, beyond options whose name says so."""

    value: tuple[str, ...] = ()
    """Options whose secret is the next word, or stands behind `=`."""
    glued: tuple[str, ...] = ()
    """Options whose secret follows in the same word: `-pSECRET`."""
    both: tuple[str, ...] = ()
    """Options of getopt(3), which take their secret in the same word or in the next."""
    login: Mapping[str, str] = field(default_factory=dict)
    """Options whose value is a user and a secret, with what stands between them: `-u user:SECRET`."""
    second: tuple[str, ...] = ()
    """Words that are followed by a user and then by the secret."""
    pair: tuple[str, ...] = ()
    """Words that are followed by two secrets."""
    keywords: tuple[str, ...] = ()
    """Arguments that are followed by the secret: `using SECRET`."""
    positions: tuple[int, ...] = ()
    """Which arguments are secrets, from 1, options not counted."""
    argument: str = ""
    """Pattern of whole arguments that hold a secret, its one group."""
    last: bool = False
    """The last argument is the secret."""
    given: str = ""
    """`last`, `positions` and `value` hold only in a command with this word or short option."""
    named: bool = False
    """Sets variables: a word that names a secret is followed by it."""
    stdin: tuple[str, ...] = ()
    """Words with which the secret is read from standard input; an empty one stands for always."""
    stdin_separator: str = ""
    """What stands between user and secret on standard input."""
    takes: tuple[str, ...] = ()
    """Options whose value is no secret, for tools whose arguments are counted."""
    harmless: tuple[str, ...] = ()
    """Options that look like the others and hold no secret."""
    prompts: tuple[str, ...] = ()
    """Options that take a secret only behind `=`; the next word is another argument, unless it looks like one."""
    wrapper: Literal["", "first", "any"] = ""
    """Runs another command: its first argument, or some word after it that names a tool."""
    only_first: bool = False
    """The name is also a common word: it counts only where a command starts."""
    kind: str = "password"
    """What its secrets are called."""

    @property
    def tells(self) -> bool:
        """Whether it takes secrets that only this table knows of, other than on standard input."""
        return bool(
            self.value or self.glued or self.both or self.login or self.second or self.pair or self.keywords
            or self.positions or self.argument or self.last or self.named or self.prompts
        )  # fmt: skip


def names(text: str) -> tuple[str, ...]:
    """The words of `text`: a list that reads as a line."""
    return tuple(text.split())


def by_name(table: Mapping[str, Tool]) -> dict[str, Tool]:
    """The table with one key for each name of `a|b|c`."""
    return {name: tool for names, tool in table.items() for name in names.split("|")}
