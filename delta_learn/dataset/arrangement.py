"""Pages of commands as sessions that nobody typed: what a model may learn from company, and what it may not.

A page's commands are shuffled and cut into pieces, pieces of all pages are shuffled and strung together, so that
commands of one topic stand together and their order says nothing. A session begins with any piece, so the first
command of a session and one in its middle look alike. Some commands come again, as they do at a prompt: a page
has each once, and would teach that what was typed a moment ago is not typed now. Half of the sessions have exit
statuses and directories, half have pauses, with invented values: histories have them or have not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from delta_learn.dataset.corpus import Page
from delta_learn.entry import CommandEntry, Session

LONGEST_PIECE = 4
MOST_PIECES = 3
REPEAT_SHARE = 0.15
"""Commands that are followed, at once or later in the session, by themselves."""

DIRECTORIES = (
    "/home/user",
    "/home/user/src/app",
    "/home/user/projects/site",
    "/home/user/Downloads",
    "/var/log",
    "/etc",
    "/srv/www",
)
"""Where invented sessions take place; the home is that of the corpus's `PERSON`."""

_EXITS, _EXIT_SHARES = (0, 1, 127, 130), (0.9, 0.07, 0.02, 0.01)
_STAY_SHARE = 0.9
_PAUSES, _PAUSE_SHARES = (20.0, 600.0, 7200.0, 200_000.0), (0.85, 0.1, 0.04, 0.01)

Pieces = list[tuple[str, ...]]


def arrange(pages: Sequence[Page], *, seed: int, number: int) -> Iterator[Session]:
    """Arrangement `number` of the pages: every command once, some again; a pure function of its arguments."""
    random = np.random.default_rng([seed, number])
    pieces = [piece for page in pages for piece in _pieces(page.commands, random)]
    pieces = [pieces[place] for place in random.permutation(len(pieces))]
    start = 0
    while start < len(pieces):
        stop = start + int(random.integers(1, MOST_PIECES + 1))
        commands = [command for piece in pieces[start:stop] for command in piece]
        yield _session(f"{number}:{start}", _with_repeats(commands, random), random)
        start = stop


def _pieces(commands: Sequence[str], random: np.random.Generator) -> Iterator[tuple[str, ...]]:
    shuffled = [commands[place] for place in random.permutation(len(commands))]
    start = 0
    while start < len(shuffled):
        stop = start + int(random.integers(1, LONGEST_PIECE + 1))
        yield tuple(shuffled[start:stop])
        start = stop


def _with_repeats(commands: Sequence[str], random: np.random.Generator) -> list[str]:
    """The commands, here and there followed by one of those before."""
    result: list[str] = []
    for command in commands:
        result.append(command)
        if random.random() < REPEAT_SHARE:
            result.append(result[int(random.integers(len(result)))])
    return result


def _session(name: str, commands: Sequence[str], random: np.random.Generator) -> Session:
    count = len(commands)
    recorded, timed = random.random(2) < 0.5
    times = np.cumsum(random.choice(_PAUSES, count, p=_PAUSE_SHARES))
    codes = random.choice(_EXITS, count, p=_EXIT_SHARES)
    directories = _walk(count, random)
    return Session(
        name,
        tuple(
            CommandEntry(
                command,
                directory=directories[sequence] if recorded else None,
                timestamp=float(times[sequence]) if timed else None,
                exit_code=int(codes[sequence]) if recorded else None,
                session=name,
                sequence=sequence,
            )
            for sequence, command in enumerate(commands)
        ),
    )


def _walk(count: int, random: np.random.Generator) -> list[str]:
    """A directory for each command, seldom another than the one before."""
    choices = random.integers(len(DIRECTORIES), size=count)
    stays = random.random(count) < _STAY_SHARE
    for place in range(1, count):
        if stays[place]:
            choices[place] = choices[place - 1]
    return [DIRECTORIES[choice] for choice in choices]
