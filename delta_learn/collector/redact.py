"""Secrets in commands become `<secret:KIND>` before anything is kept; the command keeps its shape."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from delta_learn.collector.redact_grammar import read_command
from delta_learn.collector.redact_rules import AUTH_SCHEMES, HEADERS, TEXT_SECRETS, URL_SECRETS, VENDOR_TOKENS
from delta_learn.collector.redact_words import is_secret_value, mentions_secret, option_kind, variable_kind
from delta_learn.collector.shellwords import Word
from delta_learn.collector.span import Span, merged, moved_back, replaced
from delta_learn.entry import CommandEntry, Redacted

__all__ = ["Redaction", "Span", "redact", "redact_entry"]

_LONG_RUN = re.compile(r"[\w./-]{16}")
"""Every vendor's token has one: lines without are not searched for them."""

_ROUNDS = 8
"""Without a secret its neighbours may read otherwise, in lines that are hardly commands: they are read again."""

_VENDORS = tuple(kind for kind, _ in VENDOR_TOKENS)
_VENDOR_TOKEN = re.compile("(?<![A-Za-z0-9])(?:" + "|".join(f"({p})" for _, p in VENDOR_TOKENS) + ")", re.ASCII)
_URL_SECRETS = tuple((kind, re.compile(pattern)) for kind, pattern in URL_SECRETS)
_TEXT_SECRETS = tuple((kind, re.compile(pattern)) for kind, pattern in TEXT_SECRETS)
_COLON = r"""\\?["']?\s*+:\s*+\\?["']?"""
_CREDENTIALS = rf"""(?:(?:{AUTH_SCHEMES})\s++)?+(?!(?:{AUTH_SCHEMES})(?![\w-]))([^\s"'\\|&;<>()$`{{}}]++)"""
_HEADERS = tuple((kind, re.compile(rf"(?<![\w-])(?:{name}){_COLON}{_CREDENTIALS}", re.I)) for kind, name in HEADERS)
_FIELD = re.compile(r"""\\?["']([A-Za-z_][\w.-]*+)\\?["']\s*+:\s*+\\?["']([^"'\\`$<>]++)(?=\\?["'])""")


@dataclass(frozen=True, slots=True)
class Redaction:
    """`redacted` is `command` with each span replaced by `<secret:KIND>`; spans are in order and apart."""

    command: str
    redacted: str
    spans: tuple[Span, ...]


def redact(command: str) -> Redaction:
    """Replace the secrets in `command`, in time linear in its length; redacted text comes back as it is."""
    spans = merged(_secrets(command))
    redacted = replaced(command, spans)
    for _ in range(_ROUNDS if spans else 0):
        more = moved_back(_secrets(redacted), spans)
        if not more:
            break
        spans = merged([*spans, *more])
        redacted = replaced(command, spans)
    return Redaction(command, redacted, spans)


def redact_entry(entry: CommandEntry) -> tuple[Redacted, tuple[Span, ...]]:
    """Replace the secrets in everything that `entry` holds.

    The spans are those of all fields, each with offsets in its own field.
    """
    command = redact(entry.command)
    directory = redact(entry.directory or "")
    environment, environment_spans = _redact_values(entry.environment)
    system_info, system_spans = _redact_values(entry.system_info)
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


def _redact_values(variables: Mapping[str, str]) -> tuple[dict[str, str], tuple[Span, ...]]:
    clean: dict[str, str] = {}
    spans: tuple[Span, ...] = ()
    for name, value in variables.items():
        kind = variable_kind(name)
        found = (Span(0, len(value), kind),) if kind and is_secret_value(Word(0, value)) else redact(value).spans
        clean[name] = replaced(value, found)
        spans += found
    return clean, spans


def _secrets(command: str) -> Iterator[Span]:
    """All findings; where two agree on the place, the one that says most comes first."""
    if _LONG_RUN.search(command):
        for token in _VENDOR_TOKEN.finditer(command):
            yield Span(token.start(), token.end(), _VENDORS[(token.lastindex or 1) - 1])
    if "://" in command:
        yield from _matches(_URL_SECRETS, command)
    if mentions_secret(command):
        yield from _matches(_TEXT_SECRETS, command)
        yield from _matches(_HEADERS, command)
        yield from _fields(command)
        yield from read_command(command)


def _matches(patterns: Iterable[tuple[str, re.Pattern[str]]], text: str) -> Iterator[Span]:
    for kind, pattern in patterns:
        for match in pattern.finditer(text):
            if is_secret_value(Word(match.start(1), match.group(1))):
                yield Span(match.start(1), match.end(1), kind)


def _fields(text: str) -> Iterator[Span]:
    """Values in JSON and its like, whatever quotes are around it: `{"password": "..."}`."""
    for field in _FIELD.finditer(text):
        kind = option_kind(field.group(1))
        if kind and is_secret_value(Word(field.start(2), field.group(2))):
            yield Span(field.start(2), field.end(2), kind)
