"""Which names hold secrets, and which values are secrets rather than references to one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from delta_learn.collector.redact_rules import (
    HARMLESS_VALUES,
    HARMLESS_WORDS,
    NAMES,
    REFERENCES,
    VARIABLE_NAMES,
)
from delta_learn.collector.redact_tools import TOOLS, Tool
from delta_learn.collector.shellwords import Word, without_parameters

_SHORTEST = 3
"""Shorter values are names and numbers more often than secrets."""

_TOOL_WORDS = "|".join(
    re.escape(key.split()[-1]) for key, tool in TOOLS.items() if tool != Tool(harmless=tool.harmless)
)
_HINT = re.compile(
    "pass|pwd|pw\\b|secret|token|key|auth|jwt|bearer|cookie|identified"
    rf"|(?<![\w-])(?:{_TOOL_WORDS})(?![\w-])",
    re.I,
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_UNDERSCORES = str.maketrans("-.:/", "____")
_OPTION_NAMES = tuple((kind, re.compile(pattern)) for kind, pattern in NAMES)
_VARIABLE_NAMES = tuple((kind, re.compile(pattern)) for kind, pattern in VARIABLE_NAMES)
_PLACEHOLDER = re.compile(r"<secret:[a-z0-9_-]+>")
_ALPHANUMERIC = re.compile(r"[^\W_]")
_REFERENCE = re.compile("|".join(REFERENCES), re.S)
_LITERAL_REFERENCE = re.compile(r"\$\{?[A-Z_][A-Z0-9_]*\}?")


def mentions_secret(command: str) -> bool:
    """The cheap first look: whether `command` has any word by which a name or a tool could tell a secret."""
    return _HINT.search(command) is not None


def option_kind(name: str) -> str | None:
    """The kind of secret that an option or a field of this name holds, if any."""
    return _kind(name, _OPTION_NAMES)


def variable_kind(name: str) -> str | None:
    """The kind of secret that a variable of this name holds, if any."""
    return _kind(name, _VARIABLE_NAMES)


def _kind(name: str, patterns: Sequence[tuple[str, re.Pattern[str]]]) -> str | None:
    plain = _CAMEL.sub("_", name).lower().translate(_UNDERSCORES)
    for kind, pattern in patterns:
        if pattern.fullmatch(plain):
            return kind if HARMLESS_WORDS[kind].isdisjoint(plain.split("_")) else None
    return None


def without_placeholders(text: str) -> str:
    """`text` with NUL, which no command can have, in place of all that is redacted already."""
    return _PLACEHOLDER.sub(lambda placeholder: "\0" * len(placeholder.group()), text)


def is_secret_value(word: Word, depth: int = 0) -> bool:
    """Whether `word` spells a secret out: no reference, no place to fill in, nothing already redacted.

    In single quotes `$` is a character like others, unless they stand in a command inside quotes (`depth`).
    """
    text = without_placeholders(word.text).replace("\0", "")
    if not word.quote.endswith("'") or depth > 0 or _LITERAL_REFERENCE.fullmatch(text):
        text = without_parameters(text)
    if len(text) < _SHORTEST or text.lower() in HARMLESS_VALUES:
        return False
    return _ALPHANUMERIC.search(text) is not None and not _REFERENCE.fullmatch(text)
