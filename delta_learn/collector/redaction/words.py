"""Which names hold secrets, and which values are secrets rather than references to one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from delta_learn.collector.redaction.rules import (
    HARMLESS_VALUES,
    HARMLESS_WORDS,
    LOGIN_NAMES,
    OPTION_NAMES,
    REFERENCES,
    VARIABLE_NAMES,
)
from delta_learn.collector.redaction.shellwords import Word, without_parameters
from delta_learn.collector.redaction.tool import names
from delta_learn.collector.redaction.tools import TOOLS

_SHORTEST = 3
"""Shorter values are names and numbers more often than secrets."""

_CUES = names(
    "pass assw assp pwd secret token key auth jwt bearer cookie identified cred mnemonic phrase signature"
    " psk sig= << stdin -pin -otp wifi: sonar. thin: masterauth"
)
_INPUT_OPTION = re.compile(r"\s-[a-zA-Z]*S\b")
_SHORT_NAME = re.compile(r"pw\b", re.I)
_USER = re.compile(r"\s(?:[-/][uUl]\b|-?-(?:user|login))")
_WORD = re.compile(r"[\w.+-]+")
_PROGRAMS = frozenset(name for name, tool in TOOLS.items() if " " not in name and (tool.tells or "" in tool.stdin))
_SUBCOMMANDS: dict[str, set[str]] = {}
for _key, _tool in TOOLS.items():
    if " " in _key and (_tool.tells or "" in _tool.stdin):
        _SUBCOMMANDS.setdefault(_key.split()[0], set()).add(_key.split()[-1])
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_UNDERSCORES = str.maketrans("-.:/", "____")
_OPTION_NAMES = tuple((kind, re.compile(pattern)) for kind, pattern in OPTION_NAMES)
_VARIABLE_NAMES = tuple((kind, re.compile(pattern)) for kind, pattern in VARIABLE_NAMES)
_LOGIN_NAME = re.compile(LOGIN_NAMES)
_PLACEHOLDER = re.compile(r"<secret:[a-z0-9_-]+>")
_ALPHANUMERIC = re.compile(r"[^\W_]")
_REFERENCE = re.compile("|".join(REFERENCES), re.S)
_LITERAL_REFERENCE = re.compile(r"\$\{?[A-Z_][A-Z0-9_]*\}?")


def mentions_secret(command: str) -> bool:
    """The cheap first look: whether `command` has any word by which a name or a tool could tell a secret."""
    lowered = command.lower()
    for cue in _CUES:
        if cue in lowered:
            return True
    if _SHORT_NAME.search(command) or _INPUT_OPTION.search(command):
        return True
    if (" -p" in command or " /p" in command) and _USER.search(command):
        return True
    words = set(_WORD.findall(command))
    if not words.isdisjoint(_PROGRAMS):
        return True
    return any(not words.isdisjoint(_SUBCOMMANDS[head]) for head in words if head in _SUBCOMMANDS)


@lru_cache(maxsize=1024)
def option_kind(name: str) -> str | None:
    """The kind of secret that an option or a field of this name holds, if any."""
    return _kind(name, _OPTION_NAMES)


@lru_cache(maxsize=1024)
def variable_kind(name: str) -> str | None:
    """The kind of secret that a variable of this name holds, if any."""
    return _kind(name, _VARIABLE_NAMES)


def holds_login(name: str) -> bool:
    """Whether the value of an option of this name is `user:SECRET`."""
    return _LOGIN_NAME.fullmatch(_plain(name)) is not None


@lru_cache(maxsize=1024)
def _plain(name: str) -> str:
    return _CAMEL.sub("_", name).lower().translate(_UNDERSCORES)


def _kind(name: str, patterns: Sequence[tuple[str, re.Pattern[str]]]) -> str | None:
    plain = _plain(name)
    for kind, pattern in patterns:
        if pattern.fullmatch(plain):
            return kind if HARMLESS_WORDS[kind].isdisjoint(plain.split("_")) else None
    return None


def without_placeholders(text: str) -> str:
    """`text` with NUL, which no command can have, in place of all that is redacted already."""
    if "<secret:" not in text:
        return text
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
