"""Shell words and their places in the text: what redaction needs of the shell's grammar, in one pass."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

_PIECE = r"""(?:
    <secret:[a-z0-9_-]+>           # a placeholder is text, not two redirections
  | \\(?:[^\n]|\Z)
  | \$'(?:[^'\\]|\\.)*+'?
  | '[^']*+'?                      # an open quote reaches to the end of the text, as in the shell
  | "(?:[^"\\]|\\.)*+"?
  | [^\s\\'"`;|&<>()]
)"""
_LEXEME = re.compile(
    rf"""
    (?P<redirection>(?:(?<![^\s;|&()])\d)?(?:<(?!secret:[a-z0-9_-]+>)<{{0,2}}-?|>{{1,2}}[|&]?|&>{{1,2}})(?:(?<=<)&)?)
  | (?P<word>{_PIECE}++)
  | (?P<operator>\|[|&]?|&&?|;;?|[()`\n])
  | \\\n
    """,
    re.S | re.X,
)
_QUOTED = re.compile(r"""(\$?'|")(?:(?<=")(?:[^"\\]|\\.)*+"|(?<!\$')(?<=')[^']*+'|(?<=\$')(?:[^'\\]|\\.)*+')""", re.S)
_CLOSED = re.compile(r"""(?:\\.|\$'(?:[^'\\]|\\.)*+'|'[^']*+'|"(?:[^"\\]|\\.)*+"|[^\\'"])*+""", re.S)
_PARAMETER = re.compile(r"(?<!\\)(?:\$\{[^}]*+\}?|\$\(.*|\$\w++|\$[@*#?!$-]?|`[^`]*+`?)", re.S)
_SPACES = " \t\r\f\v\n"

_GROUP = 20
"""Of a group before a pipe at most so many commands are looked at: it bounds the work."""


class Word(NamedTuple):
    """A word without the quotes around it: `text` begins at offset `start` of the text it was read from."""

    start: int
    text: str
    quote: str = ""
    """`'`, `"` or `$'` when one pair of quotes holds the whole word, `<<` for a here-document, else nothing."""

    @property
    def end(self) -> int:
        """Offset behind the last character of `text`."""
        return self.start + len(self.text)


@dataclass(slots=True, eq=False)
class Command:
    """A simple command: its words, and what it reads and writes."""

    words: list[Word] = field(default_factory=list)
    """Without file names of redirections; the operators `<` and `>` stay, each as a word."""
    inputs: list[Word] = field(default_factory=list)
    """Here-strings and the bodies of here-documents."""
    outputs: list[Word] = field(default_factory=list)
    """Files behind `>`."""
    feeds: list[Command] = field(default_factory=list)
    """The commands whose output is piped into this one."""


def simple_commands(text: str, offset: int = 0) -> list[Command]:
    """The simple commands in `text`, in the order in which they end; places begin at `offset`.

    Command substitutions come as commands of their own, and what follows one belongs to the command around it.
    """
    return _Parser(text, offset).commands()


class _Parser:
    def __init__(self, text: str, offset: int) -> None:
        self.text = text
        self.offset = offset
        self.done: list[Command] = []
        self.current = Command()
        self.around: list[tuple[str, Command, int]] = []
        self.redirection = ""
        self.documents: list[tuple[str, Command]] = []
        self.group = -1
        self.closed_at = -1

    def commands(self) -> list[Command]:
        position = 0
        while lexeme := _LEXEME.search(self.text, position):
            position = lexeme.end()
            if lexeme.lastgroup == "word":
                self._word(lexeme)
            elif lexeme.lastgroup == "redirection":
                self.redirection = lexeme.group().lstrip("0123456789")
                self._announce(lexeme)
            elif lexeme.lastgroup == "operator":
                position = self._operator(lexeme.group(), position)
        self._finish()
        while self.around:
            self.current = self.around.pop()[1]
            self._finish()
        return self.done

    def _announce(self, lexeme: re.Match[str]) -> None:
        """Keep the operator as a word: what follows it is a file."""
        operator = ">" if ">" in self.redirection else "<"
        self.current.words.append(Word(lexeme.start() + lexeme.group().index(operator) + self.offset, operator))

    def _word(self, lexeme: re.Match[str]) -> None:
        if self.redirection:
            redirection, self.redirection = self.redirection, ""
            self._redirected(redirection, lexeme)
        elif lexeme.start() != self.closed_at:  # `$(a)b` is one word, and what it is nobody can tell
            self.current.words.append(unquote(lexeme.start() + self.offset, lexeme.group()))

    def _redirected(self, redirection: str, lexeme: re.Match[str]) -> None:
        word = unquote(lexeme.start() + self.offset, lexeme.group())
        if redirection == "<<<":
            self.current.inputs.append(word)
        elif redirection.startswith("<<"):
            self.documents.append((word.text.lstrip("\\"), self.current))
        elif ">" in redirection:
            self.current.outputs.append(word)

    def _operator(self, operator: str, position: int) -> int:
        self.redirection = ""
        if operator == "(" or (operator == "`" and not (self.around and self.around[-1][0] == "`")):
            self.around.append((operator, self.current, len(self.done)))
            self.current = Command()
        elif operator in (")", "`"):
            self._close(position)
        elif operator in ("|", "|&"):
            self._pipe()
        else:
            self._finish()
            if operator == "\n":
                return self._bodies(position)
        return position

    def _close(self, position: int) -> None:
        self._finish()
        if self.around:
            _, self.current, first = self.around.pop()
            if first == len(self.done) and len(self.current.words) == 1:
                self.current = Command()  # `name()` starts a function
            self.group = -1 if self.current.words else first
            self.closed_at = position

    def _pipe(self) -> None:
        first = self.group
        self._finish()
        feeds = self.done[max(first, len(self.done) - _GROUP) :] if first >= 0 else self._last()
        self.current.feeds = feeds

    def _last(self) -> list[Command]:
        """The command before a pipe, or those in braces."""
        recent = self.done[-_GROUP:]
        if recent and recent[-1].words and recent[-1].words[0].text == "}":
            opened = [n for n, command in enumerate(recent) if command.words and command.words[0].text == "{"]
            return recent[opened[-1] :] if opened else recent
        return recent[-1:]

    def _finish(self) -> None:
        if self.current.words or self.current.inputs:
            self.done.append(self.current)
            self.group = -1
        self.current = Command()

    def _bodies(self, position: int) -> int:
        """Read the here-documents that were announced; returns where the text goes on."""
        for delimiter, command in self.documents:
            start = line = position
            while line < len(self.text):
                end = self.text.find("\n", line)
                end = len(self.text) if end < 0 else end
                position = min(end + 1, len(self.text))
                if self.text[line:end].strip(" \t") == delimiter:
                    break
                line = position
            command.inputs.append(Word(start + self.offset, self.text[start:line], "<<"))
        self.documents.clear()
        return position


def match_quoted(text: str, start: int) -> re.Match[str] | None:
    """The quotes that open at `start` and what is in them, if they open there and are closed."""
    return _QUOTED.match(text, start)


def unquote(start: int, raw: str) -> Word:
    """The word written as `raw`: quotes are taken off when one pair of them holds all of it."""
    if raw[-1:] not in ("'", '"'):
        return Word(start, raw)
    quoted = _QUOTED.fullmatch(raw)
    if quoted is None:
        return Word(start, raw)
    quote = quoted.group(1)
    return Word(start + len(quote), raw[len(quote) : -1], quote)


def closed(word: Word) -> Word:
    """`word` as far as its quotes are closed, so that other text in its place opens and closes no others.

    Where it begins with a quote that nothing closes, that is all behind the quote.
    """
    if "'" not in word.text and '"' not in word.text and "\\" not in word.text:
        return word
    match = _CLOSED.match(word.text)
    end = match.end() if match else 0
    if word.quote or end == len(word.text):
        return word
    return word._replace(text=word.text[:end]) if end else Word(word.start + 1, word.text[1:], word.text[0])


def without_parameters(text: str) -> str:
    """`text` without `$name`, `${...}`, `$(...)` and backticks: what is spelt out in it."""
    return _PARAMETER.sub("", text) if "$" in text or "`" in text else text
