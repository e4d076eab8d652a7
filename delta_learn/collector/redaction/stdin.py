"""Secrets on their way between commands: pipes, here-strings, here-documents, and files named after a secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from delta_learn.collector.redaction.shellwords import Command, Word, closed
from delta_learn.collector.redaction.span import Span
from delta_learn.collector.redaction.tool import Tool, names
from delta_learn.collector.redaction.words import is_secret_value, option_kind, variable_kind

_PASSES_ON = frozenset(names("tee tr cat head tail base64 sed awk cut xargs sponge pv env printf"))
_PRODUCERS = frozenset(names("echo printf yes print"))
_BEFORE_TOOL = frozenset(names("sudo command builtin env { then do else ! time nohup"))
_READS_SECRET = re.compile(
    r"--?[\w-]*(?:pass(?:word|wd|phrase|code)?|token|secret|key|pw)[\w-]*[-_]?stdin|--stdin-(?:password|pass)|--with-token"
    r"|--?(?:pass(?:word|phrase)?-fd|passphrase-fd)(?:=0)?|--?[\w-]*(?:pass|key|secret|token)[\w-]*(?:file|fd)=(?:-|0|/dev/stdin)"
)
_LINE = re.compile(r"(?:\\[nr]|\n)*+((?:[^\\\n]|\\[^nr])++)")
_FIELD = re.compile(
    r"""(?:\A|[\n{,]|\\n|(?<=\s)-)[ \t]*+["']?([A-Za-z_][\w.-]*+)["']?"""
    r"""([ \t]*+=[ \t]*+|[ \t]*+:[ \t]++|:(?=["'])|[ \t]++)"""
    r"""(["']?)([^\s"'\\]++(?:\\[^n\s][^\s"'\\]*+)*+)""",
)
_FORMAT = re.compile(r"([A-Za-z_][\w.-]*+)?[\"']?([=:])?\s*+[\"']?%[-\d.]*[sqbd]")
_USER = re.compile(r"[\w.@+\\$-]+\Z")
_STRONG = re.compile(r"(?=.*[\d\W])(?=.*[^\W\d_]).{6,}|.*[^\w\s/.:=-].*", re.S)
_PASSWORD = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[^\s/,;(){}\[\]<>|=]{6,40}=?")
_TEXT_TOOLS = frozenset(
    names(
        "cat grep egrep rg ag sed awk gawk tr cut wc jq yq base64 base32 bc dc xxd od hexdump md5sum sha1sum sha256sum"
        " sha512sum shasum cksum sort uniq head tail tee less more column fold rev fmt nl python python3 perl ruby node"
        " read xargs iconv gzip mail psql mysql sqlite3 figlet cowsay lolcat espeak say wl-copy xclip pbcopy qrencode"
        " while for if mapfile readarray diff nc curl http ssh bash sh zsh test git dig host date factor numfmt"
    )
)
"""Commands whose here-strings are text like any other."""
_SPLIT = re.compile(r"[./_-]+")
Nested = Callable[[str, int, int], Iterator[Span]]


def read_streams(
    command: Command, tools: Sequence[tuple[str, Tool]], depth: int, nested: Nested | None
) -> Iterator[Span]:
    """Secrets in what `command`, which runs `tools`, reads from or writes to a pipe, a here-document or a file."""
    found = _reader(command, tools)
    for text in command.inputs:
        if found:
            yield from _secret_lines(text, found, depth)
        else:
            yield from _settings(text, depth)
        if nested and text.quote == "<<":
            yield from nested(text.text, text.start, depth + 1)
    if found:
        for words in _produced(command, 0):
            yield from _secret_words(words, found, depth)
    yield from _written(command, depth)


class _Reads:
    """How a command takes a secret from its input."""

    def __init__(self, kind: str, separator: str, reason: str, *, sure: bool = True) -> None:
        self.kind, self.separator, self.reason, self.sure = kind, separator, reason, sure


def _reader(command: Command, tools: Sequence[tuple[str, Tool]]) -> _Reads | None:
    for name, tool in tools:
        if tool.stdin and any(not word or _mentions(command, word) for word in tool.stdin):
            return _Reads(tool.kind, tool.stdin_separator, f"{name} reads a {tool.kind} from its input")
    return _named_reader(command) or _guessed_reader(command)


def is_producer(command: Command) -> bool:
    """Whether `command` writes its words."""
    return bool(command.words) and _arguments(command)[0] in _PRODUCERS


def _guessed_reader(command: Command) -> _Reads | None:
    """A here-string of one word that looks like a password is one, unless the command works on text."""
    name, _ = _arguments(command)
    if len(command.inputs) != 1 or command.inputs[0].quote == "<<" or name in _TEXT_TOOLS:
        return None
    lines = [line.group(1) for line in _LINE.finditer(command.inputs[0].text)]
    if len(set(lines)) == 1 and _PASSWORD.fullmatch(lines[0]):
        return _Reads("password", "", "a here-string that looks like a password", sure=False)
    return None


def _named_reader(command: Command) -> _Reads | None:
    previous = ""
    for word in command.words:
        if _READS_SECRET.fullmatch(word.text) or (word.text == "-" and _READS_SECRET.fullmatch(f"{previous}=-")):
            return _Reads("password", "", f"with {word.text} a secret is read from the input")
        previous = word.text
    return None


def _mentions(command: Command, given: str) -> bool:
    for word in command.words:
        text = word.text
        if text == given or given in text.split(","):
            return True
        if len(given) == 2 and text[:1] == "-" and text[1:].isalpha() and given[1] in text[1:]:
            return True
    return False


def _arguments(command: Command) -> tuple[str, list[Word]]:
    """Name of the program and its words, what stands before it passed over."""
    for number, word in enumerate(command.words):
        if word.text not in _BEFORE_TOOL and "=" not in word.text:
            return word.text.rpartition("/")[2], command.words[number + 1 :]
    return "", []


def _produced(command: Command, depth: int) -> Iterator[list[Word]]:
    """The words that come out of the pipe into `command`."""
    for feeding in command.feeds:
        name, words = _arguments(feeding)
        if name in _PRODUCERS:
            yield [
                word
                for word in words
                if word.text not in ("<", ">", "-n", "-e", "-E", "-ne", "-en", "-r", "-rn", "-nr")
            ]
        elif name in _PASSES_ON and depth < 4:
            yield list(feeding.inputs)
            yield from _produced(feeding, depth + 1)


def _secret_words(words: list[Word], reads: _Reads, depth: int) -> Iterator[Span]:
    if reads.separator and len(words) > 1 and f"{reads.separator}%s" in words[0].text:
        yield from _secret_lines(words[-1], _Reads(reads.kind, "", reads.reason), depth)
        return
    for word in words:
        if not ("%s" in word.text and len(words) > 1):
            yield from _secret_lines(word, reads, depth)


def _secret_lines(word: Word, reads: _Reads, depth: int) -> Iterator[Span]:
    for line in _LINE.finditer(word.text):
        start, text = line.start(1), line.group(1)
        if reads.separator:
            user, separator, _ = text.partition(reads.separator)
            if not separator or not _USER.match(user):
                continue
            start, text = start + len(user) + 1, text[len(user) + 1 :]
        value = closed(Word(word.start + start, text.strip(), word.quote))
        value = value._replace(start=value.start + len(text) - len(text.lstrip()))
        if is_secret_value(value, depth) and not value.text.startswith("//"):
            yield Span(value.start, value.end, reads.kind, reads.reason, reads.sure)


def _settings(word: Word, depth: int) -> Iterator[Span]:
    """`name: value` and `name = value`, line by line."""
    for field in _FIELD.finditer(word.text):
        kind = option_kind(field.group(1))
        value = closed(Word(word.start + field.start(4), field.group(4), field.group(3) or word.quote))
        if field.group(2).isspace() and not _STRONG.fullmatch(value.text):
            continue
        if kind and is_secret_value(value, depth):
            yield Span(value.start, value.end, kind, f"the name {field.group(1)} says so")


def _written(command: Command, depth: int) -> Iterator[Span]:
    """What echo and printf write: settings, fields of a format, or one secret for a file that is named after it."""
    name, words = _arguments(command)
    if name not in _PRODUCERS:
        return
    for word in words:
        yield from _settings(word, depth)
    if name == "printf" and words:
        yield from _formatted(words, depth)
    values = [word for word in words if not word.text.startswith("-") and word.text not in ("<", ">")]
    if len(values) == 1 and any(map(_is_secret_file, command.outputs)):
        value = closed(values[0])
        if _STRONG.fullmatch(value.text) and " " not in value.text and is_secret_value(value, depth):
            yield Span(value.start, value.end, "password", "the file is named after a secret")


def _formatted(words: list[Word], depth: int) -> Iterator[Span]:
    for place, value in zip(_FORMAT.finditer(words[0].text), words[1:], strict=False):
        kind = variable_kind(place.group(1)) if place.group(1) and place.group(2) else None
        if kind and is_secret_value(value, depth):
            yield Span(value.start, value.end, kind, f"the name {place.group(1)} says so")


def _is_secret_file(word: Word) -> bool:
    stem = _SPLIT.split(word.text.rpartition("/")[2])
    return any(variable_kind(part) for part in stem if part) or any(
        variable_kind(f"{a}_{b}") for a, b in pairwise(stem)
    )
