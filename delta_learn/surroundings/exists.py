"""Whether a command can work here: it names files that are there, or none that could be looked up."""

from __future__ import annotations

import os
import posixpath
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from delta_learn.surroundings.commandline import Word, commands
from delta_learn.surroundings.deadline import Deadline
from delta_learn.surroundings.files import Files, shared_files
from delta_learn.surroundings.pathwords import resolved
from delta_learn.surroundings.wordset import word_set
from delta_learn.surroundings.wrappers import Program, program

_MOST_WORDS = 10
"""Of a command: more are not looked up."""


@dataclass(frozen=True, slots=True)
class Needs:
    """Which operands of a program are files that it needs."""

    flags: str = ""
    """Letters of options without a value; what follows any other option may be its value."""
    skipped: int = 0
    """Operands before the files."""
    most: int = _MOST_WORDS
    """Files that it needs: what follows are arguments of a script."""
    but_last: bool = False
    """The last operand is the destination."""
    stop: str = ""
    """Options with which it needs no files, or needs others: nothing is judged then."""


_TABLE: Iterable[tuple[str, Needs]] = (
    ("cat tac", Needs("AbeEnstTuv")),
    ("less more", Needs("eEfFiIKnNrRsSwWX")),
    ("bat batcat", Needs("pAnu")),
    ("head", Needs("qvz")),
    ("tail", Needs("fFqvzr")),
    ("wc", Needs("clmwL")),
    ("nl od xxd hexdump strings file", Needs("bikLsC")),
    ("stat", Needs("Lt")),
    ("diff cmp", Needs("abBcdeEiNpqrstuwyZ")),
    ("md5sum sha1sum sha256sum sha512sum", Needs("bctwz")),
    ("rm", Needs("rRdviI", stop="f")),
    ("rmdir", Needs("pv")),
    ("unlink readlink", Needs("efmnqsvz")),
    ("mv cp", Needs("abdfiLnpPrRsuvxlHT", but_last=True, stop="t")),
    ("chmod chown chgrp", Needs("cfvRhHLP", skipped=1)),
    ("ls ll la", Needs("aAbBcCdfFgGhHiklLmnNopqQrRsStuUvxXZ1")),
    ("gunzip zcat bzcat xzcat gzip bzip2 xz unxz bunzip2 zstd unzstd", Needs("cdfklLnNqrtvVz123456789")),
    ("unzip", Needs("opqvltznjaLCXK", most=1)),
    ("python python3 pypy pypy3 ipython", Needs("bBdEiIOPqsSuvx", most=1, stop="mc")),
    ("bash sh zsh dash ksh", Needs("ilrxvneu", most=1, stop="cs")),
    ("node ruby perl php lua Rscript", Needs("wcv", most=1, stop="epriEnRBt")),
)
_NEEDS: Mapping[str, Needs] = {name: needs for names, needs in _TABLE for name in names.split()}

_TAR_EXTRACTS = re.compile(r"-?[a-zA-Z]*x[a-zA-Z]*f|-?[a-zA-Z]*f[a-zA-Z]*x")
_CLONE_FLAGS = word_set(
    "--recursive --recurse-submodules --quiet -q --verbose -v --progress --no-checkout -n --single-branch -l --local"
    " --no-tags --no-single-branch --shallow-submodules"
)
_CLONED_OTHERWISE = word_set("--bare --mirror --separate-git-dir -C")
_SILENT = frozenset({"2>", "2>>", "&>", "&>>"})
_SUFFIXES = {"unzip": (".zip", ".ZIP"), "gunzip": (".gz",), "bunzip2": (".bz2",), "unxz": (".xz",), "zcat": (".gz",)}
"""What a program adds to a name by itself."""


def stands(command: str, directory: str, deadline: Deadline, files: Files | None = None) -> bool:
    """Whether `command` can do something in `directory`, as far as its first simple command tells.

    False: it changes to what is no directory or is the present one, reads, moves or removes files that are not
    there, makes a directory or clones into one that is. True in doubt, and where the files do not answer in time.
    """
    looking = files or shared_files()
    return looking.bounded(lambda: _stands(command, directory, looking), otherwise=True, deadline=deadline)


def _stands(command: str, directory: str, files: Files) -> bool:
    found = commands(command)
    first = found[0] if found else None
    # Behind `||`, and where errors are thrown away, failing is part of the plan.
    if first is None or first.end == "||" or any(operator in _SILENT for operator, _ in first.redirections):
        return True
    work = program(first.words)
    if work is None or not work.local or not work.word.plain:
        return True
    here = _Here(directory, files)
    return here.runs(work) and here.judged(work)


class _Here:
    """Judges commands in one directory."""

    def __init__(self, directory: str, files: Files) -> None:
        self.directory = directory
        self.files = files

    def runs(self, work: Program) -> bool:
        """`./script` has to be there."""
        return "/" not in work.word.text or not self._missing(work.word)

    def judged(self, work: Program) -> bool:
        if work.name in ("cd", "pushd"):
            return self._enters(work)
        if work.name == "mkdir":
            return self._makes(work)
        if work.name == "git":
            return self._clones(work)
        if work.name in ("source", "."):
            return self._sources(work)
        if work.name == "tar":
            return self._extracts(work)
        needs = _NEEDS.get(work.name)
        return needs is None or self._finds(work, needs)

    def _enters(self, work: Program) -> bool:
        """`cd` without a word goes home; with `-`, two words or CDPATH it may go anywhere."""
        operands = [word for word in work.arguments if not re.fullmatch(r"-[PLe@]+|--", word.text)]
        if not operands and work.name == "pushd":
            return True
        home = Word("~", "~")
        target = operands[0] if operands else home
        if len(operands) > 1 or target.text[:1] in ("-", "+") or os.environ.get("CDPATH"):
            return True
        path = resolved(target, self.directory)
        if path is None:
            return True
        # The shell takes `..` off the path by which it came, not off the one that links lead to.
        return self._is_other_directory(posixpath.normpath(path))

    def _is_other_directory(self, path: str) -> bool:
        try:
            there = self.files.status(path)
            here = self.files.status(self.directory)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except (OSError, ValueError):
            return True
        return stat.S_ISDIR(there.st_mode) and (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino)

    def _makes(self, work: Program) -> bool:
        """`mkdir` of what is there fails; with -p it does nothing where all of it is there."""
        words = list(_operands(work.arguments, Needs("pv")))
        if not words or not all(word.plain for word in words):
            return True
        there = [self._there(word) for word in words[:_MOST_WORDS]]
        parents = any(re.fullmatch(r"-[a-z]*p[a-z]*|--parents", word.text) for word in work.arguments)
        return not (all(there) if parents else any(there))

    def _clones(self, work: Program) -> bool:
        """`git clone` into a directory that holds something fails."""
        words = work.arguments
        if not words or words[0].text != "clone" or _CLONED_OTHERWISE.intersection(word.text for word in words):
            return True
        operands = list(_operands(words[1:], Needs(), _CLONE_FLAGS))
        if len(operands) not in (1, 2) or not all(word.plain for word in operands):
            return True
        last = operands[-1].text.rstrip("/")
        name = last if len(operands) == 2 else re.split(r"[/:]", last.removesuffix("/.git").removesuffix(".git"))[-1]
        path = resolved(Word(name, name), self.directory) or ""
        return not (self._there(Word(name, name)) and (self.files.names(path) or not self.files.is_directory(path)))

    def _sources(self, work: Program) -> bool:
        """A name without a slash is looked up in PATH first."""
        first = work.arguments[0] if work.arguments else None
        return first is None or "/" not in first.text or not self._missing(first)

    def _extracts(self, work: Program) -> bool:
        words = work.arguments
        if len(words) < 2 or not _TAR_EXTRACTS.fullmatch(words[0].text):
            return True
        return ":" in words[1].text or not self._missing(words[1])  # a colon: on another machine

    def _finds(self, work: Program, needs: Needs) -> bool:
        stopped = re.compile(rf"-[a-zA-Z]*[{needs.stop}]|--(?!help).*" if needs.stop else r"--reference.*|--from.*")
        if any(stopped.match(word.text) for word in work.arguments[:_MOST_WORDS]):
            return True
        words = list(_operands(work.arguments, needs))[needs.skipped :]
        words = words[:-1] if needs.but_last else words
        return not any(
            self._missing(word) and not self._with_suffix(work.name, word)
            for word in words[: min(needs.most, _MOST_WORDS)]
        )

    def _with_suffix(self, name: str, word: Word) -> bool:
        return any(self._there(Word(word.text + end, word.text + end)) for end in _SUFFIXES.get(name, ()))

    def _missing(self, word: Word) -> bool:
        """Whether the path is surely not there; `-` is what is typed or piped, `+5` a line, `a:b` may be anywhere."""
        if not word.plain or not word.text or word.text == "-" or word.text.startswith("+") or "://" in word.text:
            return False
        path = resolved(word, self.directory)
        return path is not None and self._status(path) is False

    def _there(self, word: Word) -> bool:
        path = resolved(word, self.directory)
        return path is not None and self._status(path) is True

    def _status(self, path: str) -> bool | None:
        """Whether there is something at `path`, be it a link to nothing; None where nobody can tell."""
        try:
            self.files.status(path, follow=False)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except (OSError, ValueError):
            return None
        return True


def _operands(arguments: Iterable[Word], needs: Needs, known: frozenset[str] = frozenset()) -> Iterator[Word]:
    """The words that are neither options nor may be values of one, before the first that nobody can tell."""
    flags = re.compile(rf"-[{needs.flags}]+" if needs.flags else r"-")
    options, value = True, False
    for word in arguments:
        if options and word.text.startswith("-") and word.text != "-":
            options = word.text != "--"
            value = options and "=" not in word.text and word.text not in known and not flags.fullmatch(word.text)
        elif not value:
            yield word
        else:
            value = False
