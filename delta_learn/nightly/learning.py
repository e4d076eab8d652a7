"""From sessions to a trained model: what the night and a trial do in the same way."""

from __future__ import annotations

import logging
from collections.abc import Container, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from delta_learn.base.shipped import shipped_base
from delta_learn.collector.normalize import Normalizer
from delta_learn.config import Config, TrainConfig
from delta_learn.dataset.split import split_by_time
from delta_learn.dataset.synthetic import rare_variants
from delta_learn.dataset.tokens import tokenize
from delta_learn.entry import Session
from delta_learn.errors import ConfigError, MissingDependencyError
from delta_learn.nightly.night import Progress
from delta_learn.registry import ModelFile
from delta_learn.storage.seal import Keyring
from delta_learn.storage.shards import Identity, TokenRun
from delta_learn.tokenizer.tokenizer import Tokenizer

if TYPE_CHECKING:
    from delta_learn.trainer.launch import Processes
    from delta_learn.trainer.personal import PersonalModel
    from delta_learn.trainer.progress import Progress as Step
    from delta_learn.trainer.progress import Rest

logger = logging.getLogger(__name__)

CHECKPOINT = "night"
"""Name of the run that is kept."""

_VALIDATION_SHARE = 0.05
"""Newest part of what is learnt from that tells when to stop; the gate's hold-out is never looked at."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a model is trained on; runs marked held_out only tell when to stop."""

    tokenizer: Tokenizer
    runs: list[TokenRun]


def prepare(
    sessions: Sequence[Session], config: Config, base: ModelFile | None = None, accepted: Container[Identity] = ()
) -> Lesson:
    """Make or take a tokenizer and turn `sessions` into runs of tokens; `accepted` are commands that were suggested."""
    split = split_by_time(sessions, max(1, int(_VALIDATION_SHARE * sum(map(len, sessions)))))
    names = Normalizer.current()
    if base is not None:
        tokenizer = Tokenizer.from_bytes(base.tokenizer, names)
    else:
        lines = (entry.command for session in split.train for entry in session)
        tokenizer = Tokenizer.train(lines, vocab_size=config.tokenizer.vocab_size, normalizer=names)
    synthetic = rare_variants(split.train, variants=config.dataset.rare_variants, seed=config.train.seed)
    return Lesson(tokenizer, tokenize(split, synthetic, tokenizer, config.dataset, accepted))


def base_for(config: Config) -> ModelFile | None:
    """The model that personal models start from: the shipped one, unless the settings say otherwise.

    Raises:
        ModelError: its files are damaged.
    """
    if not config.train.from_base:
        return None
    base = shipped_base()
    if base is not None and base.meta.get("preset") != config.train.preset:
        logger.info("the shipped base is of preset %s, not %s", base.meta.get("preset"), config.train.preset)
        return None
    return base


def require_torch() -> None:
    """Check that training is possible at all.

    Raises:
        MissingDependencyError: torch is not installed.
    """
    try:
        import_module("delta_learn.trainer.personal")
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            "Training needs torch; install it with `pip install 'delta-learn[train]'`."
        ) from error


def train(
    lesson: Lesson,
    config: Config,
    *,
    base: ModelFile | None = None,
    checkpoint: tuple[Path, Keyring] | None = None,
    processes: tuple[Processes, Path] | None = None,
    on_progress: Progress = lambda *_: None,
    rest: Rest = lambda _: None,
) -> PersonalModel:
    """Train a personal model on a lesson; `checkpoint` is where an interrupted run is kept, sealed.

    The checkpoint stays: whoever has the model in a safe place removes it. `rest` is as the trainer's. With a
    checkpoint, `processes` train where several were asked for or there are several GPUs; they read the file of the key.

    Raises:
        MissingDependencyError: torch is not installed.
    """
    require_torch()
    from delta_learn.trainer.checkpoint import CheckpointStore
    from delta_learn.trainer.job import Job, JobFiles, train_elsewhere
    from delta_learn.trainer.personal import train_personal

    def show(step: Step) -> None:
        on_progress("train", step.step, step.steps, step_note(step))

    settings = config.train
    if checkpoint and processes:
        asked, key = processes
        settings = asked.configured(settings)
        count = asked.here(settings.device)
        if count:
            files = JobFiles(checkpoint[0], key, CHECKPOINT)
            job = Job(lesson.runs, lesson.tokenizer.to_bytes(), settings, base)
            return train_elsewhere(job, files, asked, count, on_step=show, rest=rest)
    store = CheckpointStore(*checkpoint, CHECKPOINT) if checkpoint else None
    return train_personal(lesson.runs, lesson.tokenizer, settings, base=base, checkpoint=store, on_step=show, rest=rest)


def join(checkpoints: Path, key: Path, config: TrainConfig, processes: Processes) -> None:
    """Help a training that another machine began, with which this one shares the directory of checkpoints.

    Raises:
        ConfigError: it is not said where they meet. MissingDependencyError: torch is not installed.
        LostWorkerError, StoppedError: as `launch.run`.
    """
    require_torch()
    from delta_learn.trainer.job import JobFiles
    from delta_learn.trainer.launch import run

    if processes.nodes == 1:
        raise ConfigError("--join helps another machine: give the --nodes and --rendezvous that it was started with.")
    count = processes.here(processes.configured(config).device)
    run(processes, count, "delta_learn.trainer.job", JobFiles(checkpoints, key, CHECKPOINT).arguments)


def step_note(step: Step) -> str:
    """What a progress bar says beside a step: loss, speed, part of the GPUs' peak where it is known, memory."""
    used = "" if step.mfu is None else f", MFU {100 * step.mfu:.0f} %"
    return f"loss {step.loss:.3f}, {step.tokens_per_second:,.0f} tokens/s{used}, {step.memory_bytes / 1e9:.1f} GB"
