"""Names that differ from machine to machine, set apart from the text; control characters, made visible."""

from __future__ import annotations

import getpass
import os
import re
import socket
from dataclasses import dataclass
from functools import lru_cache

HOME = "<home>"
USER = "<user>"
HOST = "<host>"

_SHORTEST_USER = 3
_COMMON_USERS = frozenset({"root", "git", "test", "docker", "user", "admin"})
"""Words that commands are made of: no use to hide, and harmful to replace."""

_ESCAPES = {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"}
_PLAIN = {escape: character for character, escape in _ESCAPES.items()}
_ESCAPE = re.compile(r"\\(?:[\\tnr]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class Normalizer:
    """Finds this person's home directory, user name and host name in text.

    `host` may be given fully qualified: it is kept short, and so is the text of `<host>`.
    Nothing is set apart for an empty name, nor for a word that is too common to be a name.
    """

    home: str
    user: str
    host: str
    domain: str = ""

    def __post_init__(self) -> None:
        short, _, domain = self.host.partition(".")
        object.__setattr__(self, "home", self.home.rstrip("/"))
        object.__setattr__(self, "host", short)
        object.__setattr__(self, "domain", self.domain or domain)

    @classmethod
    def current(cls) -> Normalizer:
        """This machine's and this user's."""
        try:
            user = getpass.getuser()
        except (KeyError, OSError):  # no account for this uid, as in a container
            user = ""
        return cls(os.environ.get("HOME", ""), user, socket.gethostname())

    def split(self, text: str) -> list[tuple[str | None, str]]:
        """Pieces of (`<home>`, `<user>`, `<host>` or None, literal text); the literals joined are `text`."""
        pieces: list[tuple[str | None, str]] = []
        end = 0
        for match in _names(self.home, self.user, self.host, self.domain).finditer(text):
            if match.start() > end:
                pieces.append((None, text[end : match.start()]))
            pieces.append((f"<{match.lastgroup}>", match.group()))
            end = match.end()
        if end < len(text):
            pieces.append((None, text[end:]))
        return pieces


@lru_cache(maxsize=8)
def _names(home: str, user: str, host: str, domain: str) -> re.Pattern[str]:
    """One pattern with a group for each name that there is; it never matches if there is none."""
    patterns = [r"(?!)"]
    if home:
        # Not inside a longer path, but behind `=`, `:`, `file://` and options of one letter (-I/home/ann).
        patterns.append(rf"(?:(?<![\w./~-])|(?<=\s-[A-Za-z])|(?<=://))(?P<home>{re.escape(home)})(?![\w.-])")
    if len(user) >= _SHORTEST_USER and user not in _COMMON_USERS:
        patterns.append(rf"(?<![\w-])(?P<user>{re.escape(user)})(?![\w-])")
    if host and host != "localhost":
        elsewhere = rf"(?!\.(?!{re.escape(domain)}(?![\w-]))\w)" if domain else r"(?!\.\w)"
        patterns.append(rf"(?<![\w.-])(?P<host>{re.escape(host)})(?![\w-]){elsewhere}")
    return re.compile("|".join(patterns))


def visible(text: str) -> str:
    r"""`text` on one line of printable characters, as in the shell's `$'...'`; `from_visible` gives it back.

    A byte that is not UTF-8 (a PEP 383 surrogate) is `\x80` to `\xff`, the character of that number `\u0080`.
    """
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(map(_visible_character, text))


def _visible_character(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def from_visible(text: str) -> str:
    """The inverse of `visible`; a backslash that begins none of its escapes stays as it is."""
    return _ESCAPE.sub(_escaped_character, text)


def _escaped_character(escape: re.Match[str]) -> str:
    written = escape.group()
    if written in _PLAIN:
        return _PLAIN[written]
    code = int(written[2:], 16)
    if written[1] == "x" and code >= 0x80:
        return chr(0xDC00 + code)
    return chr(code) if code <= 0x10FFFF else written
