"""Secrets told by their looks alone: long random words, phrases of a wallet, and a password typed at the prompt."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from itertools import pairwise

from delta_learn.collector.redaction.span import Span
from delta_learn.collector.redaction.tool import names

_RANDOM = re.compile(
    r"(?:(?<=\s)|(?<=\s['\"])|(?<=[A-Z]=)|(?<=[A-Z]=['\"])|\A['\"]?)([A-Za-z0-9+/_-]{32,}={0,2})(?![^\s'\";)])"
)
_CHANGES = 0.4
"""At least this share of the neighbours in a random word are of different classes (.62 on average)."""
_NOT_RANDOM = re.compile(r"Qm|AAAA|(?i:sha\d)|0x|/|.*(?:/[^/]{0,3}/|--|__|EXAMPLE)", re.S)
"""Content addresses, public keys, digests, paths."""
_RUN = re.compile(r"[A-Za-z0-9]+")
_LONGEST_RUN = 12
_DIGITS = 3
_IDS = re.compile(
    r"(?:^|[\s/])(?:ipfs|ipget|gdown|gdrive|yt-dlp|youtube-dl|solana|spl-token|base64|base32|xxd|git|ssh-keygen|aws)\s"
    r"|(?:id|ids|digest|hash|cid|checksum|sum|fingerprint|file|name|address|url|ref|rev|arn|commit|etag|marker|cursor"
    r"|version|playlist|integrity|pubkey|public-key|continuation|next-token|starting-token|page-token|content)[=\s]\S*\Z"
)
_WALLET = re.compile(r"mnemonic|seed|recover|wallet|phrase|import", re.I)
_PHRASE = re.compile(r"(?<=[\"'])(?:[a-z]{3,8} ){11}(?:(?:[a-z]{3,8} ){3}){0,4}[a-z]{3,8}(?=[\"'])")

_LENGTHS = range(6, 41)
_SYMBOL = re.compile(r"[A-Za-z0-9][!@#$%^&*?+=~]|[!@#%^&*?+~]\Z|\A[@^]")
_NO_PASSWORD = re.compile(
    r"""
      [!%^~./$:#({\[<>;|&-].*              # history expansion, jobs, paths, parameters, comments
    | .*(?:[/<>|;()`\\'"]|\$[A-Za-z_{(]|&&|!!|\$\?).*    # anything with the shell's grammar in it
    | .*[&=]                               # in the background; an empty assignment
    | [\w.-]*\+?=.*                        # an assignment
    | [a-z0-9._+-]+@[a-z0-9.-]+(?::.*)?    # user@host, package@version
    | [\w.+-]+@[\w-]+\.[\w.-]+             # an address
    | (?:[\w-]+\.)+[\w-]+                  # hosts, files, versions
    | .*[*?].*\..*                         # a pattern of files
    | (?:[a-z]+\+\+|c\+\+)[\w.-]*
    | .*[,{}].*
    | [a-z0-9_-]*\$
    """,
    re.X | re.S,
)
_TAIL = re.compile(r"\d+\Z")
_MISTYPED = frozenset(
    names("python php ruby perl node java gcc clang lua mysql psql sha256sum md5sum base64 bzip2 gzip")
)


def guessed(text: str, *, failed: bool) -> Iterator[Span]:
    """Spans of `text` that look like a secret; `failed` tells that the shell found no such command."""
    if "base64" not in text:
        yield from _random_words(text)
    if text.count(" ") > 10 and _WALLET.search(text):
        for phrase in _PHRASE.finditer(text):
            yield Span(phrase.start(), phrase.end(), "seed", "so many plain words are a wallet's phrase", False)
    word = text.strip()
    if len(word) in _LENGTHS and is_password(word, failed=failed):
        start = text.index(word)
        yield Span(start, start + len(word), "password", "the line is one word that looks like a password", False)


def _random_words(text: str) -> Iterator[Span]:
    for word in _RANDOM.finditer(text):
        if _is_random(word.group(1)) and not _IDS.search(text, 0, word.start(1)):
            yield Span(word.start(1), word.end(1), "key", "the word is long and random", False)


def _is_random(word: str) -> bool:
    if _NOT_RANDOM.match(word) or _is_encoded_text(word):
        return False
    classes = "".join(map(_class_of, word))
    if any(len(re.findall(f"{kind}+", classes)) < 2 for kind in "aA0") or classes.count("0") < _DIGITS:
        return False
    changes = sum(a != b for a, b in pairwise(classes))
    return changes >= _CHANGES * len(word) and max(map(len, _RUN.findall(word))) >= _LONGEST_RUN


def _is_encoded_text(word: str) -> bool:
    """Whether `word` is text in base64: no key is."""
    plain = word.rstrip("=")
    try:
        decoded = base64.urlsafe_b64decode(plain.replace("+", "-").replace("/", "_")[: len(plain) // 4 * 4])
    except ValueError:
        return False
    return all(32 <= byte < 127 or byte in b"\r\n\t" for byte in decoded)


def _class_of(character: str) -> str:
    if character.isdigit():
        return "0"
    return "A" if character.isupper() else "a" if character.islower() else "-"


def is_password(word: str, *, failed: bool) -> bool:
    """Whether `word`, alone on its line, was rather meant for a password prompt than for the shell."""
    if not word.isprintable() or any(map(str.isspace, word)) or _NO_PASSWORD.fullmatch(word):
        return False
    lower, upper = any(map(str.islower, word)), any(map(str.isupper, word))
    digit, symbol = any(map(str.isdigit, word)), _SYMBOL.search(word) is not None
    letter = lower or upper
    if failed:
        return (letter and digit and symbol) or (lower and upper and digit) or _is_word_and_number(word)
    if len(word) < 8 or not (letter and digit):
        return False
    return symbol or (lower and upper and _is_broken_up(word))


def _is_broken_up(word: str) -> bool:
    """Digits stand between letters in two places or more: `Pa55w0rd`, not `Projects2024`."""
    return len(re.findall(r"(?<=[A-Za-z])\d+(?=[A-Za-z])", word)) > 1


def _is_word_and_number(word: str) -> bool:
    """A word and a year or so, but no program with its version: `letmein99`, not `python311`."""
    stem = _TAIL.sub("", word)
    if not stem.isalpha() or len(word) - len(stem) < 2 or len(stem) < 5:
        return False
    return not any(abs(len(stem) - len(name)) < 2 and _is_near(stem, name) for name in _MISTYPED)


def _is_near(word: str, name: str) -> bool:
    return len(set(word) ^ set(name)) < 3
