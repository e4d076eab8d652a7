"""The whole night, as one readable list of steps."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from delta_learn.collector.store import Store
from delta_learn.config import Config
from delta_learn.errors import ConfigError
from delta_learn.nightly import steps
from delta_learn.nightly.lastnight import noted
from delta_learn.nightly.learning import base_for
from delta_learn.nightly.machine import Machine
from delta_learn.nightly.night import Night, Progress, Say
from delta_learn.nightly.retention import retain
from delta_learn.nightly.summary import summarize
from delta_learn.nightly.unfinished import finish
from delta_learn.nightly.watch import Watch, WindowOverError
from delta_learn.registry import ModelFile, Registry
from delta_learn.storage.atomic import private_directory, remove_file
from delta_learn.storage.lock import exclusive
from delta_learn.trainer.launch import Processes, launched

logger = logging.getLogger(__name__)

Step = Callable[[Night], None]

_KEPT_LOGS = 30
"""Days on which something was trained."""

STEPS: tuple[tuple[str, Step], ...] = (
    ("retain", retain),
    ("conditions", steps.check_conditions),
    ("packages", steps.check_packages),
    ("summary", summarize),
    ("split", steps.split_in_time),
    ("tokenizer", steps.train_tokenizer),
    ("tokens", steps.write_tokens),
    ("train", steps.train_model),
    ("replay", steps.replay_newest),
    ("gate", steps.decide),
    ("deploy", steps.deploy_or_keep),
    ("finish", finish),
    ("prune", steps.prune),
)


def run_night(
    store: Store,
    config: Config,
    *,
    nightly: bool = False,
    dry_run: bool = False,
    base: ModelFile | None = None,
    processes: Processes | None = None,
    say: Say = logger.info,
    on_progress: Progress = lambda *_: None,
) -> Night:
    """Run the steps until one of them says that there is nothing to do.

    `nightly` obeys all conditions, before and while it works; `dry_run` only looks at them. `base` is the model to
    start from, by default the one that the settings choose (`learning.base_for`); `processes` are those that train.

    Raises:
        LockHeldError: another training runs. ConfigError: torchrun started this.
        DeltaError: a step failed; what was deployed stays.
    """
    if launched():
        raise ConfigError(
            "A night starts its training processes itself: run `delta-learn train --gpus N`, not torchrun."
        )
    registry = Registry(store.paths, store.keyring)
    watch = Watch(Machine(Path(config.night.root)), config, store.paths.spool, say=say) if nightly else None
    night = Night(store, registry, config, nightly, base or base_for(config), say, on_progress, watch)
    night.processes = processes or night.processes
    with exclusive(store.paths.training_lock, "delta-learn train"):
        if dry_run:
            steps.check_conditions(night)
            return night
        with _log(store.paths.log), noted(night):
            try:
                _run(night, STEPS)
            except WindowOverError as over:
                night.skipped = str(over)
            if night.skipped:
                logger.info("skipped: %s", night.skipped)
    return night


def _run(night: Night, chosen: Sequence[tuple[str, Step]]) -> None:
    for number, (name, step) in enumerate(chosen):
        # After the decision all is done in moments, and would be lost if the night ended.
        if number > 0 and night.decision is None:
            night.rest()
        start = time.monotonic()
        step(night)
        logger.info("%s: %.1f s", name, time.monotonic() - start)
        if night.skipped:
            return


@contextmanager
def _log(directory: Path) -> Iterator[None]:
    """Send what the library logs to this day's file, which holds figures and reasons, never commands."""
    path = private_directory(directory) / time.strftime("night_%Y-%m-%d.log")
    for old in sorted(directory.glob("night_*.log"))[:-_KEPT_LOGS]:
        remove_file(old)
    handler = logging.StreamHandler(os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a"))
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger("delta_learn")
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    except BaseException as error:
        logger.error("stopped: %s", error)
        raise
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        handler.stream.close()
