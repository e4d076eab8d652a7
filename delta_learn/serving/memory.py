"""Memory of a process that runs all day: what it needed for a moment goes back to the system (mallopt(3))."""

from __future__ import annotations

import ctypes
import gc
import logging

logger = logging.getLogger(__name__)

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
_OWN_PAGES = 1 << 17
"""Bytes from which on a block gets pages of its own, which go when it does. Unless it is said, glibc raises this after
every large block, and the small ones in between then hold all of its space."""


def settle() -> None:
    """Take what is there now for lasting: a collection of garbage looks through the rest only.

    Looking through all that a predictor holds takes a tenth of a second, in the midst of a keystroke.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def be_frugal() -> None:
    """Ask the C library not to keep what is freed; before any thread begins. Nothing without glibc."""
    gc.disable()  # `give_back_memory` collects, when nobody waits
    try:
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, _OWN_PAGES)
        library.mallopt(_ARENA_MAX, 1)
    except (OSError, AttributeError):
        logger.debug("memory cannot be kept small here")


def give_back_memory() -> None:
    """Collect garbage, and return to the system what was freed (malloc_trim(3), where there is one)."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):
        logger.debug("memory cannot be given back here")
