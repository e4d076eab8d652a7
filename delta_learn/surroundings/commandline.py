"""A command line as simple commands and words, with their quotes taken off; a line that is being typed too."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

_PIECE = r"""(?:
    \\(?:[^\n]|\Z)
  | \$'(?:[^'\\]|\\.)*+'?
  | '[^']*+'?                      # an open quote reaches to the end of the text, as in the shell
  | "(?:[^"\\]|\\.)*+"?
  | [^\s\\'"`;|&<>()]
)"""
_LEXEME = re.compile(
    rf"""
    (?P<redirection>(?:(?<![^\s;|&()])\d+)?(?:<>|<{{1,3}}-?|>{{1,2}})[|&!]?|&>{{1,2}}[|!]?)
  | (?P<word>{_PIECE}++)
  | (?P<operator>\|\||\|&?|&&|&[|!]?|;;?|[()`\n])
  | \\\n
    """,
    re.S | re.X,
)
_PART = re.compile(
    r"""\\(?P<escaped>.?) | \$'(?P<ansi>(?:[^'\\]|\\.)*+)(?P<end_ansi>'?) | '(?P<single>[^']*+)(?P<end_single>'?)
      | "(?P<double>(?:[^"\\]|\\.)*+)(?P<end_double>"?) | (?P<bare>[^\\'"$]+|\$)""",
    re.S | re.X,
)
_SPECIAL = re.compile(r"""[\\'"$*?\[\]{}^!`]|\A[~=]""")
_EXPANDED = re.compile(r"[$*?\[\]{}^!`]")
_EXPANDED_IN_QUOTES = re.compile(r"(?<!\\)(?:\\\\)*[$`!]")
_ESCAPED_IN_QUOTES = re.compile(r'\\([$`"\\\n])')
_SUBSTITUTION = re.compile(r"\$\((.*)\)?|`([^`]*)`?", re.S)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a command line."""

    raw: str
    """As it is typed."""
    text: str
    """Without its quotes; what expands is left as it is."""
    plain: bool = True
    """`text` is what the program gets: nothing in it expands, and every quote is closed."""
    inner: tuple[str, ...] = ()
    """Commands that are substituted inside double quotes."""


NO_WORD = Word("", "")


@dataclass(slots=True, eq=False)
class Command:
    """A simple command."""

    words: list[Word] = field(default_factory=list)
    redirections: list[tuple[str, Word]] = field(default_factory=list)
    """Operators with their files; the operator alone is the last one while its file is still to be typed."""
    end: str = ""
    """The operator that ends it."""


@lru_cache(maxsize=1024)
def commands(text: str) -> tuple[Command, ...]:
    """The simple commands in `text` in the order in which they begin; those in substitutions are among them."""
    parser = _Parser(text)
    return tuple(command for command in parser.commands if command.words or command.redirections)


def typing(text: str) -> tuple[Command, Word]:
    """The command at the end of `text` without the word that is being typed, and that word, which may be empty."""
    parser = _Parser(text)
    if parser.last_word is None:
        return parser.current, NO_WORD
    if parser.redirected:
        operator, word = parser.current.redirections[-1]
        parser.current.redirections[-1] = (operator, NO_WORD)
        return parser.current, word
    return parser.current, parser.current.words.pop()


class _Parser:
    def __init__(self, text: str) -> None:
        self.commands: list[Command] = []
        self.around: list[tuple[str, Command]] = []
        self.current = self._begin()
        self.redirection = ""
        self.redirected = False
        self.last_word: Word | None = None
        """The word that ends the text."""
        self.closed_at = -1
        for lexeme in _LEXEME.finditer(text):
            self._take(lexeme)
            self.last_word = self.last_word if lexeme.end() == len(text) else None

    def _begin(self) -> Command:
        command = Command()
        self.commands.append(command)
        return command

    def _take(self, lexeme: re.Match[str]) -> None:
        if lexeme.lastgroup == "word":
            self._word(lexeme)
        elif lexeme.lastgroup == "redirection":
            self.redirection = lexeme.group()
        elif lexeme.lastgroup == "operator":
            self.redirection = ""
            self._operator(lexeme.group(), lexeme.end())

    def _word(self, lexeme: re.Match[str]) -> None:
        word = self.last_word = spelled(lexeme.group())
        if lexeme.start() == self.closed_at:  # `$(a)b` is one word, and what it is nobody can tell
            word = Word(word.raw, word.text, plain=False, inner=word.inner)
        self.redirected = bool(self.redirection)
        if self.redirection:
            self.current.redirections.append((self.redirection, word))
            self.redirection = ""
        else:
            self.current.words.append(word)

    def _operator(self, operator: str, end: int) -> None:
        if operator == "(" or (operator == "`" and not (self.around and self.around[-1][0] == "`")):
            self.around.append((operator, self.current))
            self.current = self._begin()
        elif operator in (")", "`"):
            if self.around:
                self.current = self.around.pop()[1]
                self.closed_at = end
            else:
                self.current = self._begin()
        else:
            self.current.end = operator
            self.current = self._begin()


def spelled(raw: str) -> Word:
    """The word that is typed as `raw`."""
    if not _SPECIAL.search(raw):
        return Word(raw, raw)
    text, inner = "", list[str]()
    plain = raw[0] != "="  # in zsh the path of a program
    for part in _PART.finditer(raw):
        kind = part.lastgroup or ""
        if kind == "escaped":
            text += part["escaped"]
            plain = plain and bool(part["escaped"])
        elif kind == "bare":
            text += part["bare"]
            plain = plain and not _EXPANDED.search(part["bare"])
        else:
            kind = kind.removeprefix("end_")
            content = part[kind]
            plain = plain and bool(part[f"end_{kind}"]) and not (kind == "ansi" and "\\" in content)
            if kind == "double":
                plain = plain and not _EXPANDED_IN_QUOTES.search(content)
                inner += [found[1] or found[2] or "" for found in _SUBSTITUTION.finditer(content)]
                content = _ESCAPED_IN_QUOTES.sub(r"\1", content)
            text += content
    return Word(raw, text, plain, tuple(inner))
