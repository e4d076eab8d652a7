"""serving/scheduler.py: who reads in a step, who waits, and who makes room."""

from __future__ import annotations

from delta_learn.model.generate import Sampling
from delta_learn.serving.blocks import BlockPool
from delta_learn.serving.scheduler import Request, Scheduler

SIZE = 4


def scheduler(*, blocks: int = 8, places: int = 2, prompt_tokens: int = 100, patience: int = 10) -> Scheduler:
    return Scheduler(BlockPool(blocks, SIZE), places=places, prompt_tokens=prompt_tokens, patience=patience)


def request(scheduler: Scheduler, tokens: int, *, background: bool = False) -> Request:
    """One with a prompt that begins as no other does."""
    rank = scheduler.rank(background=background)
    made = Request((rank[1],) * tokens, 20, Sampling(temperature=0), None, None, rank)
    scheduler.add(made)
    return made


def step(scheduler: Scheduler) -> list[tuple[Request, int]]:
    """One step, as the engine takes it: whoever has read all gets a token."""
    shares = [(each.request, each.count) for each in scheduler.schedule()]
    for each, count in shares:
        each.read += count
        if not each.pending:
            each.tokens.append(0)
    return shares


def test_the_best_run_and_the_others_wait() -> None:
    own = scheduler()
    late, first, second, third = (request(own, 3, background=number == 0) for number in range(4))
    assert own.waiting == [first, second, third, late]
    assert step(own) == [(first, 3), (second, 3)]
    assert (own.running, own.waiting) == ([first, second], [third, late])
    assert step(own) == [(first, 1), (second, 1)]
    own.remove(first)
    assert step(own) == [(second, 1), (third, 3)]


def test_a_request_from_the_background_overtakes_prompts_that_come_after_its_patience() -> None:
    own = scheduler(places=1, patience=2)
    busy, late = request(own, 3), request(own, 3, background=True)
    for _ in range(2):
        step(own)
    before = request(own, 3)
    step(own)
    after = request(own, 3)
    own.remove(busy)
    assert own.waiting == [late, before, after]


def test_a_long_prompt_is_read_in_parts_and_the_others_go_on() -> None:
    own = scheduler(prompt_tokens=5, blocks=20, places=3)
    first = request(own, 2)
    step(own)
    long, other = request(own, 8), request(own, 4)
    assert step(own) == [(first, 1), (long, 5)]
    assert step(own) == [(first, 1), (long, 3), (other, 2)]
    assert step(own) == [(first, 1), (long, 1), (other, 2)]


def test_the_worst_makes_room_and_comes_back() -> None:
    own = scheduler(blocks=3)
    first, second = request(own, 7), request(own, 3)
    step(own)
    assert (len(first.table), len(second.table)) == (2, 1)
    step(own)
    assert own.preempted == 0
    assert step(own) == [(first, 1)]
    assert (own.running, own.waiting, own.preempted) == ([first], [second], 1)
    assert (second.table, second.read, second.pending) == ([], 0, 5)
    own.remove(first)
    assert step(own) == [(second, 5)]


def test_nobody_overtakes_who_does_not_fit_yet() -> None:
    own = scheduler(blocks=4, places=3)
    first = request(own, 8)
    step(own)
    large, small = request(own, 9), request(own, 1)
    assert step(own) == [(first, 1)]
    assert own.waiting == [large, small]
    own.remove(first)
    assert step(own) == [(large, 9), (small, 1)]


def test_nobody_loses_blocks_for_one_that_would_still_not_fit() -> None:
    own = scheduler(blocks=4, places=3, patience=5)
    first, slow = request(own, 8), request(own, 1, background=True)
    step(own)
    large = request(own, 9)
    assert step(own) == [(first, 1), (slow, 1)]
    assert own.waiting == [large]
    assert own.preempted == 0
