"""Wrappers: programs and reserved words before the program that does the work."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from delta_learn.surroundings.commandline import Word
from delta_learn.surroundings.wordset import word_set


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A program that runs the command behind its own options and operands."""

    valued: frozenset[str] = frozenset()
    """Options whose value is the next word."""
    operands: int = 0
    local: bool = True
    """The command runs in the present directory, with the words that follow as they are."""


def _wrapper(valued: str = "", operands: int = 0, *, local: bool = True) -> Wrapper:
    return Wrapper(word_set(valued), operands, local)


_PLAIN = word_set("! time command builtin exec nohup noglob nocorrect setsid eatmydata caffeinate unbuffer")
_RESERVED = word_set("if then else elif while until do { coproc")

WRAPPERS: Mapping[str, Wrapper] = {
    **dict.fromkeys(_PLAIN, _wrapper("-f -o -a")),
    **dict.fromkeys(_RESERVED, _wrapper(local=False)),
    "sudo": _wrapper("-u -g -h -p -C -D -R -T -U -r -t --user --group --host --prompt --chdir"),
    "doas": _wrapper("-u -C"),
    "env": _wrapper("-u -C --unset --chdir"),
    "nice": _wrapper("-n --adjustment"),
    "ionice": _wrapper("-c -n -p --class --classdata"),
    "chrt": _wrapper(operands=1),
    "taskset": _wrapper(operands=1),
    "timeout": _wrapper("-k -s --kill-after --signal", operands=1),
    "stdbuf": _wrapper("-i -o -e --input --output --error"),
    "strace": _wrapper("-e -o -p -s -u"),
    "watch": _wrapper("-n --interval", local=False),
    "xargs": _wrapper("-I -i -n -P -L -l -d -a -E -s --replace --max-args --max-procs --delimiter", local=False),
    "parallel": _wrapper("-j -I -a --jobs", local=False),
    "busybox": _wrapper(),
    "chroot": _wrapper(operands=1, local=False),
    "ssh": _wrapper("-p -i -l -o -F -J -L -R -D -b -c -e -m -w -E -I -O -Q -S -W -B", operands=1, local=False),
}

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")


@dataclass(frozen=True, slots=True)
class Program:
    """A program with its arguments, and the names of the wrappers before it."""

    name: str
    """Without its directory."""
    word: Word
    arguments: Sequence[Word]
    wrappers: tuple[str, ...] = ()

    @property
    def local(self) -> bool:
        """Whether it runs in the present directory with its arguments as they are."""
        return all(WRAPPERS[name].local for name in self.wrappers)


def program(words: Sequence[Word], wrappers: Mapping[str, Wrapper] = WRAPPERS) -> Program | None:
    """The program that does the work behind `wrappers`; None where there is none."""
    passed: list[str] = []
    position = 0
    while position < len(words):
        word = words[position]
        name = base_name(word.text)
        wrapper = wrappers.get(name)
        if wrapper is not None:
            passed.append(name)
            position = _behind(wrapper, words, position + 1)
        elif _ASSIGNMENT.match(word.text):
            position += 1
        else:
            return Program(name, word, words[position + 1 :], tuple(passed))
    return None


def base_name(text: str) -> str:
    """The name of a program without its directory."""
    return text.rpartition("/")[2]


def _behind(wrapper: Wrapper, words: Sequence[Word], position: int) -> int:
    """Where the wrapped command begins."""
    operands = wrapper.operands
    while position < len(words):
        text = words[position].text
        if text.startswith("-") and len(text) > 1:
            position += 2 if text in wrapper.valued else 1
        elif operands:
            operands -= 1
            position += 1
        else:
            break
    return position
