"""Synthetic variants of rare commands: another path, branch or name of this person's in the same place.

A command seen once or twice teaches its argument more than its shape. A few variants with arguments of the
same kind, lightly weighted, show which part is the shape.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from delta_learn.entry import CommandEntry, Session

_RARE = 2
"""Commands seen at most so often get variants."""
_TRIES = 4
"""Draws for each variant that is wanted, before a command is left with fewer."""

_WORD = re.compile(r"\S+")
_PLAIN = re.compile(r"[\w./~@+-]+")
_LETTER = re.compile(r"[^\W\d_]")
_FILE = re.compile(r".*\w(\.[A-Za-z][A-Za-z0-9]{0,5})")
_OPERATORS = frozenset({"|", "||", "&&", ";", "&"})
_PREFIXES = frozenset({"sudo", "time", "nohup", "command", "exec"})

_DESTRUCTIVE = re.compile(
    r"(^|[\s;&|(])(rm|rmdir|dd|shred|truncate|mkfs\S*|wipefs|fdisk|parted|userdel|kill|killall|pkill)\s"
    r"|\s(--force\S*|--hard|--delete|--prune|-delete|-f|-fd\w*|-D|delete|destroy|drop|purge|prune)(\s|$)|>"
)
"""Never with an argument that the person has not used there."""

_KINDS: dict[tuple[str, str], str] = {
    **{("git", verb): "branch" for verb in ("checkout", "switch", "merge", "rebase", "branch", "cherry-pick")},
    **{("apt", verb): "package" for verb in ("install", "show", "search")},
    **{(tool, "install"): "package" for tool in ("apt-get", "dnf", "yum", "brew")},
    **{(tool, "install"): "python package" for tool in ("pip", "pip3", "pipx")},
    **{("npm", verb): "node package" for verb in ("install", "i")},
    ("yarn", "add"): "node package",
    **{(tool, "run"): "script" for tool in ("npm", "yarn", "pnpm")},
    **{("systemctl", verb): "unit" for verb in ("start", "restart", "status", "enable", "reload")},
    **{("docker", verb): "container" for verb in ("logs", "exec", "start", "restart", "inspect")},
}
"""What the words after a command and its subcommand are."""

_KINDS_OF_HEAD: dict[str, str] = {
    **dict.fromkeys(("cd", "pushd", "mkdir", "ls", "tree", "du"), "directory"),
    **dict.fromkeys(("ssh", "ping", "mosh", "ssh-copy-id"), "host"),
    **dict.fromkeys(("man", "which", "whereis", "tldr"), "command"),
    "make": "target",
}


@dataclass(frozen=True, slots=True)
class _Slot:
    """A word of a command that may be another of its kind; `start` and `stop` are offsets in the command."""

    kind: str
    start: int
    stop: int


def rare_variants(sessions: Sequence[Session], *, variants: int, seed: int) -> list[CommandEntry]:
    """Up to `variants` entries for each command that was typed once or twice and did not fail.

    One argument is replaced by another of the same kind that occurs in `sessions`. No variant equals a
    command of `sessions` or another variant, and commands that destroy get none. Each entry is a session of
    its own, with source "synthetic". The same sessions and seed give the same entries.
    """
    entries = [entry for session in sessions for entry in session]
    counts = Counter(entry.command for entry in entries)
    values = _values(counts)
    made = set(counts)
    random = np.random.default_rng(seed)
    result: list[CommandEntry] = []
    for entry in {entry.command: entry for entry in entries}.values():
        if counts[entry.command] > _RARE or not _worth_varying(entry):
            continue
        for command in _variants_of(entry.command, values, random, variants, made):
            result.append(_synthetic(command, len(result), entry))
    return result


def _worth_varying(entry: CommandEntry) -> bool:
    return entry.exit_code in (None, 0) and not _DESTRUCTIVE.search(entry.command)


def _values(commands: Iterable[str]) -> dict[str, list[str]]:
    """The words of each kind, in the order of their first occurrence."""
    values: dict[str, dict[str, None]] = {}
    for command in commands:
        for slot in _slots(command):
            values.setdefault(slot.kind, {})[command[slot.start : slot.stop]] = None
    return {kind: list(words) for kind, words in values.items()}


def _variants_of(
    command: str,
    values: dict[str, list[str]],
    random: np.random.Generator,
    variants: int,
    made: set[str],
) -> Iterator[str]:
    """New commands; each is added to `made`."""
    slots = [slot for slot in _slots(command) if len(values[slot.kind]) > 1]
    found = 0
    for _ in range(variants * _TRIES if slots else 0):
        slot = slots[random.integers(len(slots))]
        words = values[slot.kind]
        variant = command[: slot.start] + words[random.integers(len(words))] + command[slot.stop :]
        if variant not in made:
            made.add(variant)
            found += 1
            yield variant
        if found == variants:
            return


def _synthetic(command: str, number: int, model: CommandEntry) -> CommandEntry:
    return CommandEntry(
        command,
        timestamp=model.timestamp,
        session=f"synthetic:{number}",
        shell=model.shell,
        source="synthetic",
    )


def _slots(command: str) -> Iterator[_Slot]:
    """The words that name something of the person's; none in commands of several lines."""
    if "\n" in command:
        return
    before: list[str] = []
    for match in _WORD.finditer(command):
        word = match[0]
        if word in _OPERATORS:
            before = []
        elif not before and word in _PREFIXES:
            continue
        else:
            kind = _kind(word, before)
            if kind is not None:
                yield _Slot(kind, match.start(), match.end())
            before.append(word)


def _kind(word: str, before: Sequence[str]) -> str | None:
    """What `word` names after the words `before` it in a simple command; None for flags and syntax."""
    if not before or word.startswith(("-", "/dev/")):
        return None
    if not _PLAIN.fullmatch(word) or not _LETTER.search(word):
        return None
    named = _KINDS.get((before[0], before[1] if len(before) > 1 else "")) or _KINDS_OF_HEAD.get(before[0])
    if named == "branch" and "--" in before:
        return None
    file = _FILE.fullmatch(word)
    # Branches and hosts have dots too: release-1.x, db.example.org.
    if file is not None and named not in ("branch", "host"):
        return "file" + file[1]
    return named or ("path" if "/" in word.strip("/") else None)
