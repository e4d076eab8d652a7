"""Secrets of the person's own: regular expressions from config.json, by kind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from delta_learn.collector.redaction.span import Span
from delta_learn.collector.redaction.words import without_placeholders
from delta_learn.errors import ConfigError

_KIND = re.compile(r"[a-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True)
class Patterns:
    """Kinds of secrets with their expressions; group 1, if there is one, is the secret, else all that matches."""

    rules: tuple[tuple[str, re.Pattern[str]], ...] = ()

    def find(self, text: str) -> Iterator[Span]:
        """What the expressions match in `text`; placeholders are never part of a match alone."""
        if not self.rules:
            return
        plain = without_placeholders(text)
        for kind, pattern in self.rules:
            for match in pattern.finditer(plain):
                start, end = match.span(1 if pattern.groups else 0)
                if plain[start:end].strip("\0"):
                    yield Span(start, end, kind, f"your own pattern {kind} matches")


NO_PATTERNS = Patterns()


def compile_patterns(config: Mapping[str, str]) -> Patterns:
    """The expressions of `config`, kind to expression.

    Raises:
        ConfigError: a kind that cannot stand in a placeholder, or an expression that is none or matches nothing at all.
    """
    return Patterns(tuple((_checked_kind(kind), _compiled(kind, text)) for kind, text in config.items()))


def _checked_kind(kind: str) -> str:
    if not _KIND.fullmatch(kind):
        raise ConfigError(f"collect.redact: {kind!r} is no kind of secret; use 1 to 40 of a-z, 0-9, - and _.")
    return kind


def _compiled(kind: str, text: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise ConfigError(
            f"collect.redact: the expression of {kind} is not valid ({error}); mend or remove it."
        ) from error
    if pattern.search(""):
        raise ConfigError(
            f"collect.redact: the expression of {kind} matches empty text; make it match only the secret."
        )
    return pattern
