"""Documentation: the public commands that the package carries, as the composer remembers them."""

from __future__ import annotations

from functools import cache
from importlib import resources

from delta_learn.base.files import read_examples
from delta_learn.predictor.memory import TokenMemory


@cache
def documentation() -> TokenMemory:
    """What every predictor knows from the first day on; shared, so it is copied before anything is added.

    Raises:
        ModelError: the package's files are damaged.
    """
    return TokenMemory.of_documentation(read_examples(resources.files("delta_learn.base")))
