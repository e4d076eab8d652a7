"""A language model small enough for a replay, and a machine made of files."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from delta_learn.predictor.language import Floats
from delta_learn.predictor.neural import NeuralExpert
from delta_learn.tokenizer.symbols import CMD, END
from delta_learn.tokenizer.tokenizer import Tokenizer


@dataclass
class RepeatingModel:
    """Expects the pieces of the command before again, in their order, and says so with P = .9."""

    tokenizer: Tokenizer
    max_tokens: int = 96

    def start(self, ids: Sequence[int]) -> RepeatingState:
        return RepeatingState(self, [tuple(ids)])

    def next_logprobs(self, ids: tuple[int, ...]) -> Floats:
        cmd, end, size = self.tokenizer.symbol(CMD), self.tokenizer.symbol(END), self.tokenizer.vocab_size
        begins = [place + 1 for place, token in enumerate(ids) if token == cmd]
        before = [*ids[begins[-2] :], end] if len(begins) > 1 else [end]
        shares = np.full(size, 0.1 / size)
        shares[before[min(len(ids) - begins[-1], len(before) - 1)]] += 0.9
        return np.log(shares).astype(np.float32)


@dataclass
class RepeatingState:
    model: RepeatingModel
    rows: list[tuple[int, ...]]

    @property
    def logprobs(self) -> Floats:
        return np.stack([self.model.next_logprobs(row) for row in self.rows])

    def extend(self, tokens: Sequence[int], rows: Sequence[int]) -> RepeatingState:
        return RepeatingState(self.model, [(*self.rows[row], token) for token, row in zip(tokens, rows, strict=True)])

    def after(self, paths: Sequence[Sequence[int]]) -> Floats:
        found = [self.model.next_logprobs((*self.rows[0], *path)) for path in paths]
        return np.stack(found) if found else np.empty((0, self.model.tokenizer.vocab_size), np.float32)


@pytest.fixture
def neural() -> NeuralExpert:
    """A neural expert that suggests the command before once more."""
    tokenizer = Tokenizer.train(["git status", "git push", "make test", "ls", "vim a.py"] * 5, vocab_size=512)
    return NeuralExpert(RepeatingModel(tokenizer), tokenizer)


class Tree:
    """A machine made of files: on mains power, left alone for an hour, with nothing to do."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("sys/class/power_supply/AC/type", "Mains\n")
        self.write("sys/class/power_supply/AC/online", "1\n")
        self.write("sys/class/power_supply/BAT0/type", "Battery\n")
        self.write("sys/class/power_supply/BAT0/status", "Full\n")
        for resource in ("cpu", "memory", "io"):
            self.press(resource, 0.0)
        self.write("proc/loadavg", "0.10 0.20 0.30 1/99 1234\n")
        self.work(0.0)
        self.write("proc/self/status", "Name:\tpython\nVmRSS:\t  204800 kB\n")
        self.write("dev/pts/0", "")
        self.write("dev/pts/ptmx", "")
        self.type(minutes_ago=60.0)

    def write(self, path: str, text: str) -> Path:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        return place

    def battery(self, status: str, online: int = 0) -> None:
        """The line is out, or (1) in, and the battery does this."""
        self.write("sys/class/power_supply/AC/online", f"{online}\n")
        self.write("sys/class/power_supply/BAT0/status", f"{status}\n")

    def press(self, resource: str, percent: float) -> None:
        """Something waited for the resource."""
        line = f"avg10={percent:.2f} avg60=1.00 avg300=1.00 total=123\n"
        self.write(f"proc/pressure/{resource}", f"some {line}full {line}")

    def work(self, seconds: float) -> None:
        """Both processors together have worked so long, half of it for nice processes; the rest they were idle."""
        ticks = int(seconds * os.sysconf("SC_CLK_TCK"))
        half = ticks // 2
        self.write("proc/stat", f"cpu  {ticks - half} {half} 0 9999 888 0 0 777 0 0\ncpu0 1 2\ncpu1 1 2\nintr 5\n")

    def type(self, minutes_ago: float) -> None:
        """Somebody typed in the terminal."""
        self.age(self.root / "dev/pts/0", minutes_ago)

    def age(self, path: Path, minutes_ago: float) -> None:
        """The file was last used then."""
        moment = time.time() - 60 * minutes_ago
        os.utime(path, (moment, moment))

    def gpu(self, percent: int) -> None:
        """There is a GPU, so busy."""
        self.write("sys/class/drm/card0/device/gpu_busy_percent", f"{percent}\n")


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A calm machine."""
    return Tree(tmp_path / "machine")
