"""One of the processes of test_launch.py: `python -m tests.trainer.elastic_worker DIRECTORY BEHAVIOUR`."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import signal
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from delta_learn.storage.seal import Keyring
from delta_learn.trainer.checkpoint import CheckpointStore
from delta_learn.trainer.distributed import joined, termination
from delta_learn.trainer.launch import reported
from delta_learn.trainer.loop import Trainer
from delta_learn.trainer.progress import Progress
from tests.trainer.small_run import CONFIG, trainer

KILLS = 2
THREADED = dataclasses.replace(CONFIG, threads=2, checkpoint_seconds=0)


def store(root: Path) -> CheckpointStore:
    return CheckpointStore(root, Keyring(b"k" * 32), "run")


def mortal(run: Trainer, root: Path, life: int) -> None:
    """A random rank dies, in this life, in the middle of a random step after those of the life before."""
    draw = random.Random(life)
    rank, dies_at = draw.randrange(run.workers.count), 5 + 10 * life + draw.randrange(10)
    accumulate = run.accumulate

    def make(step: int) -> tuple[torch.Tensor, int]:
        if run.workers.rank == rank and step == dies_at:
            (root / f"died{life}").write_text(str(step))
            os.kill(os.getpid(), signal.SIGKILL)
        return accumulate(step)

    run.accumulate = make  # type: ignore[method-assign]


def main() -> None:
    """Train; with `dies` a rank dies in each of the first lives. Steps made, and on how many threads, are appended."""
    root, behaviour = Path(sys.argv[1]), sys.argv[2]
    life = int(os.environ["TORCHELASTIC_RESTART_COUNT"])

    def tell(progress: Progress) -> None:
        with (root / "steps").open("a") as file:
            file.write(json.dumps([progress.step, torch.get_num_threads()]) + "\n")

    with reported(), joined("auto") as workers, termination() as stop:
        run = trainer(workers, config=THREADED, checkpoint=store(root), on_step=tell, stop=stop)
        if behaviour == "dies" and life < KILLS:
            mortal(run, root, life)
        run.fit()
        if workers.rank == 0:
            save_file(run.model.state_dict(), root / "weights")


if __name__ == "__main__":
    main()
