"""Shell words and their places in the text: what redaction needs of the shell's grammar, in one pass."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_PIECE = r"""(?:
    <secret:[a-z0-9_-]+>           # a placeholder is text, not two redirections
  | \\(?:[^\n]|\Z)
  | \$'(?:[^'\\]|\\.)*+'?
  | '[^']*+'?                      # an open quote reaches to the end of the text, as in the shell
  | "(?:[^"\\]|\\.)*+"?
  | [^\s\\'"`;|&<>()]
)"""
_LEXEME = re.compile(rf"(?P<word>{_PIECE}++ | [<>]++) | (?P<end>[;|&()`\n]++) | \\\n", re.S | re.X)
_QUOTED = re.compile(r"""(\$?'|")(?:(?<=")(?:[^"\\]|\\.)*+"|(?<!\$')(?<=')[^']*+'|(?<=\$')(?:[^'\\]|\\.)*+')""", re.S)
_CLOSED = re.compile(r"""(?:\\.|\$'(?:[^'\\]|\\.)*+'|'[^']*+'|"(?:[^"\\]|\\.)*+"|[^\\'"])*+""", re.S)
_PARAMETER = re.compile(r"(?<!\\)(?:\$\{[^}]*+\}?|\$\(.*|\$\w++|\$[@*#?!$-]?|`[^`]*+`?)", re.S)


class Word(NamedTuple):
    """A word without the quotes around it: `text` begins at offset `start` of the text it was read from."""

    start: int
    text: str
    quote: str = ""
    """`'`, `"` or `$'` when one pair of quotes holds the whole word, else nothing."""

    @property
    def end(self) -> int:
        """Offset behind the last character of `text`."""
        return self.start + len(self.text)


def simple_commands(text: str, offset: int = 0) -> Iterator[list[Word]]:
    """The words of each simple command in `text`, without the operators between; places begin at `offset`.

    Command substitutions come as commands of their own. `<` and `>` are words, so that a file name after them
    is not taken for the value of an option.
    """
    words: list[Word] = []
    for lexeme in _LEXEME.finditer(text):
        if lexeme.lastgroup == "word":
            words.append(unquote(lexeme.start() + offset, lexeme.group()))
        elif lexeme.lastgroup == "end" and words:
            yield words
            words = []
    if words:
        yield words


def match_quoted(text: str, start: int) -> re.Match[str] | None:
    """The quotes that open at `start` and what is in them, if they open there and are closed."""
    return _QUOTED.match(text, start)


def unquote(start: int, raw: str) -> Word:
    """The word written as `raw`: quotes are taken off when one pair of them holds all of it."""
    quoted = _QUOTED.fullmatch(raw)
    if quoted is None:
        return Word(start, raw)
    quote = quoted.group(1)
    return Word(start + len(quote), raw[len(quote) : -1], quote)


def closed(word: Word) -> Word:
    """`word` as far as its quotes are closed, so that other text in its place opens and closes no others.

    Where it begins with a quote that nothing closes, that is all behind the quote.
    """
    match = _CLOSED.match(word.text)
    end = match.end() if match else 0
    if word.quote or end == len(word.text):
        return word
    return word._replace(text=word.text[:end]) if end else Word(word.start + 1, word.text[1:], word.text[0])


def without_parameters(text: str) -> str:
    """`text` without `$name`, `${...}`, `$(...)` and backticks: what is spelt out in it."""
    return _PARAMETER.sub("", text)
