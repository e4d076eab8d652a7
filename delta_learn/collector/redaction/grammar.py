"""Secrets that the grammar of a command tells: assignments, options by name, and what each tool takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from delta_learn.collector.redaction.rules import MESSAGE_OPTIONS
from delta_learn.collector.redaction.shellwords import Word, closed, match_quoted, simple_commands, unquote
from delta_learn.collector.redaction.span import Span
from delta_learn.collector.redaction.stdin import is_producer, read_streams
from delta_learn.collector.redaction.tool import Tool, names
from delta_learn.collector.redaction.tools import SUBCOMMANDS, TOOLS
from delta_learn.collector.redaction.words import (
    holds_login,
    is_secret_value,
    option_kind,
    variable_kind,
    without_placeholders,
)

_MAX_DEPTH = 3
"""Quoted text is read as a command so many times over: `ssh host "sh -c '...'"`. It bounds the work."""

_NO_TOOL = Tool()
_SPACE = re.compile(r"\s")
_ASSIGNMENT = re.compile(r"(?:(?<=[,;?&:/=|'\"\s{(@])|\A-{0,2})([A-Za-z_][\w.-]*+)=(?!=)")
_NEXT_FIELD = r"(?<!\\)[,;&](?=[\w.-]+=)"
_FIELD_END: Mapping[str, re.Pattern[str]] = {
    "": re.compile(_NEXT_FIELD),
    "/": re.compile(rf"{_NEXT_FIELD}|(?<!\\)/"),
    "?": re.compile(rf"{_NEXT_FIELD}|[?&#]"),
    "&": re.compile(rf"{_NEXT_FIELD}|[&#]"),
    "(": re.compile(r"[,)]"),
}
"""Where a value ends, by the character before its name."""

_VALUELESS = frozenset(names("-- --rm --tty --interactive --privileged --login --preserve-env --quiet --verbose"))
_NAME_PART = re.compile(r"[.:/]")
_ENV_WORD = re.compile(r"[A-Za-z_]\w*\+?=")
_TOKEN = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w-]{24,}={0,2}", re.A)
"""Stands in place of `user:SECRET` where a tool takes both."""
_PREFIX = re.compile(r"(?:[\w-]+:)?(?:pass|password|plain|text|hash):")
"""Says where or how a password is given: openssl's `pass:`, libguestfs' `root:password:`."""

_LONG_OPTION = re.compile(
    "-(?:passw(?:or)?d|pass|passphrase|port|prompt|print0?|prune|path|proxy|protocol|pattern|pid|profile|project"
    "|properties|new-window|netrc|public|private|write|wait|width|window)(?:-.*)?|--"
)
"""Options of one dash that are no short one with its value."""

_GUESSED_USER = frozenset(names("-u -l -U --user --username --login /u"))
_NO_PASSWORD = re.compile(r"[\d.,:/x-]+(?:/(?:tcp|udp))?|.*[/=].*|[^:]*:\d+.*|[a-z]+|.*\.\w{1,4}", re.S)
"""What stands behind `-p` beside `-u USER` in tools nobody described: ports, paths, names of plain letters."""

_DASHED_SECRET = re.compile(r"-(?!-)(?=\S*\d)(?=\S*[a-z])(?=\S*[A-Z])\S{8,}")
"""A word like this is no option."""


class Expected(NamedTuple):
    """A word is a secret, or the part of it behind `separator`."""

    kind: str
    reason: str
    separator: str = ""
    guess: bool = False
    """Only when the word looks like a password."""
    options: tuple[str, ...] = ("-",)
    """What the next option begins with."""


def read_command(text: str, offset: int = 0, depth: int = 0) -> Iterator[Span]:
    """Secrets that the grammar of `text` gives away; they may overlap and are in no order."""
    for command in simple_commands(text, offset):
        reader = _SimpleCommand(depth)
        yield from reader.read(command.words)
        if command.inputs or command.feeds or command.outputs or is_producer(command):
            nested = read_command if depth < _MAX_DEPTH else None
            yield from read_streams(command, reader.tools, depth, nested)


class _SimpleCommand:
    """Reads the words of one simple command from left to right."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.name = ""
        self.tool = _NO_TOOL
        self.tools: list[tuple[str, Tool]] = []
        self.arguments: list[Word] = []
        self.previous = ""
        self.expected: list[Expected | None] = []
        self.user_given = False
        self.glued_found = False
        self.allowed = True

    def read(self, words: list[Word]) -> Iterator[Span]:
        self.words = words
        for word in words:
            expected = self.expected.pop(0) if self.expected else None
            if word.text in ("<", ">") and not word.quote:
                self.expected.clear()
            elif expected and not _is_option(word, expected):
                yield from self._value(word, expected)
            elif _is_command(word):
                if self.previous not in MESSAGE_OPTIONS:
                    yield from self._quoted(word)
            elif word.text.startswith(("-", "++")) or word.text in self.tool.value or word.text == "/p":
                yield from self._option(word)
            else:
                yield from self._argument(word)
            self.previous = word.text
        yield from self._at_the_end()

    # arguments

    def _argument(self, word: Word) -> Iterator[Span]:
        yield from self._glued(word)
        yield from self._assignments(word)
        if self._skipped(word):
            return
        self.user_given = self.user_given or self.previous in _GUESSED_USER
        self._described(word)
        self.arguments.append(word)
        self._announced(word.text)
        if not self.expected:
            yield from self._counted(word)
            yield from self._by_pattern(word)

    def _skipped(self, word: Word) -> bool:
        """Whether `word` names the tool, is an option's value or an assignment before the tool: no argument."""
        base = word.text.rpartition("/")[2] or word.text
        if not self.name or self.tool.wrapper:
            if not self.name and _ENV_WORD.match(word.text):
                return True
            base = base.removesuffix(".exe")
            if not self.name or self._runs(word, base):
                self._switch(base, TOOLS.get(base, _NO_TOOL))
                return True
        if base in SUBCOMMANDS and not word.quote:
            head, _, last = self.name.partition(" ")
            last = self.arguments[-1].text if self.arguments else last
            tool = TOOLS.get(f"{head} {last} {base}") or TOOLS.get(f"{head} {base}")
            if tool is not None:
                self._switch(f"{head} {base}", tool)
                return True
        return self.previous in self.tool.takes

    def _runs(self, word: Word, base: str) -> bool:
        """Whether `word` is the command that the wrapper before it runs."""
        if self.previous in self.tool.takes or ":" in word.text:
            return False
        if self.tool.wrapper == "first":
            return True
        after_long_option = self.previous.startswith("--") and "=" not in self.previous
        if after_long_option and self.previous not in _VALUELESS:
            return False
        return base in TOOLS and not TOOLS[base].only_first

    def _switch(self, name: str, tool: Tool) -> None:
        self.name, self.tool = name, tool
        self.tools.append((name, tool))
        self.arguments.clear()
        self.allowed = not tool.given or _has(self.words, tool.given)

    def _described(self, word: Word) -> None:
        """A word that is followed by secrets."""
        text, tool = word.text, self.tool
        if text in tool.harmless:
            return
        kind = variable_kind(text) if tool.named else None
        if tool.named and not kind and (text[:1].isalpha() or text.startswith("//")) and "=" not in text:
            parts = (variable_kind(part) for part in _NAME_PART.split(text)[-3:])
            kind = next(filter(None, parts), None)
        if kind:
            self.expected = [Expected(kind, f"{self.name} sets a name of a {kind}")]

    def _announced(self, text: str) -> None:
        tool = self.tool
        one = Expected(tool.kind, f"{self.name} takes a {tool.kind} after {text}")
        if text in tool.keywords:
            self.expected = [one]
        elif text in tool.second:
            self.expected = [None, one._replace(options=("-", "+"))]
        elif text in tool.pair:
            self.expected = [one, one]

    def _counted(self, word: Word) -> Iterator[Span]:
        if self.allowed and len(self.arguments) in self.tool.positions:
            reason = f"argument {len(self.arguments)} of {self.name} is a {self.tool.kind}"
            name = _ENV_WORD.match(word.text)
            inside = name is not None and name.end() < len(word.text)
            yield from self._value(
                _tail(word, name.end()) if name and inside else word, Expected(self.tool.kind, reason)
            )

    def _by_pattern(self, word: Word) -> Iterator[Span]:
        match = re.fullmatch(self.tool.argument, word.text, re.S) if self.tool.argument else None
        if match:
            value = Word(word.start + match.start(1), match.group(1), word.quote)
            yield from self._value(value, Expected(self.tool.kind, f"arguments of {self.name} hold a {self.tool.kind}"))

    def _at_the_end(self) -> Iterator[Span]:
        if self.tool.last and self.allowed and len(self.arguments) > 1:
            yield from self._value(
                self.arguments[-1], Expected(self.tool.kind, f"{self.name} ends with a {self.tool.kind}")
            )

    # options

    def _option(self, word: Word) -> Iterator[Span]:
        option, equals, _ = word.text.partition("=")
        tool = self.tool
        if option in tool.harmless:
            return
        if equals:
            yield from self._with_value(word, option)
        else:
            self._taken_by(option)
        if not self.expected:
            self.glued_found = False
            yield from self._glued(word)
            if not self.glued_found:
                yield from self._assignments(word)
                if not equals and len(option) > 3:
                    self._by_name(option)

    def _with_value(self, word: Word, option: str) -> Iterator[Span]:
        """`--option=value`, of the options that the tool's table names."""
        tool, at = self.tool, len(option) + 1
        if self.allowed and option in (*tool.value, *tool.both):
            yield from self._value(
                _tail(word, at), Expected(tool.kind, f"{self.name} takes a {tool.kind} after {option}")
            )
        elif option in tool.login:
            yield from self._value(_tail(word, at), self._login(option))
        elif holds_login(option.lstrip("-")):
            yield from self._value(_tail(word, at), Expected("password", f"{option} holds a login", ":"))
        elif option == "--cookie":
            yield from self._value(_tail(word, at), Expected("cookie", "cookies let others in", "="))

    def _login(self, option: str) -> Expected:
        separator = self.tool.login[option]
        return Expected(self.tool.kind, f"{self.name} takes user{separator}{self.tool.kind} after {option}", separator)

    def _taken_by(self, option: str) -> None:
        """What the tool's own table says of the words after `option`; `-sSLu` is `-s -S -L -u`."""
        tool = self.tool
        if self.allowed and (option in tool.value or option in tool.both or _ends_cluster(option, tool.both)):
            self.expected = [Expected(tool.kind, f"{self.name} takes a {tool.kind} after {option}")]
            return
        if option in tool.prompts:
            self.expected = [Expected("password", f"{option} with a word that looks like a password", guess=True)]
        self._announced(option)
        for flag in tool.login:
            if option == flag or _ends_cluster(option, (flag,)):
                self.expected = [self._login(flag)]
                return
        if option in ("-p", "/p") and self.user_given and self.tool == _NO_TOOL:
            self.expected = [Expected("password", "-p beside -u mostly takes a password", guess=True)]

    def _by_name(self, option: str) -> None:
        if option in self.tool.prompts:
            return
        name = option.lstrip("-+")
        kind = option_kind(name)
        if kind:
            self.expected = [Expected(kind, f"the name {option} says so")]
        elif holds_login(name):
            self.expected = [Expected("password", f"{option} holds a login", ":")]
        elif name == "cookie":
            self.expected = [Expected("cookie", "cookies let others in", "=")]

    def _glued(self, word: Word) -> Iterator[Span]:
        for flag in (*self.tool.glued, *self.tool.both):
            if word.text.startswith(flag) and len(word.text) > len(flag) and not _LONG_OPTION.fullmatch(word.text):
                self.glued_found = True
                reason = f"{self.name} takes a {self.tool.kind} glued to {flag}"
                yield from self._value(_tail(word, len(flag)), Expected(self.tool.kind, reason))
        for flag in self.tool.login:
            if len(flag) == 2 and word.text.startswith(flag) and len(word.text) > 2:
                yield from self._value(_tail(word, 2), self._login(flag))

    # values

    def _quoted(self, word: Word) -> Iterator[Span]:
        """Quoted text with spaces: a command, or an option's value that has assignments in it."""
        yield from self._glued(word)
        yield from self._nested(word)
        if "=" in word.text and not self.tool.wrapper:
            yield from self._assignments(word)
        if self.previous not in self.tool.takes:
            self.arguments.append(word)
            yield from self._counted(word)
            yield from self._by_pattern(word)

    def _assignments(self, word: Word) -> Iterator[Span]:
        """`NAME=value` at the start of a word, behind dashes, and in `a=1,b=2`, `?a=1&b=2`, `s/a=1/a=2/`."""
        end = 0
        while assignment := _ASSIGNMENT.search(word.text, end):
            name, end = assignment.group(1), assignment.end()
            kind = option_kind(name) if assignment.group().startswith("-") else variable_kind(name)
            if name in self.tool.harmless or assignment.group()[:-1] in self.tool.harmless:
                continue
            if kind:
                value = _assigned(word, assignment)
                yield from self._value(value, Expected(kind, f"the name {name} says so"))
                end = value.end - word.start
            elif quoted := match_quoted(word.text, end):
                yield from self._nested(unquote(word.start + end, quoted.group()))

    def _nested(self, word: Word) -> Iterator[Span]:
        if self.depth < _MAX_DEPTH and _is_command(word):
            yield from read_command(word.text, word.start, self.depth + 1)

    def _value(self, word: Word, expected: Expected) -> Iterator[Span]:
        if expected.guess and _NO_PASSWORD.fullmatch(word.text):
            return
        if expected.separator:
            at = without_placeholders(word.text).find(expected.separator)
            if at < 0 and not _TOKEN.fullmatch(word.text):
                return
            word = _tail(word, at + 1)
        if prefix := _PREFIX.match(word.text):
            word = _tail(word, prefix.end())
        word = closed(word)
        if is_secret_value(word, self.depth):
            yield Span(word.start, word.end, expected.kind, expected.reason, not expected.guess)
        elif "$(" in word.text or "`" in word.text:
            yield from self._nested(word)


def _is_option(word: Word, expected: Expected) -> bool:
    """Whether `word` is the next option rather than the value that is expected."""
    if not expected.guess and _DASHED_SECRET.fullmatch(word.text):
        return False  # generators of passwords know nothing of options
    return word.text.startswith(expected.options) and not (word.quote and len(word.text) > 2)


def _ends_cluster(option: str, flags: Iterable[str]) -> bool:
    """Whether `option` is several short ones of which the last is among `flags`: `-rP` is `-r -P`."""
    return len(option) < 7 and option[1:].isalpha() and any(len(f) == 2 and option.endswith(f[1]) for f in flags)


def _is_command(word: Word) -> bool:
    return bool(word.quote) and _SPACE.search(word.text) is not None


def _has(words: Iterable[Word], given: str) -> bool:
    """Whether the word `given` is among `words`, as a short option also in a cluster."""
    short = given[1:] if len(given) == 2 and given[0] == "-" else ""
    return any(
        word.text == given
        or word.text.startswith(f"{given}.")
        or (short and word.text[:1] == "-" and word.text[1:2] != "-" and short in word.text)
        for word in words
    )


def _tail(word: Word, at: int) -> Word:
    """What follows the first `at` characters of `word`, without quotes of its own."""
    tail = unquote(word.start + at, word.text[at:])
    return tail if tail.quote else tail._replace(quote=word.quote)


def _assigned(word: Word, assignment: re.Match[str]) -> Word:
    """The value of `NAME=`: up to the next field of a list, or to the delimiter of a query or sed script."""
    text, at = word.text, assignment.end()
    opened_by = text[assignment.start() - 1 : assignment.start()]
    ending = _FIELD_END[opened_by if opened_by in ("?", "&", "/", "(") else ""]
    quoted = match_quoted(text, at)
    if quoted and (quoted.end() == len(text) or ending.match(text, quoted.end()) or opened_by == "("):
        return unquote(word.start + at, quoted.group())
    end = ending.search(text, at)
    return Word(word.start + at, text[at : end.start() if end else len(text)], word.quote)
