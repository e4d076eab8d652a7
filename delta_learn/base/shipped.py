"""The base model that the package carries: completions on the first day, and what personal models start from."""

from __future__ import annotations

from importlib import resources

from delta_learn.base.files import read_base
from delta_learn.registry import ModelFile


def shipped_base() -> ModelFile | None:
    """The package's base model, its weights in bf16; None where the package carries none.

    Raises:
        ModelError: its files are damaged.
    """
    return read_base(resources.files("delta_learn.base"))
