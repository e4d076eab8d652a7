"""thinned.py: found where a shell thinned, nowhere else."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delta_learn.collector.importers import zsh
from delta_learn.collector.importers.thinned import faithful_from

Habits = Callable[..., list[str]]
Expire = Callable[..., tuple[list[str], int]]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("new", [0.2, 0.4, 0.6])
def test_the_whole_tail_is_found(habits: Habits, expire_duplicates_first: Expire, seed: int, new: float) -> None:
    typed = habits(int(1500 / new), seed, new)
    kept, tail = expire_duplicates_first(typed, 2000)
    assert 200 < tail < 1900
    assert abs(faithful_from(kept) - tail) <= 10


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_the_whole_tail_is_found_in_a_file_that_zsh_thinned(home: Path, habits: Habits) -> None:
    typed = habits(3000, 1)
    path, script = home / "history", home / "script.zsh"
    lines = "".join(f"print -rs -- '{command}'\n" for command in typed)
    script.write_text(f"fc -p {path} 1500 1500\nsetopt hist_expire_dups_first\n{lines}fc -W {path}\n")
    subprocess.run(["zsh", "-fi", str(script)], check=True, timeout=30, env={"PATH": "/usr/bin:/bin"})
    kept = [entry.command for entry in zsh.read(path).entries]
    tail = next(i for i in range(len(kept)) if kept[i:] == typed[i - len(kept) :])
    assert 200 < tail < 1300
    assert abs(faithful_from(kept) - tail) <= 10


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 1500), st.integers(0, 10**6), st.floats(0.05, 0.75), st.floats(1.0, 60.0))
def test_whole_histories_are_never_flagged(count: int, seed: int, new: float, reach: float) -> None:
    rng = random.Random(seed)
    seen, typed = ["ls"], []
    for number in range(count):
        if rng.random() < new:
            seen.append(f"command{number}")
            typed.append(seen[-1])
        else:
            typed.append(seen[max(0, len(seen) - 1 - int(rng.expovariate(1 / reach)))])
    assert faithful_from(typed) == 0


@pytest.mark.parametrize("size", [0, 1, 2, 100, 499])
def test_short_histories_tell_nothing(size: int) -> None:
    assert faithful_from([f"command{number}" for number in range(size)]) == 0


def test_fifty_new_commands_at_the_start_are_not_a_thinned_head(habits: Habits) -> None:
    assert faithful_from([f"setup{number}" for number in range(50)] + habits(1000, 4)) == 0


@pytest.mark.parametrize("size", [500, 3000])
def test_a_deduplicated_file_is_useless_for_order(habits: Habits, size: int) -> None:
    unique = list(dict.fromkeys(habits(size * 4, 2)))[:size]
    assert len(unique) == size
    assert faithful_from(unique) == size


@pytest.mark.parametrize("head", [1000, 8000])
def test_what_was_typed_since_the_file_was_deduplicated_is_kept(habits: Habits, head: int) -> None:
    unique = [f"unique{number}" for number in range(head)]
    assert abs(faithful_from(unique + habits(400, 8)) - head) <= 10


def test_a_tail_that_hardly_repeats_is_not_whole(habits: Habits) -> None:
    typed = [f"unique{number}" for number in range(2000)] + habits(2000, 8, new=0.9)
    assert faithful_from(typed) == len(typed)


def test_habits_that_become_more_regular_are_not_a_thinned_head(habits: Habits) -> None:
    assert faithful_from(habits(2000, 5, new=0.8) + habits(2000, 6, new=0.1)) == 0
