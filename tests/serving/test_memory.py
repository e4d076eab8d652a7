"""serving/memory.py: what a server holds, and what it lets go."""

from __future__ import annotations

import gc
import subprocess
import sys

from delta_learn.serving.memory import settle


def test_what_is_there_is_looked_through_no_more() -> None:
    before = gc.get_freeze_count()
    try:
        settle()
        assert gc.get_freeze_count() > before
    finally:
        gc.unfreeze()


def test_a_frugal_process_keeps_its_garbage_until_it_is_told() -> None:
    script = """
import gc, weakref
from delta_learn.serving.memory import be_frugal, give_back_memory
class Ring: pass
be_frugal()
ring = Ring(); ring.itself = ring; seen = weakref.ref(ring)
del ring
garbage = [[] for _ in range(100_000)]
assert seen() is not None
give_back_memory()
assert seen() is None
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
