"""Processes that train one model together, over torch.distributed: NCCL between GPUs, gloo between CPUs.

Gradients are summed in flat buckets, once a step. DistributedDataParallel would do it while the backward pass still
runs, but it averages, waits for ever for a worker that has no batch, and needs `no_sync` around all batches of a step
but the last.
"""

from __future__ import annotations

import json
import math
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from types import FrameType
from typing import TYPE_CHECKING

import torch
import torch.distributed as dist
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from delta_learn.errors import LostWorkerError
from delta_learn.trainer.checkpoint import Checkpoint
from delta_learn.trainer.device import training_device
from delta_learn.trainer.workers import Save, Workers

if TYPE_CHECKING:
    from delta_learn.model.gpt import DeltaModel

TIMEOUT = timedelta(minutes=10)
"""A worker that is silent for so long is lost."""

_BUCKET_NUMBERS = 1 << 24
_CHUNK_BYTES = 1 << 28
_SAVE, _LEFT = -1.0, -2.0
_LOST = ("gloo/transport", "connection closed", "connection reset", "broken pipe", "timed out", "timeout")
"""Gloo raises plain RuntimeErrors; with one of these in its text it is about another worker."""


class DistributedWorkers(Workers):
    """This process's place among the workers of torch's default process group."""

    def __init__(self, device: torch.device, timeout: timedelta = TIMEOUT) -> None:
        super().__init__(device)
        self.rank = dist.get_rank()
        self.count = dist.get_world_size()
        # What rank 0 decides concerns the CPU alone: between GPUs it would wait for all the work queued there.
        self._control = dist.new_group(backend="gloo", timeout=timeout) if device.type == "cuda" else None

    def join(self, model: DeltaModel) -> None:
        """Give all of them rank 0's weights."""
        for parameter in model.parameters():
            dist.broadcast(parameter.data, src=0)

    def watch(self, save: Save) -> AbstractContextManager[None]:
        """Around a run, as `Workers.watch`; weights are of the last whole step, because steps need no others."""
        return watch(save)

    def sum(self, value: Tensor) -> Tensor:
        """The sum over all workers, the same bits in all."""
        total = value.clone()
        dist.all_reduce(total)
        return total

    def sum_gradients(self, model: DeltaModel) -> None:
        """Sum every gradient over all workers; one that a worker has not is zero."""
        gradients = []
        for parameter in model.parameters():
            if parameter.requires_grad:
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
                gradients.append(parameter.grad)
        for bucket in _buckets(gradients):
            flat = torch.cat([gradient.flatten() for gradient in bucket])
            dist.all_reduce(flat)
            for gradient, total in zip(bucket, torch.split(flat, [g.numel() for g in bucket]), strict=True):
                gradient.copy_(total.view_as(gradient))

    def lead(self, decide: Callable[[Save], float | None], save: Save) -> float:
        """What rank 0 decides. When it saves, all of them do: a part of the run may be theirs.

        Raises:
            LostWorkerError: rank 0 left by an error of its own.
        """
        if self.rank == 0:
            return self._tell(self._decided(decide, save))
        while (heard := self._tell(math.nan)) == _SAVE:
            save()
        if heard == _LEFT:
            raise LostWorkerError("Rank 0 left the training; its own message says why.")
        return heard

    def give(self, load: Callable[[], Checkpoint | None]) -> Checkpoint | None:
        """What rank 0 loads, sent to all: the others need no file."""
        found = load() if self.rank == 0 else None
        facts = self._send(b"" if found is None else json.dumps(found.facts).encode())
        tensors = self._send(b"" if found is None else save_tensors(found.tensors))
        return Checkpoint(json.loads(facts), load_tensors(tensors)) if facts else None

    def _decided(self, decide: Callable[[Save], float | None], save: Save) -> float:
        def save_all() -> None:
            self._tell(_SAVE)
            save()

        try:
            return decide(save_all) or 0.0
        except BaseException:
            self._tell(_LEFT)
            raise

    def _tell(self, value: float) -> float:
        """Rank 0's `value`."""
        told = torch.tensor(value, dtype=torch.float64)
        dist.broadcast(told, src=0, group=self._control)
        return float(told)

    def _send(self, data: bytes) -> bytes:
        """Rank 0's `data`."""
        told = torch.empty(int(self._tell(len(data))), dtype=torch.uint8)
        if self.rank == 0 and data:
            told.copy_(torch.frombuffer(bytearray(data), dtype=torch.uint8))
        for chunk in torch.split(told, _CHUNK_BYTES) if len(told) else ():
            dist.broadcast(chunk, src=0, group=self._control)
        return told.numpy().tobytes()


@contextmanager
def joined(device: str, *, shard: bool = False, timeout: timedelta = TIMEOUT) -> Iterator[Workers]:
    """The workers that torchrun started together with this process; this process alone where nobody did.

    Args:
        device: `train.device`.
        shard: split weights, gradients and optimizer state among the workers (`sharding.ShardedWorkers`).
        timeout: for an answer of the others.

    Raises:
        ConfigError: there is no GPU for this process.
        LostWorkerError: the others did not come.
    """
    here = training_device(device, int(os.environ.get("LOCAL_RANK", "0")))
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Workers(here)
        return
    backend = "nccl" if here.type == "cuda" else "gloo"
    try:
        dist.init_process_group(backend, timeout=timeout, device_id=here if here.type == "cuda" else None)
    except (RuntimeError, ValueError) as error:
        raise LostWorkerError("The other training processes did not come: start all of them again.") from error
    try:
        yield _workers(here, shard, timeout)
    finally:
        dist.destroy_process_group()


@contextmanager
def watch(save: Save | None) -> Iterator[None]:
    """Turn what torch raises for a lost worker into LostWorkerError, once the run is saved.

    Raises:
        LostWorkerError: another worker is gone or silent.
    """
    try:
        yield
    except RuntimeError as error:
        if not _is_loss(error):
            raise
        if save is not None:
            save()
        raise LostWorkerError(
            f"Another training process is gone or no longer answers ({str(error).splitlines()[0]}); what was done is "
            "kept: start the training again and it goes on there."
        ) from error


@contextmanager
def termination() -> Iterator[Callable[[], bool]]:
    """Whether this process was asked to end (SIGTERM), to be looked at between two steps."""
    asked = False

    def note(_signal: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked = True

    before = signal.signal(signal.SIGTERM, note)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGTERM, before)


def _workers(device: torch.device, shard: bool, timeout: timedelta) -> DistributedWorkers:
    if not shard:
        return DistributedWorkers(device, timeout)
    from delta_learn.trainer.sharding import ShardedWorkers

    return ShardedWorkers(device, timeout)


def _is_loss(error: RuntimeError) -> bool:
    if isinstance(error, dist.DistError):
        return True
    return type(error) is RuntimeError and any(word in str(error).lower() for word in _LOST)


def _buckets(gradients: list[Tensor]) -> Iterator[list[Tensor]]:
    """`gradients` in lists that are neither many nor large copies."""
    bucket: list[Tensor] = []
    for gradient in gradients:
        bucket.append(gradient)
        if sum(g.numel() for g in bucket) >= _BUCKET_NUMBERS:
            yield bucket
            bucket = []
    if bucket:
        yield bucket
