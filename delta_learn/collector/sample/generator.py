"""Entries of the sample: sittings spread over nine months of working days."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice

from delta_learn.collector.sample.person import Person
from delta_learn.entry import CommandEntry

FIRST_DAY = 1_735_804_800.0
"""Thursday, 2 January 2025, 08:00 UTC."""

_DAY = 86_400.0
_DAYS = 270
_WEEKEND = (2, 3)
"""Days of the week counted from a Thursday."""
_PER_SESSION = 14
"""Commands in a sitting, about."""


def sample_entries(n: int = 10_000, seed: int = 1) -> list[CommandEntry]:
    """The first `n` commands of the person drawn from `seed`: the same on every machine.

    They come as an import would: in sessions with directories, times, exit statuses and durations.
    """
    return list(islice(_life(n, random.Random(seed)), n))


def _life(n: int, rng: random.Random) -> Iterator[CommandEntry]:
    person = Person(rng)
    days = [day for day in range(_DAYS) if day % 7 not in _WEEKEND]
    sittings = n // _PER_SESSION + 1
    number = 0
    while True:
        part = min(number / sittings, 1.0)
        day = FIRST_DAY + _DAY * days[min(int(part * len(days)), len(days) - 1)]
        yield from _sitting(person, part, number, day + _time_of_day(number, sittings, len(days)), rng)
        number += 1


def _time_of_day(number: int, sittings: int, days: int) -> float:
    """Seconds after eight for the sittings of one day, in order."""
    per_day = max(1.0, sittings / days)
    return (number % per_day) / per_day * 9 * 3600


def _sitting(person: Person, part: float, number: int, start: float, rng: random.Random) -> Iterator[CommandEntry]:
    project = person.choose_project(part)
    now, directory = start, "~"
    for sequence, (command, exit_code, duration_ms) in enumerate(person.session(project)):
        yield CommandEntry(
            command,
            directory=directory,
            timestamp=round(now, 3),
            exit_code=exit_code,
            duration_ms=duration_ms,
            session=f"sample:{number}",
            sequence=sequence,
            shell="zsh",
            source="imported",
        )
        now += duration_ms / 1000 + rng.expovariate(1 / 20)
        if command.startswith("cd ") and exit_code == 0:
            directory = _moved(directory, command[3:])


def _moved(directory: str, target: str) -> str:
    if target == "..":
        return directory.rpartition("/")[0] or directory
    return target if target.startswith("~") else f"{directory}/{target}"
