"""Paths as words: what the directory part leads to, as it is typed."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterator

from delta_learn.surroundings.commandline import Word, spelled
from delta_learn.surroundings.files import Files, Name
from delta_learn.surroundings.shellquote import escaped, is_safe_to_show

Wanted = Callable[[Name], bool]


def resolved(word: Word, directory: str) -> str | None:
    """The path that a word names, seen from `directory`; None where it depends on more than the files."""
    text = word.text
    if not word.plain:
        return None
    if word.raw.startswith("~"):
        home, rest = os.environ.get("HOME", ""), text[1:]
        if not home or (rest and not rest.startswith("/")):  # ~user may ask the network
            return None
        text = home + rest
    return posixpath.join(directory, text)


def paths(typed: Word, directory: str, files: Files, wanted: Wanted) -> Iterator[str]:
    """Whole words for the path that begins with `typed`, newest first; directories end with a slash.

    Nothing where what is typed has quotes, or variables and patterns in its directory part.
    """
    if "'" in typed.raw or '"' in typed.raw:
        return
    head = typed.raw[: typed.raw.rfind("/") + 1]
    place = resolved(spelled(head), directory) if head else directory
    if place is None:
        return
    base = typed.raw[len(head) :]
    for name in files.names(posixpath.normpath(place)):
        hidden = name.text.startswith(".") and not base.startswith(".")
        # Without a backslash in it a name that can follow begins as it is typed.
        if hidden or not name.text.startswith(base.partition("\\")[0]) or not is_safe_to_show(name.text):
            continue
        if wanted(name):
            word = head + escaped(name.text) + "/" * name.directory
            if word.startswith(typed.raw) and word != typed.raw:
                yield word


def any_name(name: Name) -> bool:  # noqa: ARG001
    """Every name."""
    return True


def directories_only(name: Name) -> bool:
    """No files."""
    return name.directory


def executables(name: Name) -> bool:
    """What can be run, and directories, which may hold such."""
    return name.executable or name.directory


def with_suffix(*suffixes: str) -> Wanted:
    """Files whose names end so."""
    return lambda name: not name.directory and name.text.endswith(suffixes)


def python_modules(typed: str, directory: str, files: Files) -> Iterator[str]:
    """What `python -m` may run: modules and packages by their dotted names."""
    package, dot, _ = typed.rpartition(".")
    for name in files.names(posixpath.join(directory, *package.split(".")) if dot else directory):
        stem = name.text if name.directory else name.text.removesuffix(".py")
        if stem.isidentifier() and (name.directory or stem != name.text) and not stem.startswith("__"):
            yield package + dot + stem
