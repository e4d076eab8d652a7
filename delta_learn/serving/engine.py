"""Engine: many requests continued by one model side by side, each as `model.generate` would alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from delta_learn.errors import ModelError
from delta_learn.model.generate import Sampling, draw
from delta_learn.model.gpt import DeltaModel
from delta_learn.serving.blocks import BlockPool
from delta_learn.serving.paged import PagedCache, Row
from delta_learn.serving.scheduler import Request, Scheduler, Share

BLOCK_TOKENS = 16
"""Tokens of a block, as in vLLM: what a row takes is rounded up to it, and what rows share is rounded down."""


class Usage(NamedTuple):
    """What an engine did and holds."""

    waiting: int
    running: int
    blocks: int
    """Held by requests."""
    preempted: int
    """Times that a request lost its blocks."""


class Engine:
    """Continuous batching over a block key/value store. Not for several threads at once.

    A step is one pass for all that read one token, and one for those that read a prompt: a pass is a rectangle, and
    with both in one either the width of the prompts or a mask over everybody's columns costs more than a second pass
    (docs/log.md).
    """

    def __init__(
        self,
        model: DeltaModel,
        *,
        blocks: int,
        block_tokens: int = BLOCK_TOKENS,
        places: int = 16,
        prompt_tokens: int = 512,
        patience: int = 64,
    ) -> None:
        """Take over `model`, where it is. The store is made now: `blocks` blocks of `block_tokens` tokens.

        `places`, `prompt_tokens`, `patience`: see Scheduler.
        """
        weight = model.embedding.weight
        self.model = model.eval()
        self.pool = BlockPool(blocks, block_tokens)
        self.cache = PagedCache(model.config, blocks, block_tokens, device=weight.device, dtype=weight.dtype)
        self._scheduler = Scheduler(self.pool, places=places, prompt_tokens=prompt_tokens, patience=patience)

    def submit(
        self,
        ids: Sequence[int],
        max_tokens: int,
        *,
        sampling: Sampling | None = None,
        stop: int | None = None,
        generator: torch.Generator | None = None,
        background: bool = False,
    ) -> Request:
        """Continue `ids` as `generate.generate` does, from the next step on; `background`: prompts come first.

        With a `generator` of its own what comes does not depend on who else is there.

        Raises:
            ModelError: nothing to read or to write, or more than the model sees or the store holds.
        """
        most = self.model.config.block_size
        if not 1 <= len(ids) <= most:
            raise ModelError(f"The model continues 1 to {most} tokens, not {len(ids)}.")
        if max_tokens < 1:
            raise ModelError(f"max_tokens must be at least 1, not {max_tokens}.")
        limit = min(max_tokens, most - len(ids) + 1)
        needed = self.pool.count(len(ids) + limit - 1)
        if needed > self.pool.blocks:
            raise ModelError(f"The request needs {needed} blocks and the engine has {self.pool.blocks}: give it more.")
        rank = self._scheduler.rank(background=background)
        request = Request(tuple(ids), limit, sampling or Sampling(), stop, generator, rank)
        self._scheduler.add(request)
        return request

    def cancel(self, request: Request) -> None:
        """It is void: nothing more comes, and its blocks are free now. Nothing where it is finished."""
        if not (request.finished or request.cancelled):
            request.cancelled = True
            self._scheduler.remove(request)

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not (self._scheduler.waiting or self._scheduler.running)

    @property
    def usage(self) -> Usage:
        """What it did and holds now."""
        own = self._scheduler
        return Usage(len(own.waiting), len(own.running), self.pool.used, own.preempted)

    @torch.inference_mode()
    def step(self) -> list[Request]:
        """Read what is next of every request that runs; returns those that are finished by it."""
        shares = self._scheduler.schedule()
        for group in ([each for each in shares if each.count == 1], [each for each in shares if each.count > 1]):
            if group:
                self._read(group)
        finished = [each.request for each in shares if each.request.finished]
        for request in finished:
            self._scheduler.remove(request)
        return finished

    def run(self) -> None:
        """Step until everything that was submitted is finished."""
        while not self.idle:
            self.step()

    def _read(self, shares: Sequence[Share]) -> None:
        """One pass; those that have read all they had get their next token."""
        rows = [each.request.row[: each.request.read + each.count] for each in shares]
        starts = [each.request.read for each in shares]
        reading = [
            Row(row[start:], start, each.request.table) for row, start, each in zip(rows, starts, shares, strict=True)
        ]
        logits = self._logits(reading)
        for row, start, each in zip(rows, starts, shares, strict=True):
            self.pool.remember(each.request.table, row, start)
        done = [place for place, each in enumerate(shares) if each.count == each.request.pending]
        for each in shares:
            each.request.read += each.count
        if done:
            requests = [shares[place].request for place in done]
            for request, token in zip(requests, _draw(logits[done], requests), strict=True):
                request.tokens.append(token)

    def _logits(self, rows: Sequence[Row]) -> Tensor:
        """After the last token of each row: (R, vocab_size)."""
        ids, positions, mask = self.cache.aim(rows)
        hidden = self.model.hidden_at(ids, positions, mask, self.cache)  # (R, T, n_embed)
        last = torch.tensor([len(row.tokens) - 1 for row in rows], device=hidden.device)
        return self.model.logits(hidden[torch.arange(len(rows), device=hidden.device), last])


def _draw(logits: Tensor, requests: Sequence[Request]) -> list[int]:
    """The next token of each request, from logits (R, vocab_size)."""
    likeliest: list[int] = logits.argmax(-1).tolist()
    return [
        draw(row, request.sampling, request.generator) if request.sampling.temperature else token
        for row, token, request in zip(logits, likeliest, requests, strict=True)
    ]
