from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from delta_learn.errors import ModelError
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.generate import Sampling, distribution, draw
from delta_learn.model.gpt import DeltaModel

GREEDY = Sampling(temperature=0)


@pytest.fixture(scope="module")
def model() -> DeltaModel:
    torch.manual_seed(3)
    model = DeltaModel(DeltaModelConfig(block_size=16, vocab_size=6, n_layer=2, n_head=2, n_embed=16)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.5)
    return model


def nucleus(probabilities: list[float], top_p: float) -> list[float]:
    """By enumeration: the fewest most probable tokens whose sum reaches top_p, scaled to 1."""
    order = sorted(range(len(probabilities)), key=lambda i: -probabilities[i])
    kept: list[int] = []
    for token in order:
        if sum(probabilities[t] for t in kept) >= top_p:
            break
        kept.append(token)
    total = sum(probabilities[t] for t in kept)
    return [p / total if t in kept else 0.0 for t, p in enumerate(probabilities)]


@settings(deadline=None)
@given(st.lists(st.integers(-8, 8), min_size=1, max_size=8, unique=True), st.floats(0.05, 1), st.floats(0.3, 3))
def test_the_distribution_is_the_enumerated_one(halves: list[int], top_p: float, temperature: float) -> None:
    tensor = torch.tensor(halves) / 2
    softmax = (tensor.double() / temperature).softmax(0)
    sums = softmax.sort(descending=True).values.cumsum(0)
    if bool(((sums - top_p).abs() < 1e-5).any()):
        return  # which side of the border a token falls on is then a matter of rounding
    expected = nucleus(softmax.tolist(), top_p)
    found = distribution(tensor, Sampling(temperature, top_p))
    torch.testing.assert_close(found, torch.tensor(expected), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("top_p", [0.3, 0.75, 1.0])
def test_tokens_are_drawn_with_these_probabilities(top_p: float) -> None:
    logits = torch.tensor([1.0, 0.5, 0.0, -1.0])
    sampling, generator = Sampling(0.8, top_p), torch.Generator().manual_seed(0)
    draws = torch.tensor([draw(logits, sampling, generator) for _ in range(4000)])
    observed = torch.bincount(draws, minlength=4) / len(draws)
    expected = torch.tensor(nucleus((logits / 0.8).softmax(0).tolist(), top_p))
    torch.testing.assert_close(observed, expected, atol=0.03, rtol=0)


def test_a_wide_nucleus_is_not_greedy() -> None:
    logits, generator = torch.tensor([1.0, 0.9, 0.8]), torch.Generator().manual_seed(0)
    assert {draw(logits, Sampling(top_p=0.9), generator) for _ in range(100)} == {0, 1, 2}


@torch.inference_mode()
def test_greedy_takes_the_most_probable_token_of_the_full_forward_pass(model: DeltaModel) -> None:
    ids = torch.tensor([1, 2, 3])
    expected: list[int] = []
    for _ in range(8):
        expected.append(int(model(torch.tensor([[*ids.tolist(), *expected]]))[0, -1].argmax()))
    assert model.generate(ids, 8, sampling=GREEDY) == expected


def test_whole_continuations_have_the_joint_probability(model: DeltaModel) -> None:
    """Two tokens after one: all 36 pairs are enumerated and compared with what is drawn."""
    ids, generator = torch.tensor([2]), torch.Generator().manual_seed(1)
    drawn = torch.zeros(6, 6)
    for _ in range(2000):
        first, second = model.generate(ids, 2, generator=generator)
        drawn[first, second] += 1 / 2000
    torch.testing.assert_close(drawn, joint(model, ids), atol=0.03, rtol=0)


@torch.inference_mode()
def joint(model: DeltaModel, ids: Tensor) -> Tensor:
    pairs = torch.tensor([[*ids.tolist(), first] for first in range(6)])
    probabilities = model(pairs).softmax(-1)
    return probabilities[0, -2][:, None] * probabilities[:, -1]


def test_a_generator_repeats_itself(model: DeltaModel) -> None:
    def sample(seed: int) -> list[int]:
        return model.generate(torch.tensor([0]), 12, generator=torch.Generator().manual_seed(seed))

    assert sample(5) == sample(5)
    assert sample(5) != sample(6)


def test_it_ends_at_the_stop_token_and_returns_it(model: DeltaModel) -> None:
    free = model.generate(torch.tensor([1]), 10, sampling=GREEDY)
    stop = free[3]
    assert model.generate(torch.tensor([1]), 10, sampling=GREEDY, stop=stop) == free[: free.index(stop) + 1]


def test_it_ends_where_the_model_cannot_see_further(model: DeltaModel) -> None:
    assert len(model.generate(torch.zeros(10, dtype=torch.int64), 100)) == 7
    assert len(model.generate(torch.zeros(16, dtype=torch.int64), 100)) == 1


def test_what_cannot_be_continued_is_refused(model: DeltaModel) -> None:
    with pytest.raises(ModelError, match="not 0"):
        model.generate(torch.zeros(0, dtype=torch.int64), 1)
    with pytest.raises(ModelError, match="not 17"):
        model.generate(torch.zeros(17, dtype=torch.int64), 1)
    for bad in ({"temperature": -1.0}, {"top_p": 0.0}, {"top_p": 1.5}):
        with pytest.raises(ModelError):
            Sampling(**bad)
