"""Documentation: the public commands that the package carries, as the composer remembers them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import resources
from itertools import repeat

from delta_learn.base.files import read_examples
from delta_learn.predictor.memory import TokenMemory

_STARTERS = "starters.txt"


@cache
def documentation() -> TokenMemory:
    """What every predictor knows from the first day on; shared, so it is copied before anything is added.

    Raises:
        ModelError: the package's files are damaged.
    """
    directory = resources.files("delta_learn.base")
    starters = directory.joinpath(_STARTERS).read_text(encoding="utf-8")
    # Of what begins a line only the newest places are looked at: the last lines are what a first prompt shows.
    return TokenMemory.of_documentation([*read_examples(directory), *_repeated(starters)])


def _repeated(starters: str) -> Iterator[str]:
    """The lines of starters.txt, each as often as the number before it says."""
    for line in starters.splitlines():
        count, command = line.split(maxsplit=1)
        yield from repeat(command, int(count))
