"""A personal training in processes of its own: sealed files take what they need and bring what comes of it.

The night stays one process. It shows how far they are, and when somebody needs the machine it ends them, which leaves
the GPUs free, and starts them again later: they go on from the checkpoint.
"""

from __future__ import annotations

import json
import logging
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

from delta_learn.config import TrainConfig, from_mapping
from delta_learn.errors import StoppedError
from delta_learn.registry import ModelFile
from delta_learn.storage.atomic import remove_file
from delta_learn.storage.blockfile import BlockReader, BlockWriter
from delta_learn.storage.seal import Keyring
from delta_learn.storage.shards import TokenRun
from delta_learn.tokenizer.tokenizer import Tokenizer
from delta_learn.trainer.checkpoint import CheckpointStore
from delta_learn.trainer.distributed import joined, termination
from delta_learn.trainer.launch import Processes, command, error_of, reported
from delta_learn.trainer.personal import PersonalModel, train_personal
from delta_learn.trainer.progress import Progress, Rest, TrainResult

logger = logging.getLogger(__name__)

_CHUNK_BYTES = 1 << 24
_RUNS_PER_BLOCK = 4096
_LOOK_SECONDS = 0.5
"""So often `rest` is called."""
_SILENT = "The processes of the training ended without a word; start it again and it goes on from its checkpoint."


@dataclass(frozen=True, slots=True)
class Job:
    """What `train_personal` is a function of."""

    runs: list[TokenRun]
    tokenizer: bytes
    config: TrainConfig
    base: ModelFile | None


class JobFiles:
    """Job and outcome of the run `run_id`, in the directory of its checkpoint."""

    def __init__(self, directory: Path, key: Path, run_id: str) -> None:
        self.keyring = Keyring.load(key)
        self.arguments = (str(directory), str(key), run_id)
        self.checkpoint = CheckpointStore(directory, self.keyring, run_id)
        self._job, self._outcome = (directory / f"{run_id}.{name}.bin" for name in ("job", "outcome"))

    def write_job(self, job: Job) -> None:
        """Raises:
        StorageError: it cannot be written.
        """
        with self._writer(self._job) as writer:
            writer.write([asdict(job.config), job.tokenizer, len(job.runs)])
            for start in range(0, len(job.runs), _RUNS_PER_BLOCK):
                writer.write([list(astuple(run)) for run in job.runs[start : start + _RUNS_PER_BLOCK]])
            _write_model(writer, job.base)

    def read_job(self) -> Job:
        """Raises:
        StorageError: there is none, or it is damaged.
        """
        with self._reader(self._job) as reader:
            records = reader.records()
            config, tokenizer, count = (next(records) for _ in range(3))
            runs = [TokenRun(*next(records)) for _ in range(count)]
            return Job(runs, tokenizer, from_mapping(TrainConfig, config, "the job"), _read_model(records))

    def write_outcome(self, model: PersonalModel) -> None:
        """Raises:
        StorageError: it cannot be written.
        """
        with self._writer(self._outcome) as writer:
            writer.write([asdict(model.result), model.parameters])
            _write_model(writer, model.file)

    def read_outcome(self) -> PersonalModel | None:
        """None where the run is not over.

        Raises:
            StorageError: it is damaged.
        """
        if not self._outcome.exists():
            return None
        with self._reader(self._outcome) as reader:
            records = reader.records()
            result, parameters = next(records), next(records)
            file = _read_model(records)
            return None if file is None else PersonalModel(file, TrainResult(**result), parameters)

    def remove(self) -> None:
        """Forget both; the checkpoint stays."""
        for path in (self._job, self._outcome):
            if path.exists():
                remove_file(path)

    def _writer(self, path: Path) -> AbstractContextManager[BlockWriter]:
        return BlockWriter.create(path, kind="state", label=path.stem, keyring=self.keyring)

    def _reader(self, path: Path) -> BlockReader:
        return BlockReader(path, kind="state", label=path.stem, keyring=self.keyring)


def train_elsewhere(
    job: Job,
    files: JobFiles,
    processes: Processes,
    count: int,
    *,
    on_step: Callable[[Progress], None],
    rest: Rest = lambda _: None,
) -> PersonalModel:
    """Train in `count` processes here, and on other machines as `processes` says.

    `rest` is called twice a second; when it saves, the processes end, and start again when it comes back.

    Raises:
        LostWorkerError, ModelError, NotEnoughDataError, StorageError: as `launch.run`.
    """
    files.remove()
    files.write_job(job)
    words = command(processes, count, __name__, files.arguments)
    try:
        while _follow(words, on_step, rest):
            logger.info("the training processes start again")
        model = files.read_outcome()
    finally:
        files.remove()
    if model is None:
        raise StoppedError("The training was ended from outside; start it again and it goes on from its checkpoint.")
    return model


def main() -> None:
    """`python -m delta_learn.trainer.job DIRECTORY KEY RUN`: one of the processes. Progress is lines of JSON."""
    directory, key, run_id = sys.argv[1:]
    with reported():
        files = JobFiles(Path(directory), Path(key), run_id)
        job = files.read_job()
        with joined(job.config.device, shard=job.config.shard) as workers, termination() as stop:
            model = train_personal(
                job.runs, Tokenizer.from_bytes(job.tokenizer), job.config, base=job.base,
                checkpoint=files.checkpoint, on_step=_tell, stop=stop, workers=workers,
            )  # fmt: skip
            if workers.rank == 0 and model.result.stopped != "stopped":
                files.write_outcome(model)


def _tell(progress: Progress) -> None:
    sys.stdout.write(json.dumps(asdict(progress)) + "\n")
    sys.stdout.flush()


def _follow(words: list[str], on_step: Callable[[Progress], None], rest: Rest) -> bool:
    """Start the processes and stay with them to their end; returns whether `rest` ended them before they were done."""
    output, theirs = os.pipe()
    process = subprocess.Popen([sys.executable, *words], stdin=subprocess.DEVNULL, stdout=theirs)  # noqa: S603
    os.close(theirs)
    ended, failure = False, {"error": "LostWorkerError", "message": _SILENT}

    def end() -> None:
        nonlocal ended
        ended = process.poll() is None
        process.terminate()
        process.wait()

    try:
        for line in _lines(output):
            if line is None and not ended:
                rest(end)
            elif line is not None and "error" in line:
                failure = line
            elif line is not None:
                on_step(Progress(**line))
        if process.wait() and not ended:
            raise error_of(failure["error"], failure["message"])
        return ended
    finally:
        os.close(output)
        process.terminate()
        process.wait()


def _lines(fd: int) -> Iterator[dict[str, Any] | None]:
    """The lines of JSON that come from `fd`, and None when it is time to look around."""
    rest, looked = b"", time.monotonic()
    while True:
        ready = select.select([fd], [], [], _LOOK_SECONDS)[0]
        data = os.read(fd, 1 << 16) if ready else b""
        *lines, rest = (rest + data).split(b"\n")
        yield from (json.loads(line) for line in lines if line.startswith(b"{"))
        if time.monotonic() - looked >= _LOOK_SECONDS:
            yield None
            looked = time.monotonic()
        if ready and not data:
            return


def _write_model(writer: BlockWriter, model: ModelFile | None) -> None:
    writer.write([None] if model is None else [model.meta, model.tokenizer])
    for start in range(0, len(model.weights) if model else 0, _CHUNK_BYTES):
        writer.write([model.weights[start : start + _CHUNK_BYTES]] if model else [])


def _read_model(records: Iterator[Any]) -> ModelFile | None:
    meta = next(records)
    return None if meta is None else ModelFile(meta, next(records), b"".join(records))


if __name__ == "__main__":
    main()
