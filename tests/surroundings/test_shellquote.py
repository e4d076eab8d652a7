"""surroundings/shellquote.py: what is written is what real shells read."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from delta_learn.surroundings.shellquote import escaped, is_safe_to_show

NAMES = [chr(code) for code in range(33, 127)]
NAMES += ["~", "=ls", "a=b", "~root", "#x", "a b", "a~b", "!!", "a{b,c}d", "é ü", "[a]", "x=~y", "^a^b", "a=~/b", "a:~"]


@pytest.mark.parametrize("options", [["bash", "--norc"], ["zsh", "-f", "-o", "extendedglob"]], ids=["bash", "zsh"])
def test_real_shells_read_the_same_names(options: list[str], tmp_path: Path) -> None:
    shell = shutil.which(options[0])
    if shell is None:
        pytest.skip(f"{options[0]} is not installed")
    line = "printf '%s\\n' " + " ".join(map(escaped, NAMES))
    done = subprocess.run([shell, *options[1:], "-c", line], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.splitlines() == NAMES


@pytest.mark.parametrize("name", ["src/main.py", "a-b_c", "v1.2.3", "user@host", "größe", "a+b", "100%"])
def test_what_needs_nothing_stays_as_it_is(name: str) -> None:
    assert escaped(name) == name


@pytest.mark.parametrize("name", ["", "-x", "a\x1b", "a\tb", "\u202e", "a\udcff", "\x80"])
def test_names_that_are_not_shown(name: str) -> None:
    assert not is_safe_to_show(name)
