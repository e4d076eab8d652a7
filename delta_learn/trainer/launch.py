"""torchrun's elastic engine, started from here: several processes on this machine, or on several machines.

A process that is lost ends the others; all start again, up to three times, and go on from the last checkpoint. No port
is fixed: on one machine the rendezvous takes a free one.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from delta_learn import errors
from delta_learn.config import TrainConfig
from delta_learn.errors import ConfigError, DeltaError, LostWorkerError, StoppedError

if TYPE_CHECKING:
    from torch.distributed.elastic.multiprocessing.errors import ProcessFailure

_JOB = "delta-learn"
"""Name of the rendezvous: machines with the same one meet."""


@dataclass(frozen=True, slots=True)
class Processes:
    """How many processes train; what is not said follows from the machine.

    Raises:
        ConfigError: a number that cannot be, or options that exclude each other.
    """

    gpus: int | None = None
    """GPUs of this machine, a process each; 0 is the CPU alone. None: all there are."""
    processes: int | None = None
    """Processes on the CPU of this machine, instead of GPUs."""
    nodes: int = 1
    """Machines; all of them are started with the same options."""
    rendezvous: str = ""
    """`HOST:PORT` of one of the machines; needed where there are several."""
    restarts: int = 3

    def __post_init__(self) -> None:
        if self.gpus is not None and self.processes is not None:
            raise ConfigError("Give --gpus or --processes, not both.")
        for name, least in (("gpus", 0), ("processes", 1), ("nodes", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ConfigError(f"--{name} must be at least {least}, not {value}.")
        if self.nodes > 1 and not self.rendezvous:
            raise ConfigError("Several machines meet at one of them: add --rendezvous HOST:PORT.")

    def configured(self, config: TrainConfig) -> TrainConfig:
        """`config` with the device that is asked for."""
        if self.processes is not None or self.gpus == 0:
            return replace(config, device="cpu")
        return replace(config, device="cuda") if self.gpus else config

    def options(self) -> list[str]:
        """The options of the command line that ask for the same."""
        asked = {name: getattr(self, name) for name in ("gpus", "processes", "nodes", "rendezvous")}
        default = Processes()
        return [f"--{name}={value}" for name, value in asked.items() if value != getattr(default, name)]

    def here(self, device: str) -> int:
        """Processes on this machine; 0: this process trains, because it is alone or torchrun started it.

        Raises:
            ConfigError: the machine has not so many GPUs.
        """
        if launched():
            return 0
        count = self.processes or (0 if self.gpus == 0 else _gpus(self.gpus, device))
        return max(count, 1) if count > 1 or self.nodes > 1 else 0


def launched() -> bool:
    """Whether torchrun started this process."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def run(processes: Processes, count: int, module: str, arguments: Sequence[str]) -> None:
    """Run `python -m MODULE ARGUMENTS` in `count` processes here and wait for them.

    Only the first one's output is shown.

    Raises:
        LostWorkerError: a process was lost more often than they are started again.
        StoppedError: a signal ended it. DeltaError: what a process raised, as `reported`.
    """
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, launch_agent

    logging.getLogger("torch.distributed").setLevel(logging.CRITICAL)
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    # Else processes that start again find the addresses of those that are gone (pytorch issue 135712), and wait.
    os.environ["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] = "1"
    with tempfile.TemporaryDirectory(prefix="delta-learn-") as logs:
        config = LaunchConfig(
            min_nodes=processes.nodes,
            max_nodes=processes.nodes,
            nproc_per_node=count,
            run_id=_JOB,
            rdzv_backend="c10d",
            rdzv_endpoint=processes.rendezvous or "localhost:0",
            local_addr=None if processes.rendezvous else "localhost",
            max_restarts=processes.restarts,
            logs_specs=DefaultLogsSpecs(log_dir=logs, local_ranks_filter={0}),
        )
        try:
            launch_agent(config, sys.executable, ["-P", "-m", module, *arguments])
        except ChildFailedError as failed:
            raise _error(failed.failures) from None
        except SignalException as signal:
            raise StoppedError(
                "Training was ended by a signal; what was done is kept: start it again and it goes on there."
            ) from signal


@contextmanager
def reported() -> Iterator[None]:
    """In a process that torchrun started: an error of ours is told to `run`, in place of a message of each process."""
    try:
        yield
    except DeltaError as error:
        if not launched():
            raise
        from torch.distributed.elastic.multiprocessing.errors import get_error_handler

        get_error_handler().record_exception(error)
        sys.exit(1)


def main() -> None:
    """`python -m delta_learn.trainer.launch PROCESSES COUNT MODULE ARGUMENT...`: `run`; its error is a line of JSON."""
    wanted, count, module, *arguments = sys.argv[1:]
    try:
        run(Processes(**json.loads(wanted)), int(count), module, arguments)
    except DeltaError as error:
        sys.stdout.write(json.dumps({"error": type(error).__name__, "message": str(error)}) + "\n")
        sys.exit(1)


def command(processes: Processes, count: int, module: str, arguments: Sequence[str]) -> list[str]:
    """Arguments with which Python runs `run` in a process of its own."""
    wanted = json.dumps(asdict(processes))
    return ["-P", "-m", "delta_learn.trainer.launch", wanted, str(count), module, *arguments]


def error_of(name: str, message: str) -> DeltaError:
    """The error of ours called `name`."""
    kind = getattr(errors, name, DeltaError)
    return kind(message) if isinstance(kind, type) and issubclass(kind, DeltaError) else DeltaError(message)


def _gpus(asked: int | None, device: str) -> int:
    if device == "cpu":
        return 0
    import torch

    found = torch.cuda.device_count()
    if asked is not None and asked > found:
        raise ConfigError(f"--gpus {asked} is more than the {found} that this machine shows to PyTorch.")
    return found if asked is None else asked


def _error(failures: dict[int, ProcessFailure]) -> DeltaError:
    """The error that a process reported of itself, else that one was lost; those that missed it only followed."""
    for failure in failures.values():
        name, _, message = _reported(failure).partition(": ")
        if message and name != LostWorkerError.__name__:
            return error_of(name, message)
    rank, lost = next(
        ((rank, failure) for rank, failure in failures.items() if not _reported(failure)), next(iter(failures.items()))
    )
    how = f"signal {-lost.exitcode}" if lost.exitcode < 0 else f"exit status {lost.exitcode}"
    return LostWorkerError(
        f"Training process {rank} was lost ({how}); what was done is kept: start the training again and it goes on."
    )


def _reported(failure: ProcessFailure) -> str:
    """What a process said through `reported`; empty where it could say nothing."""
    message = failure.error_file_data.get("message")
    return message["message"] if isinstance(message, dict) else ""


if __name__ == "__main__":
    main()
