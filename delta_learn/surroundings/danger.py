"""Whether a command destroys what nobody gets back: one key must not be enough to take it over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice, pairwise

from delta_learn.surroundings.commandline import Command, Word, commands
from delta_learn.surroundings.rules import DEVICE, VALUED, Rule, rules_of
from delta_learn.surroundings.wordset import word_set
from delta_learn.surroundings.wrappers import WRAPPERS, Program, base_name, program

_DEEPEST = 4
"""Commands inside the arguments of commands: `sudo sh -c "..."`. It bounds the work."""
_LOOKED_AT = 8
"""Places at which one command may hold another."""
_LONGEST = 4_000
"""Characters; a longer line is not read, and is not taken over with one key either."""

_SHELLS = frozenset({"sh", "bash", "zsh", "dash", "ksh", "fish", "ash", "su"})
_EXECUTORS = frozenset({"-exec", "-execdir"})
"""Options of find; `-ok` asks."""
_MANY = frozenset({"xargs", "parallel"})
_REMOTE = frozenset({"ssh", "watch"})
"""They give all their words to a shell as one text."""
_RUNNERS = word_set(
    "docker podman nerdctl docker-compose podman-compose kubectl oc k lxc incus bundle poetry uv pipenv pdm"
)
"""They run what stands behind `exec`, `run` or `--`."""
_INTERPRETERS = word_set("python python3 php ruby node npx bunx")
"""They run their first argument: `python manage.py`."""
_EMPTY = frozenset({":", "true"})
_BOMB = re.compile(r"([^\s(){};&|]{1,40})\s?\(\)\s?\{[^}]{0,100}?\1\s?\|\s?\1\s?&")
_SHORT = re.compile(r"-[A-Za-z0-9]+")


@lru_cache(maxsize=1024)
def is_destructive(command: str) -> bool:
    """Whether any part of `command` removes or overwrites what cannot be had back, or stops the machine.

    What is rewritten elsewhere counts: `git push --force`, also `--force-with-lease`, which only protects from
    what was not fetched yet. One file by its name (`rm notes.txt`) does not: it is what was meant.
    """
    return len(command) > _LONGEST or _destroys(command, _DEEPEST)


def _destroys(text: str, deepest: int) -> bool:
    if not deepest:
        return False
    return _BOMB.search(text) is not None or any(_is_bad(each, deepest) for each in commands(text))


def _is_bad(command: Command, deepest: int) -> bool:
    if any(_destroys(inner, deepest - 1) for word in command.words for inner in word.inner):
        return True
    return _overwrites(command) or _program_is_bad(program(command.words), deepest)


def _overwrites(command: Command) -> bool:
    """Writing to a disk, or `> file` without anything to write: it empties the file."""
    for operator, word in command.redirections:
        if ">" in operator and DEVICE.match(word.text):
            return True
        empties = operator in (">", ">|", ">!", "1>") and not word.text.startswith("/dev/")
        if empties and word.text and (not command.words or command.words[0].text in _EMPTY):
            return True
    return False


def _program_is_bad(found: Program | None, deepest: int) -> bool:
    if found is None:
        return False
    if _MANY.intersection(found.wrappers) and found.name in ("rm", "unlink"):
        return True
    if any(_destroys(text, deepest - 1) for text in _nested(found)):
        return True
    if deepest > 1 and any(_program_is_bad(program(words), deepest - 1) for words in _run_by(found)):
        return True
    arguments = [word.text for word in found.arguments]
    return any(_applies(rule, found.name, arguments) for rule in rules_of(found.name))


def _nested(found: Program) -> Iterator[str]:
    """Texts among its arguments that a shell will read as commands."""
    arguments = found.arguments
    if _REMOTE.intersection(found.wrappers):
        yield " ".join([found.word.text, *(word.text for word in arguments)])
    if found.name == "eval":
        yield " ".join(word.text for word in arguments)
    if found.name in _SHELLS:
        for option, word in pairwise(arguments):
            if _SHORT.fullmatch(option.text) and option.text.endswith("c"):
                yield word.text


def _run_by(found: Program) -> Iterator[Sequence[Word]]:
    """Commands among its arguments that it runs without a shell; find does so for many files."""
    arguments = found.arguments
    if found.name == "find":
        places = [place for place, word in enumerate(arguments) if word.text in _EXECUTORS]
        yield from ([Word("xargs", "xargs"), *arguments[place + 1 :]] for place in places[:_LOOKED_AT])
    if found.name in _RUNNERS:
        begin = next((place for place, word in enumerate(arguments, 1) if word.text in ("exec", "run", "--")), 0)
        # A container's name and options stand before the command: it begins with the first known program.
        behind = range(begin, min(begin + _LOOKED_AT, len(arguments))) if begin else range(0)
        known = (place for place in behind if _is_known(base_name(arguments[place].text)))
        yield from (arguments[place:] for place in islice(known, 1))
    if found.name in _INTERPRETERS:
        yield arguments


def _is_known(name: str) -> bool:
    return name in WRAPPERS or name in _SHELLS or any(True for _ in rules_of(name))


def _applies(rule: Rule, name: str, arguments: Sequence[str]) -> bool:
    if any(_has(option, arguments) for option in rule.unless):
        return False
    if rule.options and not any(_has(option, arguments) for option in rule.options):
        return False
    texts = (*arguments, " ".join(arguments))
    if rule.text is not None and not any(rule.text.search(text) for text in texts):
        return False
    operands = _behind(rule, _operands(name, arguments))
    if operands is None or len(operands) < rule.least:
        return False
    return rule.operand is None or any(rule.operand.fullmatch(operand) for operand in operands)


def _has(option: str, arguments: Sequence[str]) -> bool:
    """Whether an option is there: `-f` in `-rf` too, `--force` in `--force=yes`; behind `--` are none."""
    single = len(option) == 2 and option != "--"
    for argument in arguments:
        if argument == option or (option.startswith("--") and argument.startswith(option + "=")):
            return True
        if argument == "--":
            return False
        if single and _SHORT.fullmatch(argument) and option[1] in argument:
            return True
    return False


def _operands(name: str, arguments: Sequence[str]) -> list[str]:
    """The arguments that are no options, nor values of the program's own options."""
    valued = VALUED.get(name, frozenset())
    operands: list[str] = []
    options, value = True, False
    for argument in arguments:
        if options and argument.startswith("-") and len(argument) > 1:
            options = argument != "--"
            value = not operands and argument in valued
        elif value:
            value = False
        else:
            operands.append(argument)
    return operands


def _behind(rule: Rule, operands: Sequence[str]) -> Sequence[str] | None:
    """The operands that follow the rule's words; None where one of these lacks."""
    position, anywhere = 0, False
    for word in rule.words:
        if word is None:
            anywhere = True
            continue
        while position < len(operands) and not word.fullmatch(operands[position]):
            if not anywhere:
                return None
            position += 1
        if position == len(operands):
            return None
        position, anywhere = position + 1, False
    return operands[position:]
