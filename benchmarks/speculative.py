"""Speculative decoding (model/speculative.py) beside one token a pass, on prompts of the sample: tokens a second.

`line` continues a prompt to the end of the line (at most 12 tokens), `on` for 48 tokens, past that. Drafts: look-up in
the prompt; in the prompt and what the person typed before it (`history`); with --target, a model of the person's or any
other model file's weights as the larger one, `model`: the shipped base proposes. Figures are medians over rounds of the
ratio to plain generation in the same round, in processor time on one CPU thread. Greedy output is compared token by
token.

Run: .venv/bin/python -m benchmarks.speculative [--prompts N] [--ahead 2 4 8] [--target BASE_DIRECTORY] [--device cuda]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from benchmarks.histories import write
from benchmarks.serving import CONTEXT_TOKENS, load
from delta_learn.base.files import read_base
from delta_learn.collector.sample.generator import sample_entries
from delta_learn.errors import ModelError
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.drafts import LookupDraft, ModelDraft
from delta_learn.model.generate import Sampling
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.speculative import Draft, Speculation, speculate
from delta_learn.model.weights import weights_from_bytes
from delta_learn.predictor.contexts import contexts
from delta_learn.tokenizer.sequence import encode_context
from delta_learn.tokenizer.symbols import END
from delta_learn.tokenizer.tokenizer import Tokenizer

SAMPLINGS = {"greedy": Sampling(temperature=0), "t .8 p .95": Sampling(0.8, 0.95)}
LENGTHS = {"line": 12, "on": 48}
EVERY = 7
"""Prompts lie so many commands apart."""
BEFORE = 200
"""Commands that the history holds when the first prompt comes."""


class Bench:
    """Prompts, and a target to continue them."""

    def __init__(self, target: DeltaModel, tokenizer: Tokenizer, prompts: int) -> None:
        entries = sample_entries(BEFORE + prompts * EVERY)
        self.target, self.tokenizer = target, tokenizer
        self.end = tokenizer.symbol(END)
        self.history = [token for entry in entries[:BEFORE] for token in (*tokenizer.encode(entry.command), self.end)]
        found = [context for _, context in contexts(entries)][BEFORE::EVERY]
        device = target.embedding.weight.device
        self.rows = [
            torch.tensor(encode_context(c.previous, c.directory, c.timestamp, tokenizer, CONTEXT_TOKENS), device=device)
            for c in found[:prompts]
        ]
        self.device = device

    def plain(self, sampling: Sampling, most: int) -> list[Speculation]:
        """One token a pass."""
        stop = self.end if most == LENGTHS["line"] else None
        random = torch.Generator(self.device).manual_seed(0)
        rows = [self.target.generate(r, most, sampling=sampling, stop=stop, generator=random) for r in self.rows]
        return [Speculation(tokens, len(tokens), 0, 0) for tokens in rows]

    def drafted(self, sampling: Sampling, most: int, draft: Callable[[], Draft], ahead: int) -> list[Speculation]:
        """Several."""
        stop = self.end if most == LENGTHS["line"] else None
        random = torch.Generator(self.device).manual_seed(0)
        return [
            speculate(self.target, r, most, draft(), ahead=ahead, sampling=sampling, stop=stop, generator=random)
            for r in self.rows
        ]


def timed(way: Callable[[], list[Speculation]], clock: Callable[[], float]) -> tuple[float, list[Speculation]]:
    """Tokens a second, and what came."""
    start = clock()
    found = way()
    return sum(len(each.tokens) for each in found) / (clock() - start), found


def same(one: Sequence[Speculation], other: Sequence[Speculation]) -> float:
    """Share of the prompts with the same tokens."""
    return statistics.fmean(a.tokens == b.tokens for a, b in zip(one, other, strict=True))


def read_target(directory: Path) -> DeltaModel:
    """The model that `delta-learn pretrain --out DIRECTORY` wrote."""
    file = read_base(directory)
    if file is None:
        raise ModelError(f"There is no base model in {directory}.")
    model = DeltaModel(DeltaModelConfig.from_dict(file.meta["model"]))
    weights_from_bytes(model, file.weights)
    return model.eval()


def main() -> None:
    """Measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=40)
    parser.add_argument("--ahead", type=int, nargs="+", default=[2, 4, 8])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--target", type=Path)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(1)
    small, tokenizer = load(None, options.device)
    target = small if options.target is None else read_target(options.target).to(options.device)
    bench = Bench(target, tokenizer, options.prompts)
    clock = time.process_time if options.device == "cpu" else time.perf_counter
    shared = LookupDraft(tokenizer.vocab_size, bench.history, device=options.device)
    drafts: dict[str, Callable[[], Draft]] = {
        "look-up": lambda: LookupDraft(tokenizer.vocab_size, device=options.device),
        "history": lambda: shared,
    }
    if target is not small:
        drafts["model"] = lambda: ModelDraft(small)
    print(f"{options.device}, target of {target.parameter_count():,} parameters, {options.prompts} prompts")
    print(f"{'':11}{'length':8}{'draft':9}{'ahead':>6}{'tokens/s':>10}{'x':>7}{'a pass':>8}{'kept':>7}{'same':>7}")
    results = []
    for name, sampling in SAMPLINGS.items():
        for length, most in LENGTHS.items():
            bench.plain(sampling, most)
            for kind, draft in drafts.items():
                for ahead in options.ahead:
                    rounds = []
                    for _ in range(options.rounds):
                        slow, expected = timed(lambda: bench.plain(sampling, most), clock)  # noqa: B023 (called at once)
                        fast, found = timed(lambda: bench.drafted(sampling, most, draft, ahead), clock)  # noqa: B023
                        rounds.append((fast, fast / slow))
                    speed, ratio = (statistics.median(column) for column in zip(*rounds, strict=True))
                    tokens, passes, proposed, accepted = (
                        sum(column)
                        for column in zip(
                            *((len(f.tokens), f.passes, f.proposed, f.accepted) for f in found), strict=True
                        )
                    )
                    row = {
                        "sampling": name, "length": length, "draft": kind, "ahead": ahead, "tokens_s": speed,
                        "ratio": ratio, "a_pass": tokens / passes, "kept": accepted / max(proposed, 1),
                        "same": same(expected, found) if sampling.temperature == 0 else None,
                    }  # fmt: skip
                    results.append(row)
                    print(
                        f"{name:11}{length:8}{kind:9}{ahead:6}{speed:10.0f}{ratio:7.2f}{row['a_pass']:8.2f}"
                        f"{row['kept']:7.2f}" + ("" if row["same"] is None else f"{row['same']:7.2f}")
                    )
    write("speculative", {"parameters": target.parameter_count(), "device": options.device, "rows": results})


if __name__ == "__main__":
    main()
