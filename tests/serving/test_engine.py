"""serving/engine.py: side by side or one after the other, the tokens are the same, and nothing is left behind."""

from __future__ import annotations

import gc
import random
import tracemalloc
from dataclasses import dataclass
from functools import cache

import pytest
import torch

from delta_learn.errors import ModelError
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.generate import Sampling
from delta_learn.model.gpt import DeltaModel
from delta_learn.serving.engine import Engine
from delta_learn.serving.scheduler import Request

VOCAB = 12
GREEDY = Sampling(temperature=0)
SAMPLINGS = (GREEDY, Sampling(), Sampling(temperature=0.7, top_p=0.8), Sampling(top_p=0.5))
SHAPES = {"plain": None, "grouped": 1}


@cache
def tiny(n_kv_head: int | None = None) -> DeltaModel:
    """In double precision: a token that rounding decides would say nothing about the engine."""
    torch.manual_seed(1)
    shape = DeltaModelConfig(
        block_size=24, vocab_size=VOCAB, n_layer=2, n_head=2, n_embed=16, n_kv_head=n_kv_head, dropout=0.5
    )
    model = DeltaModel(shape).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.5)
    return model


@dataclass(frozen=True)
class Task:
    prompt: tuple[int, ...]
    max_tokens: int
    sampling: Sampling
    stop: int | None
    seed: int
    background: bool = False


@cache
def alone(task: Task, n_kv_head: int | None) -> list[int]:
    """The tokens of `model.generate`."""
    generator = torch.Generator().manual_seed(task.seed)
    ids = torch.tensor(task.prompt)
    return tiny(n_kv_head).generate(ids, task.max_tokens, sampling=task.sampling, stop=task.stop, generator=generator)


def submit(engine: Engine, task: Task) -> Request:
    return engine.submit(
        task.prompt,
        task.max_tokens,
        sampling=task.sampling,
        stop=task.stop,
        generator=torch.Generator().manual_seed(task.seed),
        background=task.background,
    )


def some_task(draw: random.Random, contexts: list[tuple[int, ...]]) -> Task:
    own = tuple(draw.randrange(VOCAB) for _ in range(draw.randint(1, 4)))
    return Task(
        prompt=draw.choice(contexts)[: draw.randint(0, 14)] + own,
        max_tokens=draw.randint(1, 10),
        sampling=draw.choice(SAMPLINGS),
        stop=draw.choice((None, draw.randrange(VOCAB))),
        seed=draw.randrange(3),
        background=draw.random() < 0.4,
    )


def run_schedule(seed: int, n_kv_head: int | None) -> int:
    """Requests that come when they like, some void before they are done; returns how often one was preempted."""
    draw = random.Random(seed)
    contexts = [tuple(draw.randrange(VOCAB) for _ in range(14)) for _ in range(2)]
    engine = Engine(
        tiny(n_kv_head),
        blocks=draw.randint(7, 12),
        block_tokens=4,
        places=draw.randint(1, 5),
        prompt_tokens=draw.choice((3, 8, 64)),
        patience=draw.choice((0, 3, 20)),
    )
    arrivals = sorted(draw.choices(range(25), k=draw.randint(3, 9)))
    tasks: dict[Request, Task] = {}
    step = 0
    while arrivals or not engine.idle:
        while arrivals and arrivals[0] <= step:
            arrivals.pop(0)
            task = some_task(draw, contexts)
            tasks[submit(engine, task)] = task
        if tasks and draw.random() < 0.15:
            engine.cancel(draw.choice(list(tasks)))
        engine.step()
        step += 1
        assert step < 500
    for request, task in tasks.items():
        expected = alone(task, n_kv_head)
        assert request.tokens == (expected[: len(request.tokens)] if request.cancelled else expected), seed
    assert engine.usage[:3] == (0, 0, 0)
    assert engine.pool.free == engine.pool.blocks
    return engine.usage.preempted


@pytest.mark.slow
@pytest.mark.parametrize("n_kv_head", SHAPES.values(), ids=SHAPES.keys())
def test_any_schedule_gives_the_tokens_of_one_request_after_the_other(n_kv_head: int | None) -> None:
    """250 schedules each."""
    preempted = [run_schedule(seed, n_kv_head) for seed in range(250)]
    assert sum(times > 0 for times in preempted) > 50, "the pools were too large to show anything"


def test_nobody_starves_in_a_flood_of_prompts() -> None:
    """A new prompt in every step, more than there is time for; the other request comes from the background."""
    patience, places, length = 10, 2, 4

    def steps_until_done(patience: int) -> int | None:
        engine = Engine(tiny(), blocks=12, block_tokens=4, places=places, patience=patience)
        waits = engine.submit([1, 2], length, sampling=GREEDY, background=True)
        for step in range(200):
            engine.submit([3, step % VOCAB], length, sampling=GREEDY)
            engine.step()
            if waits.finished:
                return step
        return None

    before = patience + 1  # prompts that rank better
    bound = (before // places + 1) * length + patience
    found = steps_until_done(patience)
    assert found is not None
    assert patience < found <= bound
    assert steps_until_done(10**6) is None  # it is ageing that lets it through


def test_every_prompt_of_a_flood_is_answered_in_the_end() -> None:
    engine = Engine(tiny(), blocks=8, block_tokens=4, places=2)
    prompts = []
    for step in range(60):
        prompts.append(engine.submit([step % VOCAB, 1, 2, 3], 6, sampling=GREEDY))
        engine.step()
    ends = {}
    for step in range(60 * 6):
        ends |= dict.fromkeys(engine.step(), step)
        if engine.idle:
            break
    order = [ends[request] for request in prompts if request in ends]
    assert engine.idle
    assert all(request.finished for request in prompts)
    assert order == sorted(order)


def test_a_prompt_takes_the_place_of_the_background() -> None:
    engine = Engine(tiny(), blocks=8, block_tokens=4, places=1)
    task = Task((1, 2, 3), 8, GREEDY, None, 0, background=True)
    slow = submit(engine, task)
    engine.step()
    engine.step()
    assert len(slow.tokens) == 2
    prompt = engine.submit([4, 5], 3, sampling=GREEDY)
    for _ in range(3):
        engine.step()
    assert prompt.finished
    assert len(slow.tokens) == 2
    engine.run()
    assert slow.tokens == alone(task, None)
    assert engine.usage.preempted == 1


def test_what_is_cancelled_gives_its_blocks_back_at_once() -> None:
    engine = Engine(tiny(), blocks=8, block_tokens=4)
    first, second = (engine.submit([1] * 10, 10, sampling=GREEDY) for _ in range(2))
    engine.step()
    held = engine.usage.blocks
    engine.cancel(first)
    assert engine.usage.blocks < held
    engine.cancel(second)
    assert engine.usage.blocks == 0
    assert engine.idle
    assert engine.step() == []
    assert (len(first.tokens), len(second.tokens)) == (1, 1)
    engine.cancel(first)  # twice is as good as once


def test_what_is_finished_cannot_be_cancelled() -> None:
    engine = Engine(tiny(), blocks=8, block_tokens=4)
    request = engine.submit([1], 2, sampling=GREEDY)
    engine.run()
    engine.cancel(request)
    assert request.finished
    assert not request.cancelled


def tokens_read(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The tokens of every pass from now on, padding left out."""
    counts: list[int] = []
    plain = engine.cache.aim
    monkeypatch.setattr(
        engine.cache, "aim", lambda rows: (counts.append(sum(len(row.tokens) for row in rows)), plain(rows))[1]
    )
    return counts


def test_a_context_that_was_read_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(tiny(), blocks=20, block_tokens=4)
    read = tokens_read(engine, monkeypatch)
    context = tuple(range(10))
    engine.submit(context, 1, sampling=GREEDY)
    engine.run()
    tasks = [Task((*context, end), 3, GREEDY, None, 0) for end in (1, 2)]
    requests = [submit(engine, task) for task in tasks]
    engine.step()
    assert read == [10, 6]  # two blocks of four are shared, by both
    assert engine.usage.blocks == 2 + 2 * 1
    engine.run()
    assert [request.tokens for request in requests] == [alone(task, None) for task in tasks]
    same = [Task(context[:8], 1, GREEDY, None, 0)] * 2  # two whole blocks, and yet something has to be read
    found = [submit(engine, task) for task in same]
    engine.run()
    assert [request.tokens for request in found] == [alone(task, None) for task in same]


def test_prompts_share_what_is_read_in_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(tiny(), blocks=20, block_tokens=4, prompt_tokens=6)
    read = tokens_read(engine, monkeypatch)
    going_on = engine.submit([1], 20, sampling=GREEDY)
    for start in (2, 3):
        engine.submit([start] * 8, 1, sampling=GREEDY)
    while len(going_on.tokens) < 4:
        engine.step()
    # A pass for the one that decodes, one for the prompts: six tokens, then two and four, then four.
    assert read == [1, 6, 1, 6, 1, 4, 1]


def test_memory_returns_to_its_start() -> None:
    engine = Engine(tiny(), blocks=9, block_tokens=4, places=3)

    def load(seed: int) -> None:
        draw = random.Random(seed)
        contexts = [tuple(draw.randrange(VOCAB) for _ in range(14)) for _ in range(3)]
        requests = [submit(engine, some_task(draw, contexts)) for _ in range(12)]
        for number in range(400):
            if number % 7 == 0:
                engine.cancel(draw.choice(requests))
            engine.step()
        assert engine.idle

    def held() -> tuple[int, int, int]:
        gc.collect()
        tensors = sum(each.nbytes for each in gc.get_objects() if type(each) is torch.Tensor)
        return engine.usage.blocks, engine.cache.bytes, tensors

    load(0)
    before = held()
    tracemalloc.start()
    load(1)
    gc.collect()
    first, _ = tracemalloc.get_traced_memory()
    for seed in range(2, 8):
        load(seed)
    gc.collect()
    last, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    after = held()
    assert after[:2] == before[:2]
    assert abs(after[2] - before[2]) < 1_000  # the indices of the last pass are kept
    assert last - first < 20_000


def test_the_model_is_not_copied() -> None:
    model = tiny()
    weights = {parameter.data_ptr() for parameter in model.parameters()}
    assert {parameter.data_ptr() for parameter in Engine(model, blocks=2).model.parameters()} == weights


def test_what_cannot_be_continued_is_refused() -> None:
    engine = Engine(tiny(), blocks=3, block_tokens=4)
    for ids in ([], [1] * 25):
        with pytest.raises(ModelError, match="1 to 24"):
            engine.submit(ids, 1)
    with pytest.raises(ModelError, match="max_tokens"):
        engine.submit([1], 0)
    with pytest.raises(ModelError, match="needs 4 blocks and the engine has 3"):
        engine.submit([1] * 10, 4)
    assert engine.idle


def test_a_row_ends_where_the_model_cannot_see_further() -> None:
    engine = Engine(tiny(), blocks=6, block_tokens=4)
    request = engine.submit([1] * 20, 100, sampling=GREEDY)
    engine.run()
    assert request.tokens == tiny().generate(torch.ones(20, dtype=torch.int64), 100, sampling=GREEDY)
    assert len(request.tokens) == 5
