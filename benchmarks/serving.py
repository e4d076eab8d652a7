"""Several shells ask one model at once: continuous batching (serving/engine.py) beside one request after the other.

Every shell goes through sessions of the built-in sample: at the prompt and after each quarter of the line it asks for
the rest of the line (greedy, at most 12 tokens), and waits for it. `in turn` answers with `model.generate`, `kept` in
turn too but with the contexts that were read before (an engine with one place), `batched` side by side. Figures are
medians over rounds; x is requests a second, beside those in turn of the same round. Times on one CPU thread are
processor time.

Run: .venv/bin/python -m benchmarks.serving [--device cuda] [--preset large] [--answers 32] [--threads 1]
The shipped base model where no preset is named; a preset has random weights: its lines seldom end early.
"""

from __future__ import annotations

import argparse
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from benchmarks.histories import write
from delta_learn.base.shipped import shipped_base
from delta_learn.collector.sample.generator import sample_entries
from delta_learn.errors import ModelError
from delta_learn.model.config import DeltaModelConfig, preset
from delta_learn.model.generate import Sampling
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.weights import weights_from_bytes
from delta_learn.predictor.context import Context
from delta_learn.predictor.contexts import contexts
from delta_learn.serving.engine import Engine
from delta_learn.tokenizer.healing import heal
from delta_learn.tokenizer.sequence import encode_context
from delta_learn.tokenizer.symbols import END
from delta_learn.tokenizer.tokenizer import Tokenizer

SHELLS = (1, 4, 16)
MOST_TOKENS = 12
CONTEXT_TOKENS = 192
GREEDY = Sampling(temperature=0)
PLACES = 16
BLOCKS_A_PLACE = 16
A_SHELL = 40
"""Commands of one shell."""

Row = list[int]
Clock = Callable[[], float]


@dataclass
class Shell:
    """What one shell asks, one request after the other."""

    rows: deque[Row]
    clock: Clock
    asked: float = 0.0
    answers: list[Row] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def ask(self) -> Row:
        """Its next request."""
        self.asked = self.clock()
        return self.rows.popleft()

    def take(self, answer: Row) -> None:
        """The answer to it."""
        self.seconds.append(self.clock() - self.asked)
        self.answers.append(answer)


Way = Callable[[Sequence[Shell], int], None]
"""Answers the shells until there are so many answers: all of them go on asking."""


def load(name: str | None, device: str) -> tuple[DeltaModel, Tokenizer]:
    """The shipped base, or the preset `name` with random weights."""
    base = shipped_base()
    if base is None:
        raise ModelError("This installation carries no base model.")
    tokenizer = Tokenizer.from_bytes(base.tokenizer)
    torch.manual_seed(0)
    if name is None:
        model = DeltaModel(DeltaModelConfig.from_dict(base.meta["model"]))
        weights_from_bytes(model, base.weights)
    else:
        model = DeltaModel(preset(name, tokenizer.vocab_size))
    return model.to(device).eval(), tokenizer


def shells(tokenizer: Tokenizer, count: int, clock: Clock) -> list[Shell]:
    """As many shells, each with sessions of its own and more to ask than anybody answers."""
    entries = sample_entries(SHELLS[-1] * A_SHELL)
    prompts = list(zip(entries, contexts(entries), strict=True))
    return [
        Shell(
            deque(
                row
                for entry, (_, context) in prompts[number * A_SHELL : (number + 1) * A_SHELL]
                for row in _requests(tokenizer, context, entry.command)
            ),
            clock,
        )
        for number in range(count)
    ]


def _requests(tokenizer: Tokenizer, context: Context, line: str) -> list[Row]:
    ids = encode_context(context.previous, context.directory, context.timestamp, tokenizer, CONTEXT_TOKENS)
    typed = dict.fromkeys(line[: len(line) * quarter // 4] for quarter in range(4))
    return [[*ids, *heal(tokenizer, prefix).ids] for prefix in typed]


def in_turn(model: DeltaModel, end: int) -> Way:
    """One request after the other, in the order in which they came."""
    device = model.embedding.weight.device

    def serve(group: Sequence[Shell], answers: int) -> None:
        queue = deque((shell, shell.ask()) for shell in group)
        for _ in range(answers):
            shell, row = queue.popleft()
            ids = torch.tensor(row, device=device)
            shell.take(model.generate(ids, MOST_TOKENS, sampling=GREEDY, stop=end))
            queue.append((shell, shell.ask()))

    return serve


def through(engine: Engine, end: int) -> Way:
    """Requests join as soon as they are asked."""

    def serve(group: Sequence[Shell], answers: int) -> None:
        asking = {}

        def ask(shell: Shell) -> None:
            asking[engine.submit(shell.ask(), MOST_TOKENS, sampling=GREEDY, stop=end)] = shell

        for shell in group:
            ask(shell)
        while answers > 0:
            for request in engine.step():
                answers -= 1
                shell = asking.pop(request)
                shell.take(request.tokens)
                ask(shell)

    return serve


def measure(way: Way, group: list[Shell], answers: int) -> dict[str, float]:
    """Requests and tokens a second, and what one request waits."""
    clock = group[0].clock
    begin = clock()
    way(group, answers)
    seconds = clock() - begin
    waits = np.array([each for shell in group for each in shell.seconds]) * 1000
    tokens = sum(len(answer) for shell in group for answer in shell.answers)
    return {
        "requests_s": len(waits) / seconds,
        "tokens_s": tokens / seconds,
        "ms_p50": float(np.median(waits)),
        "ms_p99": float(np.quantile(waits, 0.99)),
    }


def main() -> None:
    """Measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--preset")
    parser.add_argument("--answers", type=int, default=16, help="for each shell")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model, tokenizer = load(options.preset, options.device)
    end = tokenizer.symbol(END)
    # On one thread, processor time: what else runs does not count.
    clock = time.process_time if options.device == "cpu" and options.threads == 1 else time.perf_counter
    blocks = PLACES * BLOCKS_A_PLACE

    def ways() -> dict[str, Way]:
        return {
            "in turn": in_turn(model, end),
            "kept": through(Engine(model, blocks=blocks, places=1), end),
            "batched": through(Engine(model, blocks=blocks, places=PLACES), end),
        }

    for way in ways().values():
        way(shells(tokenizer, 1, clock), 4)
    where = torch.cuda.get_device_name() if options.device == "cuda" else f"CPU, {options.threads} thread(s)"
    print(f"{where}, {model.parameter_count():,} parameters")
    print(f"{'shells':>6} {'way':10}{'requests/s':>12}{'tokens/s':>10}{'x':>6}{'ms p50':>9}{'ms p99':>9}")
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for count in SHELLS:
        rounds = [
            {
                name: measure(way, shells(tokenizer, count, clock), count * options.answers)
                for name, way in ways().items()
            }
            for _ in range(options.rounds)
        ]
        for name in rounds[0]:
            row = {key: float(np.median([each[name][key] for each in rounds])) for key in rounds[0][name]}
            row["ratio"] = float(
                np.median([each[name]["requests_s"] / each["in turn"]["requests_s"] for each in rounds])
            )
            figures.setdefault(str(count), {})[name] = row
            print(
                f"{count:6} {name:10}{row['requests_s']:12.1f}{row['tokens_s']:10.0f}{row['ratio']:6.2f}"
                f"{row['ms_p50']:9.1f}{row['ms_p99']:9.1f}"
            )
    write("serving", {"where": where, "parameters": model.parameter_count(), "shells": figures})


if __name__ == "__main__":
    main()
