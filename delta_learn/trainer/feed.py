"""Batches, one step after the other: on GPUs made ahead in a thread, so that no step waits for its rows."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from delta_learn.trainer.objective import TensorBatch

AHEAD = 2
"""Steps whose batches are ready or on their way to the GPU while one is computed."""

Make = Callable[[int], "list[TensorBatch]"]


class Feed:
    """What `make(step)` returns, in the order in which it is asked for; a context manager, which ends the thread."""

    def __init__(self, make: Make, device: torch.device) -> None:
        """On CPUs there is no thread: it would take the time that it saves from the step itself.

        Args:
            make: a pure function of the step.
            device: where the batches go.
        """
        self._make = make
        self._device = device
        self._ahead = AHEAD if device.type == "cuda" else 0
        self._pool: ThreadPoolExecutor | None = None
        self._waiting: deque[tuple[int, Future[list[TensorBatch]]]] = deque()

    def take(self, step: int) -> list[TensorBatch]:
        """The batches of `step`; those of the next ones are begun.

        Raises:
            Exception: whatever `make(step)` raised in the thread.
        """
        if not self._ahead:
            return self._make(step)
        if self._waiting and self._waiting[0][0] != step:
            self._drop()
        first = self._waiting[-1][0] + 1 if self._waiting else step
        for coming in range(first, step + self._ahead + 1):
            self._waiting.append((coming, self._thread().submit(self._made, coming)))
        return self._waiting.popleft()[1].result()

    def __enter__(self) -> Feed:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the batch that is being made; the others are not begun."""
        self._drop()
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def _made(self, step: int) -> list[TensorBatch]:
        if self._device.type != "cuda":
            return self._make(step)
        # A new thread is on GPU 0, where pinning would then take memory, whichever GPU this process trains on.
        with torch.cuda.device(self._device):
            return self._make(step)

    def _thread(self) -> ThreadPoolExecutor:
        """One, so that the order is kept."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="feed")
        return self._pool

    def _drop(self) -> None:
        while self._waiting:
            self._waiting.popleft()[1].cancel()
