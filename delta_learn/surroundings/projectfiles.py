"""Names that the files of a project give: make and just targets, package scripts, compose services."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterator

from delta_learn.surroundings.files import Files

_MOST = 500
_LONGEST = 1 << 18
"""Bytes of such a file; larger ones are made by programs, for programs."""

Parse = Callable[[str], tuple[str, ...]]

_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_JUSTFILES = ("justfile", "Justfile", ".justfile")
_COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")

_TARGET = r"[A-Za-z0-9_][\w./@+-]*"
_RULE = re.compile(rf"^({_TARGET}(?:[ \t]+{_TARGET})*)[ \t]*::?(?![:=])", re.MULTILINE)
_PHONY = re.compile(r"^\.PHONY[ \t]*:((?:[^\n\\]|\\\n|\\.)*)", re.MULTILINE)
_RECIPE = re.compile(r"^@?([A-Za-z][\w-]*)(?:[ \t][^\n:]*)?:(?!=)", re.MULTILINE)
_ALIAS = re.compile(r"^alias[ \t]+([A-Za-z][\w-]*)[ \t]*:=", re.MULTILINE)
_SERVICE = re.compile(r"""^([ \t]+)(["']?)([A-Za-z0-9][\w.-]*)\2[ \t]*:""")


def make_targets(directory: str, files: Files) -> Iterator[str]:
    """Targets of the makefile in `directory`, phony ones first; what it includes is not read."""
    return _first_of(_MAKEFILES, directory, files, _targets)


def just_recipes(directory: str, files: Files) -> Iterator[str]:
    """Recipes of the nearest justfile; those that begin with `_` are private."""
    return _nearest(_JUSTFILES, directory, files, _recipes)


def package_scripts(directory: str, files: Files) -> Iterator[str]:
    """Scripts of the nearest package.json."""
    return _nearest(("package.json",), directory, files, _scripts)


def compose_services(directory: str, files: Files) -> Iterator[str]:
    """Services of the nearest compose file."""
    return _nearest(_COMPOSE_FILES, directory, files, _services)


def _first_of(names: tuple[str, ...], directory: str, files: Files, parse: Parse) -> Iterator[str]:
    for name in names:
        found = files.parsed(posixpath.join(directory, name), parse, _LONGEST)
        if found is not None:
            yield from found
            return


def _nearest(names: tuple[str, ...], directory: str, files: Files, parse: Parse) -> Iterator[str]:
    place = posixpath.normpath(directory)
    found = list(_first_of(names, place, files, parse))
    while not found and (above := posixpath.dirname(place)) != place:
        place = above
        found = list(_first_of(names, place, files, parse))
    return iter(found)


def _targets(text: str) -> tuple[str, ...]:
    targets = [target for line in _RULE.findall(text) for target in line.split()]
    phony = {target for line in _PHONY.findall(text) for target in line.split()}
    unique = dict.fromkeys(targets[:_MOST])
    return tuple(sorted(unique, key=lambda target: target not in phony))


def _recipes(text: str) -> tuple[str, ...]:
    names = (*_RECIPE.findall(text), *_ALIAS.findall(text))
    return tuple(dict.fromkeys(name for name in names[:_MOST] if name not in ("set", "import", "mod", "export")))


def _scripts(text: str) -> tuple[str, ...]:
    try:
        scripts = json.loads(text).get("scripts", {})
    except (ValueError, AttributeError, RecursionError):  # RecursionError: nested to do harm
        return ()
    return tuple(scripts)[:_MOST] if isinstance(scripts, dict) else ()


def _services(text: str) -> tuple[str, ...]:
    """The keys one level below `services:`; so much of YAML needs no parser."""
    services: list[str] = []
    inside, depth = False, ""
    for line in text.splitlines():
        if line[:1] not in (" ", "\t", "#", ""):
            inside, depth = line.startswith("services:"), ""
        elif inside and (match := _SERVICE.match(line)):
            depth = depth or match[1]
            if match[1] == depth:
                services.append(match[3])
    return tuple(services[:_MOST])
