"""A personal model: a pure function of (base, runs, tokenizer, configuration, seed), never of last night's model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch

from delta_learn.config import TrainConfig
from delta_learn.dataset.windows import Dataset
from delta_learn.errors import ModelError
from delta_learn.model.config import DeltaModelConfig, preset
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.weights import weights_from_bytes, weights_to_bytes
from delta_learn.registry import ModelFile
from delta_learn.storage.shards import TokenRun
from delta_learn.tokenizer.tokenizer import Tokenizer
from delta_learn.trainer.checkpoint import CheckpointStore
from delta_learn.trainer.device import training_device
from delta_learn.trainer.loop import Trainer
from delta_learn.trainer.plan import plan_steps
from delta_learn.trainer.progress import Progress, Rest, TrainResult
from delta_learn.trainer.speed import measure_speed
from delta_learn.trainer.workers import Workers


@dataclass(frozen=True, slots=True)
class PersonalModel:
    """A trained model, ready to be written to a file."""

    file: ModelFile
    result: TrainResult
    parameters: int


def train_personal(
    runs: Sequence[TokenRun],
    tokenizer: Tokenizer,
    config: TrainConfig,
    *,
    base: ModelFile | None = None,
    checkpoint: CheckpointStore | None = None,
    on_step: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
    rest: Rest = lambda _: None,
    workers: Workers | None = None,
) -> PersonalModel:
    """Train on the runs that are not held out; those that are tell when to stop.

    From a base, both rates are `finetune_factor` of what they are from scratch. Where `max_epochs` would take
    longer than `max_seconds` at the speed measured at the start, the plan is shortened; that is the one way in
    which the machine can decide the weights. `checkpoint`, `on_step`, `stop`, `rest` and `workers` are as `Trainer`'s;
    of several workers only rank 0 need have the weights in the end.

    Raises:
        ModelError: the base was made with another tokenizer, or training diverged.
        NotEnoughDataError: there is nothing to train on.
    """
    workers = workers or Workers(training_device(config.device))
    model = initial_model(tokenizer, config, base).to(workers.device)
    if base is not None:
        config = finetuning(config)
    train, held_out = (_dataset(runs, side, tokenizer, config) for side in (False, True))
    speed = measure_speed(model, config, train, workers, rest=rest)
    plan = plan_steps(config, train.rows_per_epoch(), tokens_per_second=speed, workers=workers.count)
    trainer = Trainer(
        model, config, train, held_out, plan=plan, checkpoint=checkpoint, on_step=on_step, stop=stop, rest=rest,
        workers=workers,
    )  # fmt: skip
    result = trainer.fit()
    model = workers.whole_model(model)
    file = ModelFile({"model": model.config.to_dict()}, tokenizer.to_bytes(), weights_to_bytes(model))
    return PersonalModel(file, result, model.parameter_count())


def finetuning(config: TrainConfig) -> TrainConfig:
    """The configuration with the rates for a model that knows something already."""
    factor = config.finetune_factor
    return replace(
        config,
        learning_rate=factor * config.learning_rate,
        adam_learning_rate=factor * config.adam_learning_rate,
    )


def initial_model(tokenizer: Tokenizer, config: TrainConfig, base: ModelFile | None) -> DeltaModel:
    """The base's weights, else those that the seed draws.

    Raises:
        ModelError: the base was made with another tokenizer.
    """
    if base is None:
        with torch.random.fork_rng([]):
            torch.manual_seed(config.seed)
            return DeltaModel(preset(config.preset, tokenizer.vocab_size))
    if base.tokenizer != tokenizer.to_bytes():
        raise ModelError("The base model was made with another tokenizer: train with the base's own.")
    model = DeltaModel(DeltaModelConfig.from_dict(base.meta["model"]))
    weights_from_bytes(model, base.weights)
    return model


def _dataset(runs: Sequence[TokenRun], held_out: bool, tokenizer: Tokenizer, config: TrainConfig) -> Dataset:
    chosen = [run for run in runs if run.held_out is held_out]
    return Dataset(chosen, row_tokens=config.row_tokens, seed=config.seed, pad=tokenizer.symbol("<pad>"))
