"""Secrets that the grammar of a command tells: assignments, options by name, and what each tool takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from delta_learn.collector.redact_rules import MESSAGE_OPTIONS
from delta_learn.collector.redact_tools import TOOLS, Tool
from delta_learn.collector.redact_words import is_secret_value, option_kind, variable_kind, without_placeholders
from delta_learn.collector.shellwords import Word, closed, match_quoted, simple_commands, unquote
from delta_learn.collector.span import Span

_MAX_DEPTH = 3
"""Quoted text is read as a command so many times over: `ssh host "sh -c '...'"`. It bounds the work."""

_NO_TOOL = Tool()
_SPACE = re.compile(r"\s")
_ASSIGNMENT = re.compile(r"(?:(?<=[,;?&:/=|'\"\s{])|\A-{0,2})([A-Za-z_][\w.-]*+)=(?!=)")
_NEXT_FIELD = r"(?<!\\)[,;&](?=[\w.-]+=)"
_FIELD_END: Mapping[str, re.Pattern[str]] = {
    "": re.compile(_NEXT_FIELD),
    "/": re.compile(rf"{_NEXT_FIELD}|(?<!\\)/"),
    "?": re.compile(rf"{_NEXT_FIELD}|[&#]"),
    "&": re.compile(rf"{_NEXT_FIELD}|[&#]"),
}
"""Where a value ends, by the character before its name."""


class _Expected(NamedTuple):
    """The next word is a secret, or the part of it behind `separator`."""

    kind: str
    separator: str = ""


def read_command(text: str, offset: int = 0, depth: int = 0) -> Iterator[Span]:
    """Secrets that the grammar of `text` gives away; they may overlap and are in no order."""
    for words in simple_commands(text, offset):
        yield from _SimpleCommand(depth).read(words)


class _SimpleCommand:
    """Reads the words of one simple command from left to right; the tool is the last one named."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.tool = _NO_TOOL
        self.position = 0
        self.last_argument = ""
        self.expected: _Expected | None = None

    def read(self, words: Iterable[Word]) -> Iterator[Span]:
        previous = ""
        for word in words:
            expected, self.expected = self.expected, None
            if expected and word.text[:1] not in ("-", "<", ">"):
                yield from self._value(word, expected)
            elif _is_command(word):
                if previous not in MESSAGE_OPTIONS:
                    yield from self._nested(word)
            elif word.text.startswith("-"):
                yield from self._option(word)
            else:
                yield from self._argument(word)
            previous = word.text

    def _argument(self, word: Word) -> Iterator[Span]:
        yield from self._glued(word)
        yield from self._assignments(word)
        name = word.text.rpartition("/")[2]
        tool = TOOLS.get(f"{self.last_argument} {name}") or TOOLS.get(name)
        self.last_argument = name
        if tool is not None or self.tool.wrapper:
            self.tool, self.position = tool or _NO_TOOL, 0
            return
        self.position += 1
        kind = variable_kind(word.text) if self.tool.named else None
        if kind:
            self.expected = _Expected(kind)
        elif self.position == self.tool.position:
            yield from self._value(word, _Expected("password"))

    def _option(self, word: Word) -> Iterator[Span]:
        option, equals, _ = word.text.partition("=")
        if option in self.tool.harmless:
            return
        if not equals:
            self.expected = self._taken_by(option)
        elif option in self.tool.login:
            login = _Expected("password", self.tool.login[option])
            yield from self._value(_tail(word, len(option) + 1), login)
        if self.expected is None:
            glued = list(self._glued(word))
            yield from glued or self._assignments(word)
            kind = None if glued or equals or len(option) < 4 else option_kind(option.lstrip("-"))
            self.expected = _Expected(kind) if kind else None

    def _taken_by(self, option: str) -> _Expected | None:
        """What the tool's own table says of the word after `option`; `-sSLu` is `-s -S -L -u`."""
        if option in self.tool.value:
            return _Expected("password")
        for flag, separator in self.tool.login.items():
            if option == flag or (option[1:].isalpha() and option.endswith(flag[1:])):
                return _Expected("password", separator)
        return None

    def _glued(self, word: Word) -> Iterator[Span]:
        for flag in self.tool.glued:
            if word.text.startswith(flag) and len(word.text) > len(flag):
                yield from self._value(_tail(word, len(flag)), _Expected("password"))
        for flag, separator in self.tool.login.items():
            if len(flag) == 2 and word.text.startswith(flag):
                yield from self._value(_tail(word, 2), _Expected("password", separator))

    def _assignments(self, word: Word) -> Iterator[Span]:
        """`NAME=value` at the start of a word, behind dashes, and in `a=1,b=2`, `?a=1&b=2`, `s/a=1/a=2/`."""
        end = 0
        while assignment := _ASSIGNMENT.search(word.text, end):
            name, end = assignment.group(1), assignment.end()
            kind = option_kind(name) if assignment.group().startswith("-") else variable_kind(name)
            if name in self.tool.harmless:
                continue
            if kind:
                value = _assigned(word, assignment)
                yield from self._value(value, _Expected(kind))
                end = value.end - word.start
            elif quoted := match_quoted(word.text, end):
                yield from self._nested(unquote(word.start + end, quoted.group()))

    def _nested(self, word: Word) -> Iterator[Span]:
        if self.depth < _MAX_DEPTH and _is_command(word):
            yield from read_command(word.text, word.start, self.depth + 1)

    def _value(self, word: Word, expected: _Expected) -> Iterator[Span]:
        if expected.separator:
            at = without_placeholders(word.text).find(expected.separator)
            if at < 0:
                return
            word = _tail(word, at + 1)
        if word.text.startswith("pass:"):  # openssl says where a password is to be found; pass: means here
            word = _tail(word, len("pass:"))
        word = closed(word)
        if is_secret_value(word, self.depth):
            yield Span(word.start, word.end, expected.kind)


def _is_command(word: Word) -> bool:
    return bool(word.quote) and _SPACE.search(word.text) is not None


def _tail(word: Word, at: int) -> Word:
    """What follows the first `at` characters of `word`, without quotes of its own."""
    tail = unquote(word.start + at, word.text[at:])
    return tail if tail.quote else tail._replace(quote=word.quote)


def _assigned(word: Word, assignment: re.Match[str]) -> Word:
    """The value of `NAME=`: up to the next field of a list, or to the delimiter of a query or sed script."""
    text, at = word.text, assignment.end()
    opened_by = text[assignment.start() - 1 : assignment.start()]
    ending = _FIELD_END[opened_by if opened_by in ("?", "&", "/") else ""]
    quoted = match_quoted(text, at)
    if quoted and (quoted.end() == len(text) or ending.match(text, quoted.end())):
        return unquote(word.start + at, quoted.group())
    end = ending.search(text, at)
    return Word(word.start + at, text[at : end.start() if end else len(text)], word.quote)
