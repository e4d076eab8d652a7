"""The base model: trained from scratch on a corpus, rounded to bf16, measured as it will be shipped."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from delta_learn.collector.normalize import Normalizer
from delta_learn.config import TrainConfig
from delta_learn.dataset.arrangement import arrange
from delta_learn.dataset.corpus import Corpus, weight_of
from delta_learn.dataset.tokens import token_run
from delta_learn.dataset.windows import Dataset, Tokens
from delta_learn.entry import CommandEntry, Session
from delta_learn.errors import StoppedError
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.weights import weights_from_bytes, weights_to_bytes
from delta_learn.registry import ModelFile
from delta_learn.storage.shards import TokenRun
from delta_learn.tokenizer.tokenizer import Tokenizer
from delta_learn.trainer.checkpoint import CheckpointStore
from delta_learn.trainer.determinism import deterministic
from delta_learn.trainer.device import training_device
from delta_learn.trainer.loop import Trainer
from delta_learn.trainer.objective import mean_loss
from delta_learn.trainer.personal import initial_model
from delta_learn.trainer.plan import Plan, plan_steps
from delta_learn.trainer.progress import Progress, TrainResult
from delta_learn.trainer.speed import measure_speed
from delta_learn.trainer.workers import Workers

ARRANGEMENTS = 4
"""Ways in which the pages are made into sessions; training goes through them in turn."""

PERSON = Normalizer(home="/home/user", user="alice", host="")
"""Whose home and name the corpus means most often: their places are what `<home>` and `<user>` stand for."""


@dataclass(frozen=True, slots=True)
class Length:
    """How long to train: `steps`, else as many as fit in `minutes`, else `epochs` times through the corpus."""

    steps: int | None = None
    minutes: float | None = None
    epochs: int = 8


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A base model, ready to be written, and what is known of it."""

    file: ModelFile
    """Weights in bf16."""
    result: TrainResult
    parameters: int
    tokens_per_epoch: int
    """Positions of one time through the corpus, padding included."""
    bits_per_byte: Mapping[tuple[str, str], float]
    """Of the held-out commands by (file, kind), each alone in its session, with the rounded weights."""
    held_out: Mapping[tuple[str, str], int]
    """Commands measured."""


def train_base(
    corpus: Corpus,
    tokenizer: Tokenizer,
    config: TrainConfig,
    length: Length,
    *,
    checkpoint: CheckpointStore | None = None,
    on_step: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
    workers: Workers | None = None,
    tokens: Path | None = None,
) -> BaseModel:
    """Train on the corpus; with a length in steps or epochs the weights are a pure function of the arguments.

    `checkpoint`, `on_step`, `stop` and `workers` are as `Trainer`'s; of several workers only rank 0 need have the
    weights in the end, and it alone measures them. The tokens lie in the file `tokens`, where one is given, and are
    read from there; one of an earlier run is used again.

    Raises:
        ModelError: training diverged, or `tokens` is of another corpus. StoppedError: `stop` asked for it.
        ConfigError, NotEnoughDataError: as `plan_steps`. StorageError: `tokens` cannot be used.
    """
    workers = workers or Workers(training_device(config.device))
    model = initial_model(tokenizer, config, base=None).to(workers.device)
    train = _training_set(corpus, tokenizer, config, tokens)
    held_out = _dataset(list(_held_out_runs(corpus, tokenizer)), tokenizer, config)
    plan = _plan(model, config, train, length, workers)
    trainer = Trainer(
        model, config, train, held_out, plan=plan, checkpoint=checkpoint, on_step=on_step, stop=stop, workers=workers
    )
    result = trainer.fit()
    if result.stopped == "stopped":
        raise StoppedError(f"Training was ended at step {result.steps}; start it again and it goes on there.")
    model = workers.whole_model(model)
    weights = weights_to_bytes(model, torch.bfloat16)
    weights_from_bytes(model, weights)
    groups = corpus.groups() if workers.rank == 0 else {}
    with deterministic(config.threads, workers.device):
        bits = {key: bits_per_byte(model, commands, tokenizer, config) for key, commands in groups.items()}
    return BaseModel(
        ModelFile({"model": model.config.to_dict()}, tokenizer.to_bytes(), weights),
        result,
        model.parameter_count(),
        train.rows_per_epoch() * config.row_tokens // ARRANGEMENTS,
        bits,
        {key: len(commands) for key, commands in groups.items()},
    )


def bits_per_byte(model: DeltaModel, commands: list[str], tokenizer: Tokenizer, config: TrainConfig) -> float:
    """Bits a byte of each command and its newline, alone in its session."""
    runs = [_alone(command, tokenizer, weight=1.0) for command in commands]
    dataset = _dataset(runs, tokenizer, config)
    tokens = sum(len(tokenizer.encode(command)) + 1 for command in commands)
    nats = mean_loss(model, dataset, config.batch_rows) * tokens
    return nats / math.log(2) / dataset.text_bytes(tokenizer)


def _plan(model: DeltaModel, config: TrainConfig, train: Dataset, length: Length, workers: Workers) -> Plan:
    """The plan of `length`; an epoch of the data set is all arrangements, one of `length` is one of them."""
    whole = plan_steps(config, train.rows_per_epoch(), workers=workers.count)
    if length.steps is not None:
        return replace(whole, steps=length.steps)
    per_epoch = math.ceil(whole.batches_per_epoch / ARRANGEMENTS)
    if length.minutes is None:
        return replace(whole, steps=max(1, length.epochs * per_epoch // whole.batches_per_step))
    limited = replace(config, max_seconds=60 * length.minutes, max_epochs=1 << 20)
    speed = measure_speed(model, config, train, workers)
    return plan_steps(limited, train.rows_per_epoch(), tokens_per_second=speed, workers=workers.count)


def _training_set(corpus: Corpus, tokenizer: Tokenizer, config: TrainConfig, tokens: Path | None) -> Dataset:
    runs = _training_runs(corpus, tokenizer, config.seed)
    if tokens is None:
        return _dataset(list(runs), tokenizer, config)
    # Only here: personal tokens are never in a plain file.
    from delta_learn.dataset.mapped import map_tokens, write_tokens

    origin = "\n".join(map(str, (tokenizer.version, sorted(corpus.digests.items()), config.seed, ARRANGEMENTS)))
    if not tokens.exists():
        write_tokens(tokens, runs, origin)
    return _dataset(map_tokens(tokens, origin), tokenizer, config)


def _training_runs(corpus: Corpus, tokenizer: Tokenizer, seed: int) -> Iterator[TokenRun]:
    def weight(entry: CommandEntry) -> float:
        return corpus.weights[entry.command]

    for number in range(ARRANGEMENTS):
        for session in arrange(corpus.train, seed=seed, number=number):
            yield token_run(session, tokenizer, weight, held_out=False)


def _held_out_runs(corpus: Corpus, tokenizer: Tokenizer) -> Iterator[TokenRun]:
    """With the weights of what is learnt from: this loss says which weights to keep."""
    for page in corpus.held_out:
        for command in page.commands:
            yield _alone(command, tokenizer, weight_of(page.kind, command))


def _alone(command: str, tokenizer: Tokenizer, weight: float) -> TokenRun:
    return token_run(Session("", (CommandEntry(command),)), tokenizer, lambda _: weight, held_out=True)


def _dataset(runs: list[TokenRun] | Tokens, tokenizer: Tokenizer, config: TrainConfig) -> Dataset:
    return Dataset(runs, row_tokens=config.row_tokens, seed=config.seed, pad=tokenizer.symbol("<pad>"))
