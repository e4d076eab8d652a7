"""Scheduler: who reads in a step; requests join and leave at every one (continuous batching, Orca, OSDI 2022)."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field
from operator import attrgetter

import torch

from delta_learn.model.generate import Sampling
from delta_learn.serving.blocks import BlockPool

_rank = attrgetter("rank")


@dataclass(slots=True, eq=False)
class Request:
    """A row that is to be continued."""

    prompt: tuple[int, ...]
    limit: int
    """Most tokens that may come."""
    sampling: Sampling
    stop: int | None
    generator: torch.Generator | None
    rank: tuple[int, int]
    """Lower is served first; never changes and is nobody else's."""
    tokens: list[int] = field(default_factory=list)
    """What came so far, `stop` included."""
    table: list[int] = field(default_factory=list)
    """Its blocks."""
    read: int = 0
    """Tokens whose keys and values are in them."""
    cancelled: bool = False

    @property
    def row(self) -> tuple[int, ...]:
        """The prompt and what came after it."""
        return (*self.prompt, *self.tokens)

    @property
    def pending(self) -> int:
        """Tokens that have to be read before the next one is known; the next one is known then."""
        return len(self.prompt) + len(self.tokens) - self.read

    @property
    def finished(self) -> bool:
        """Whether all its tokens are there."""
        return len(self.tokens) >= self.limit or (bool(self.tokens) and self.tokens[-1] == self.stop)


@dataclass(frozen=True, slots=True)
class Share:
    """What a request reads in a step."""

    request: Request
    count: int


class Scheduler:
    """Requests by rank, the best first; a better one takes places and blocks from a worse one.

    A request ranks by the step in which it came, one from the background as if it had come `patience` steps later: it
    waits while there are prompts, but overtakes those that come after that. As ranks never change, whoever is best
    goes on in every step and is preempted by nobody: nobody starves, whatever else comes.
    """

    def __init__(self, pool: BlockPool, *, places: int, prompt_tokens: int, patience: int) -> None:
        """At most `places` requests run at once; of their prompts `prompt_tokens` are read in a step."""
        self._pool = pool
        self._places = places
        self._prompt_tokens = prompt_tokens
        self._patience = patience
        self._step = 0
        self._numbers = 0
        self.waiting: list[Request] = []
        self.running: list[Request] = []
        self.preempted = 0
        """Times that a request lost its blocks."""

    def rank(self, *, background: bool) -> tuple[int, int]:
        """That of a request that comes now."""
        self._numbers += 1
        return self._step + (self._patience if background else 0), self._numbers

    def add(self, request: Request) -> None:
        """Let it wait for its turn."""
        insort(self.waiting, request, key=_rank)

    def preempt(self, request: Request) -> None:
        """Take its blocks away; when its turn comes again, what was read is read anew."""
        self.preempted += bool(request.table)
        self.remove(request)
        self.add(request)

    def remove(self, request: Request) -> None:
        """It is finished or void: its blocks come back at once."""
        (self.running if request in self.running else self.waiting).remove(request)
        self._pool.release(request.table)
        request.read = 0

    def schedule(self) -> list[Share]:
        """Who reads in the next step, the best first; their tables have room for it."""
        self._step += 1
        self._admit()
        shares: list[Share] = []
        left = self._prompt_tokens
        for request in tuple(self.running):
            count = 1 if request.pending == 1 else min(request.pending, left)
            if count and request in self.running and self._make_room(request, count):
                shares.append(Share(request, count))
                left -= count if count > 1 else 0
        return shares

    def _admit(self) -> None:
        """Let those run for whom there is a place and room, or can be made; in order of rank, nobody overtakes."""
        while self.waiting and self._can_run(self.waiting[0]):
            insort(self.running, self.waiting.pop(0), key=_rank)

    def _can_run(self, request: Request) -> bool:
        """Whether it gets a place, and what is known of its row; worse ones may lose theirs for it."""
        worse = [other for other in self.running if other.rank > request.rank]
        request.table = self._pool.share(request.row)
        needed = self._pool.count(len(request.row)) - len(request.table)
        if needed <= self._pool.free + sum(len(other.table) for other in worse):
            while worse and (len(self.running) >= self._places or needed > self._pool.free):
                self.preempt(worse.pop())
            if len(self.running) < self._places and needed <= self._pool.free:
                request.read = len(request.table) * self._pool.block_tokens
                return True
        self._pool.release(request.table)
        return False

    def _make_room(self, request: Request, count: int) -> bool:
        """Room for `count` more tokens, at the cost of worse ones; False where it is itself the worst."""
        while not self._pool.grow(request.table, request.read + count):
            worst = self.running[-1]
            self.preempt(worst)
            if worst is request:
                return False
        return True
