"""Words as the shell wants them: what is not itself gets a backslash."""

from __future__ import annotations

import re

_UNSAFE = re.compile(r"[^\w@%+:,./=-]|(?<![\w@%+:,./=-])[=]|\A[=]", re.ASCII)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def escaped(name: str) -> str:
    """`name` with a backslash before each character that the shell, zsh or bash, would not take as it is.

    Letters of other alphabets stay as they are.
    """
    return _UNSAFE.sub(lambda found: found[0] if _NOT_ASCII.match(found[0]) else "\\" + found[0], name)


def is_safe_to_show(name: str) -> bool:
    """Whether a terminal shows `name` as it is and no program takes it for an option.

    No control characters, no marks that turn the direction of writing, nothing that is not UTF-8.
    """
    return bool(name) and name.isprintable() and not name.startswith("-")
