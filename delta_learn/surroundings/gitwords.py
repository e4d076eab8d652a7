"""What the arguments of git's commands may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from delta_learn.surroundings import git
from delta_learn.surroundings.asked import Asked
from delta_learn.surroundings.pathwords import any_name
from delta_learn.surroundings.wordset import word_set

_OTHER_BRANCH = word_set("checkout switch merge rebase branch")
"""Commands that are of no use with the branch that is checked out."""
_ANY_REFERENCE = word_set(
    "log show reset cherry-pick revert rev-parse rev-list describe range-diff format-patch bisect archive"
)
_TRANSFERS = word_set("push pull fetch")
_NAMES = word_set("add restore rm mv blame stage annotate ls-files check-ignore apply am")
_COMPARED = word_set("diff difftool")
_NEW_NAME = word_set("-b -B -c -C --create --orphan -m -M --message")
"""What follows is made up."""
_VALUED = word_set("-C -c --git-dir --work-tree --namespace")


@dataclass(frozen=True, slots=True)
class Words:
    """Words of one kind."""

    words: Iterable[str]
    are_paths: bool = False
    """They are as the shell wants them already."""


def sources(asked: Asked) -> Iterator[Words]:
    """The kinds of words that may follow `git ARGUMENTS`, likeliest first."""
    inside = _inside(asked)
    if inside is None or not inside.arguments:
        return
    command, arguments = inside.arguments[0], inside.arguments[1:]
    names = Words(inside.paths(any_name), are_paths=True)
    if "--" in arguments or command in _NAMES:
        yield names
    elif not (_NEW_NAME.intersection(arguments[-1:]) or (command == "commit" and not arguments)):
        repository = git.repository(inside.directory, inside.files)
        if repository is not None:
            yield from _of_repository(command, inside, repository, names)


def _inside(asked: Asked) -> Asked | None:
    """What is asked behind git's own options, in the directory that `-C` names."""
    arguments, directory = list(asked.arguments), asked.directory
    while arguments and arguments[0].startswith("-"):
        option = arguments.pop(0)
        if option in _VALUED and arguments:
            value = arguments.pop(0)
            place = asked.resolved(value) if option == "-C" else directory
            if place is None:
                return None
            directory = place
    return replace(asked, arguments=tuple(arguments), directory=directory)


def _of_repository(command: str, asked: Asked, repository: git.Repository, names: Words) -> Iterator[Words]:
    files = asked.files
    if command in _TRANSFERS:
        yield from _transferred(asked, repository)
    elif command == "remote":
        yield Words(git.remotes(repository, files))
    elif command == "tag":
        yield Words(git.tags(repository, files))
    elif command in _COMPARED:
        yield names
        yield Words(_references(asked, repository, current=True))
    elif command in _OTHER_BRANCH:
        yield Words(_references(asked, repository, current=False))
        if command in ("checkout", "switch"):
            yield Words(name.partition("/")[2] for name in git.remote_branches(repository, files))
        if command == "checkout":
            yield names
    elif command in _ANY_REFERENCE:
        yield Words(_references(asked, repository, current=True))
        yield names


def _references(asked: Asked, repository: git.Repository, *, current: bool) -> Iterator[str]:
    files = asked.files
    return chain(
        git.branches(repository, files, current=current),
        git.remote_branches(repository, files),
        git.tags(repository, files),
    )


def _transferred(asked: Asked, repository: git.Repository) -> Iterator[Words]:
    """A remote, then what is sent to it or fetched from it."""
    if len(asked.operands) < 2:
        yield Words(git.remotes(repository, asked.files))
    else:
        yield Words(git.branches(repository, asked.files))
        yield Words(git.tags(repository, asked.files))
