"""Arrivals: what was just made is entered: `mkdir x`, then `cd x`."""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from delta_learn.entry import CommandEntry
from delta_learn.predictor.context import Context

_MAKERS = {
    "mkdir": ("only", 0.5),
    "git clone": ("address", 0.5),
    "gh repo clone": ("address", 0.5),
    "hg clone": ("address", 0.5),
    "git worktree add": ("first", 0.5),
    "cargo new": ("only", 0.5),
    "rails new": ("first", 0.5),
    "unzip": ("archive", 0.25),
    "tar": ("archive", 0.25),
}
"""Programs that leave a directory: how its name comes about, and how often it is entered at once before anything is
known of the person (4 to 8 of 10 times by three of six persons, rarely by the others: docs/log.md)."""

_PRIOR_TRIALS = 4
_LONGEST = 1_000
_PLAIN = re.compile(r"[\w./~+@:%,=\-]+")
"""Words without quotes, patterns, variables and operators."""
_ARCHIVE = re.compile(r"\.(zip|tar(\.\w+)?|tgz|tbz2?|txz)$")


@dataclass(frozen=True, slots=True)
class Made:
    """A directory that a command left."""

    maker: str
    path: str


class Arrivals:
    """Learns how often this person enters at once what each program made, and how they write it."""

    def __init__(self) -> None:
        self._rates: dict[str, tuple[int, int]] = {}
        """By maker: entered at once, and made."""
        self._slashes = 0
        """How often a path ended with a slash, less how often it did not."""

    def observe(self, entry: CommandEntry, context: Context) -> None:
        """Learn an executed command: whether it enters what the one before made."""
        made = _last_made(context)
        if made is None or entry.source not in ("typed", "imported"):
            return
        hits, trials = self._rates.get(made.maker, (0, 0))
        arrived = entry.command in (f"cd {made.path}", f"cd {made.path}/")
        self._rates[made.maker] = hits + arrived, trials + 1
        if arrived:
            self._slashes += 1 if entry.command.endswith("/") else -1

    def propose(self, context: Context) -> list[tuple[str, float]]:
        """At most one line that enters what the last command made, with ln of a rough P(line | context)."""
        made = _last_made(context)
        if made is None:
            return []
        hits, trials = self._rates.get(made.maker, (0, 0))
        prior = _MAKERS[made.maker][1]
        rate = (hits + prior * _PRIOR_TRIALS) / (trials + _PRIOR_TRIALS)
        return [(f"cd {made.path}{'/' * (self._slashes > 0)}", math.log(rate))]

    def to_record(self) -> dict[str, Any]:
        """Plain lists and numbers."""
        return {"rates": [[maker, *rate] for maker, rate in self._rates.items()], "slashes": self._slashes}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Arrivals:
        """The inverse of `to_record`.

        Raises:
            KeyError, ValueError: another version wrote it.
        """
        arrivals = cls()
        arrivals._rates = {maker: (hits, trials) for maker, hits, trials in record["rates"]}
        arrivals._slashes = record["slashes"]
        return arrivals


def made_by(command: str) -> Made | None:
    """The one directory that `command` leaves; None where it leaves none, several, or who knows which."""
    words = command.split() if len(command) <= _LONGEST else []
    if not words or not all(_PLAIN.fullmatch(word) for word in words):
        return None
    maker = next((name for name in _MAKERS if words[: len(name.split())] == name.split()), None)
    if maker is None:
        return None
    operands = [word for word in words[len(maker.split()) :] if not word.startswith("-")]
    path = _path(_MAKERS[maker][0], operands)
    return Made(maker, path.rstrip("/")) if path.strip("./") else None


def _path(kind: str, operands: list[str]) -> str:
    """What the operands name; nothing where they are not understood."""
    if kind == "archive":
        names = [posixpath.basename(word) for word in operands if _ARCHIVE.search(word)]
        return _ARCHIVE.sub("", names[0]) if len(names) == 1 else ""
    if kind == "address":
        place = next((i for i, word in enumerate(operands) if re.search("[/:]", word)), None)
        if place is None:
            return ""
        own = re.split("[/:]", operands[place].rstrip("/").removesuffix(".git"))[-1]
        return operands[place + 1] if place + 1 < len(operands) else own
    return operands[0] if len(operands) == 1 or (operands and kind == "first") else ""


def _last_made(context: Context) -> Made | None:
    last = context.previous[-1] if context.previous else None
    return made_by(last.command) if last is not None and not last.exit_code else None
