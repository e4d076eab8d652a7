"""From corpus files to a base model in a directory: what `delta-learn pretrain` does."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from delta_learn.base.files import write_base
from delta_learn.config import PRESETS, TrainConfig
from delta_learn.dataset.attribution import attribution, origins
from delta_learn.dataset.corpus import Corpus, read_corpus
from delta_learn.dataset.examples import choose_examples
from delta_learn.errors import ConfigError
from delta_learn.nightly.learning import require_torch, step_note
from delta_learn.nightly.modelcard import CardFacts, model_card
from delta_learn.nightly.night import Progress, Say
from delta_learn.tokenizer.tokenizer import Tokenizer

if TYPE_CHECKING:
    from delta_learn.trainer.checkpoint import CheckpointStore
    from delta_learn.trainer.pretrain import BaseModel, Length
    from delta_learn.trainer.workers import Workers

VOCAB_SIZE = 2048
BATCH_ROWS = 16
"""More steps of fewer rows learn more: from the same 287,000 tokens, 16 rows reach 2.63 bits a byte, 32 rows 2.72."""


ROW_TOKENS = {"large": 2048}
"""By preset, where they are not those of a personal model: short rows leave a GPU idle."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a base is made; with `minutes` the machine's speed decides the number of steps, else nothing does.

    Raises:
        ConfigError: a value that cannot be.
    """

    preset: str = "small"
    steps: int | None = None
    minutes: float | None = None
    epochs: int = 8
    seed: int = 1337
    threads: int = 2

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise ConfigError(f"There is no preset {self.preset!r}: choose {' or '.join(PRESETS)}.")
        if self.steps is not None and self.minutes is not None:
            raise ConfigError("Give --steps or --minutes, not both.")
        for name in ("steps", "minutes", "epochs", "threads"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigError(f"--{name} must be above 0, not {value}.")

    def train_config(self) -> TrainConfig:
        """The defaults of the product, not of the person who runs it: a base is made for everyone."""
        row_tokens = ROW_TOKENS.get(self.preset, TrainConfig().row_tokens)
        return TrainConfig(
            preset=self.preset, seed=self.seed, threads=self.threads, batch_rows=BATCH_ROWS, row_tokens=row_tokens
        )


def pretrain(
    files: Sequence[Path],
    out: Path,
    recipe: Recipe,
    *,
    workers: Workers | None = None,
    checkpoint: CheckpointStore | None = None,
    stop: Callable[[], bool] | None = None,
    tokens: Path | None = None,
    say: Say = lambda _: None,
    on_progress: Progress = lambda *_: None,
) -> dict[str, Any]:
    """Train tokenizer and base on corpus `files` and write them into `out`; returns what base.json holds.

    Of several `workers` each reads the corpus, and rank 0 alone writes; the others return nothing. `checkpoint`, which
    is removed in the end, and `stop` are as the trainer's; `tokens` is as `train_base`'s.

    Raises:
        StoppedError: `stop` asked for it.
        MissingDependencyError: torch is not installed.
        HistoryError, NotEnoughDataError: as `read_corpus`. StorageError: `out` cannot be written.
    """
    require_torch()
    from delta_learn.trainer.pretrain import PERSON, Length, train_base

    corpus = read_corpus(files)
    say(_told(corpus))
    tokenizer = Tokenizer.train(corpus.lines(), vocab_size=VOCAB_SIZE, normalizer=PERSON)
    say(f"A vocabulary of {tokenizer.vocab_size:,} pieces.")
    length: Length = Length(recipe.steps, recipe.minutes, recipe.epochs)
    base = train_base(
        corpus,
        tokenizer,
        recipe.train_config(),
        length,
        workers=workers,
        checkpoint=checkpoint,
        stop=stop,
        tokens=tokens,
        on_step=lambda s: on_progress("pretrain", s.step, s.steps, step_note(s)),
    )
    if workers is not None and workers.rank > 0:
        return {}
    result = base.result
    say(
        f"Trained {base.parameters / 1e6:.1f}M parameters for {result.steps:,} steps in {result.seconds:.0f} s "
        f"({result.tokens / max(result.seconds, 1e-9):,.0f} tokens/s); one time through the corpus is "
        f"{base.tokens_per_epoch:,} tokens."
    )
    facts = _facts(base, corpus, recipe)
    words = _command(files, recipe, base) + _several(workers)
    card = CardFacts({**facts, **base.file.meta}, corpus, origins(corpus, files), attribution(files), words)
    written = write_base(out, base.file, choose_examples(corpus), facts, model_card(card))
    if checkpoint is not None:
        checkpoint.remove()
    return written


def run_id(files: Sequence[Path], out: Path, recipe: Recipe) -> str:
    """Name of the checkpoint of this base: another recipe or place is another run."""
    text = "\n".join(map(str, [recipe, out.absolute(), *(file.absolute() for file in files)]))
    return f"pretrain_{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _facts(base: BaseModel, corpus: Corpus, recipe: Recipe) -> dict[str, Any]:
    import torch

    return {
        "preset": recipe.preset,
        "parameters": base.parameters,
        "lineage": {
            "steps": base.result.steps,
            "tokens": base.result.tokens,
            "tokens_per_epoch": base.tokens_per_epoch,
            "seed": recipe.seed,
            "threads": recipe.threads,
            "torch": torch.__version__,
            "corpus": dict(corpus.digests),
            "commands": dict(corpus.counts),
        },
        "bits_per_byte": [
            {"file": file, "kind": kind, "commands": base.held_out[file, kind], "bits_per_byte": round(bits, 4)}
            for (file, kind), bits in base.bits_per_byte.items()
        ],
    }


def _told(corpus: Corpus) -> str:
    counts = corpus.counts
    learnt = sum(len(page.commands) for page in corpus.train)
    return (
        f"{counts['read']:,} commands read, {learnt:,} to learn from, {counts['held_out']:,} held out; "
        f"{counts['repeated']:,} repeats, {counts['empty']:,} empty and {counts['known']:,} held out but known left "
        f"out; {counts['redacted']:,} redacted."
    )


def _several(workers: Workers | None) -> str:
    """The option with which a step has as many batches again."""
    if workers is None or workers.count == 1:
        return ""
    return f" --{'gpus' if workers.device.type == 'cuda' else 'processes'} {workers.count}"


def _command(files: Sequence[Path], recipe: Recipe, base: BaseModel) -> str:
    """What makes the same model again: the steps that a length in minutes or epochs came to."""
    names = " ".join(shlex.quote(path.name) for path in files)
    return (
        f"delta-learn pretrain {names} --preset {recipe.preset} --steps {base.result.planned_steps} "
        f"--seed {recipe.seed} --threads {recipe.threads}"
    )
