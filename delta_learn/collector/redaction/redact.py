"""Secrets in commands become `<secret:KIND>` before anything is kept; the command keeps its shape."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from delta_learn.collector.redaction.grammar import read_command
from delta_learn.collector.redaction.guess import guessed
from delta_learn.collector.redaction.patterns import NO_PATTERNS, Patterns
from delta_learn.collector.redaction.rules import AUTH_SCHEMES, HEADERS, TEXT_SECRETS, URL_SECRETS, VENDOR_TOKENS
from delta_learn.collector.redaction.shellwords import Word
from delta_learn.collector.redaction.span import Span, merged, moved_back, replaced
from delta_learn.collector.redaction.words import is_secret_value, mentions_secret, option_kind, variable_kind
from delta_learn.entry import CommandEntry, Redacted

__all__ = ["Redaction", "Span", "redact", "redact_entry"]

_LONG_RUN = re.compile(r"[\w./-]{16}")
"""Every vendor's token has one: lines without are not searched for them."""

_ROUNDS = 8
"""Without a secret its neighbours may read otherwise, in lines that are hardly commands: they are read again."""

_NOT_FOUND = 127
"""Exit status of a shell that found no such command."""

_REPEATED = 6
"""A secret of so many characters is also replaced where it stands a second time."""
_REPEATS = 16
"""So many secrets of one line are looked for a second time: it bounds the work."""

_VENDORS = tuple(kind for kind, _ in VENDOR_TOKENS)
_VENDOR_TOKEN = re.compile("(?<![A-Za-z0-9])(?:" + "|".join(f"({p})" for _, p in VENDOR_TOKENS) + ")", re.ASCII)
_URL_SECRETS = tuple((kind, re.compile(pattern)) for kind, pattern in URL_SECRETS)
_TEXT_SECRETS = tuple((kind, cue, re.compile(pattern)) for kind, cue, pattern in TEXT_SECRETS)
_COLON = r"""\\?["']?\s*+:\s*+\\?["']?"""
_CREDENTIALS = rf"""(?:(?:{AUTH_SCHEMES})\s++)?+(?!(?:{AUTH_SCHEMES})(?![\w-]))([^\s"'\\|&;<>()$`{{}}]++)"""
_HEADERS = tuple((kind, re.compile(rf"(?<![\w-])(?:{name}){_COLON}{_CREDENTIALS}", re.I)) for kind, name in HEADERS)
_FIELD = re.compile(r"""\\?["']([A-Za-z_][\w.-]*+)\\?["']\s*+:\s*+\\?["']([^"'\\`$<>]++)(?=\\?["'])""")
_PLAIN = re.compile(r"""(?=.*[^a-z])(?=.*[A-Za-z])[^\s'"\\<>$`;|&()]+""")


@dataclass(frozen=True, slots=True)
class Redaction:
    """`redacted` is `command` with each span replaced by `<secret:KIND>`; spans are in order and apart."""

    command: str
    redacted: str
    spans: tuple[Span, ...]


def redact(command: str, patterns: Patterns = NO_PATTERNS) -> Redaction:
    """Replace the secrets in `command`; redacted text comes back as it is.

    The time is linear in the length of `command`, as far as the person's own `patterns` allow.
    """
    return _redact(command, patterns, guesses=True)


def redact_entry(entry: CommandEntry, patterns: Patterns = NO_PATTERNS) -> tuple[Redacted, tuple[Span, ...]]:
    """Replace the secrets in everything that `entry` holds.

    The spans are those of all fields, each with offsets in its own field.
    """
    command = _redact(entry.command, patterns, guesses=True, failed=entry.exit_code == _NOT_FOUND)
    directory = _redact(entry.directory or "", patterns, guesses=False)
    environment, environment_spans = _redact_values(entry.environment, patterns)
    system_info, system_spans = _redact_values(entry.system_info, patterns)
    spans = command.spans + directory.spans + environment_spans + system_spans
    if not spans:
        return Redacted(entry), ()
    clean = replace(
        entry,
        command=command.redacted,
        directory=directory.redacted if directory.spans else entry.directory,
        environment=environment,
        system_info=system_info,
    )
    return Redacted(clean), spans


def _redact(text: str, patterns: Patterns, *, guesses: bool, failed: bool = False) -> Redaction:
    spans = _secrets(text, patterns, guesses, failed)
    redacted = replaced(text, spans)
    for _ in range(_ROUNDS if spans else 0):
        more = moved_back(_secrets(redacted, patterns, guesses, failed), spans)
        if not more:
            break
        spans = merged([*spans, *more])
        redacted = replaced(text, spans)
    return Redaction(text, redacted, spans)


def _redact_values(variables: Mapping[str, str], patterns: Patterns) -> tuple[dict[str, str], tuple[Span, ...]]:
    clean: dict[str, str] = {}
    spans: tuple[Span, ...] = ()
    for name, value in variables.items():
        kind = variable_kind(name)
        found: tuple[Span, ...]
        if kind and is_secret_value(Word(0, value)):
            found = (Span(0, len(value), kind, f"the name {name} says so"),)
        else:
            found = _redact(value, patterns, guesses=False).spans
        clean[name] = replaced(value, found)
        spans += found
    return clean, spans


def _secrets(text: str, patterns: Patterns, guesses: bool, failed: bool) -> tuple[Span, ...]:
    spans = merged(_findings(text, patterns, guesses, failed))
    return merged([*spans, *_repeated(text, spans)]) if spans else spans


def _findings(text: str, patterns: Patterns, guesses: bool, failed: bool) -> Iterator[Span]:
    """All findings; where two agree on the place, the one that says most comes first."""
    yield from patterns.find(text)
    if _LONG_RUN.search(text):
        for token in _VENDOR_TOKEN.finditer(text):
            kind = _VENDORS[(token.lastindex or 1) - 1]
            yield Span(token.start(), token.end(), kind, f"tokens of {kind} look like this")
    if "://" in text or "/bot" in text:
        yield from _matches(_URL_SECRETS, text, "URLs hold secrets there")
    if mentions_secret(text):
        lowered = text.lower()
        told = [(kind, pattern) for kind, cue, pattern in _TEXT_SECRETS if cue in lowered]
        yield from _matches(told, text, "the text before it says so")
        if ":" in text:
            yield from _matches(_HEADERS, text, "the header's name says so")
            yield from _fields(text)
        yield from read_command(text)
    if guesses:
        yield from guessed(text, failed=failed)


def _matches(patterns: Iterable[tuple[str, re.Pattern[str]]], text: str, reason: str) -> Iterator[Span]:
    for kind, pattern in patterns:
        for match in pattern.finditer(text):
            if is_secret_value(Word(match.start(1), match.group(1))):
                yield Span(match.start(1), match.end(1), kind, reason)


def _fields(text: str) -> Iterator[Span]:
    """Values in JSON and its like, whatever quotes are around it: `{"password": "..."}`."""
    for field in _FIELD.finditer(text):
        kind = option_kind(field.group(1))
        if kind and is_secret_value(Word(field.start(2), field.group(2))):
            yield Span(field.start(2), field.end(2), kind, f"the name {field.group(1)} says so")


def _repeated(text: str, spans: Sequence[Span]) -> Iterator[Span]:
    """Where secrets that a sure rule found stand once more."""
    kinds = {text[s.start : s.end]: s.kind for s in spans[:_REPEATS] if s.sure and s.end - s.start >= _REPEATED}
    again = [re.escape(secret) for secret in sorted(kinds, key=len, reverse=True) if _PLAIN.fullmatch(secret)]
    if not again or not any(text.count(secret) > 1 for secret in kinds):
        return
    for match in re.finditer(rf"(?<![\w-])(?:{'|'.join(again)})(?![\w-])", text):
        yield Span(match.start(), match.end(), kinds[match.group()], "the same secret stands elsewhere in the line")
