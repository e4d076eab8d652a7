from __future__ import annotations

import pytest
import torch

from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.drafts import LookupDraft, ModelDraft
from delta_learn.model.generate import Sampling, distribution
from delta_learn.model.gpt import DeltaModel

GREEDY = Sampling(temperature=0)


@pytest.mark.parametrize(
    ("row", "count", "expected"),
    [
        ([1, 2, 3, 4, 1, 2], 2, [3, 4]),
        ([1, 2, 3, 9, 2, 4, 1, 2], 1, [3]),  # two tokens that were there outweigh one that is newer
        ([5, 1, 5, 2, 5], 2, [2, 5]),  # of two places the newest
        ([7, 7], 3, [7]),  # what follows may reach to the end, not past it
        ([1, 2, 3], 4, []),
        ([1, 2, 1], 0, []),
        ([3], 4, []),
    ],
)
def test_what_followed_before_is_proposed(row: list[int], count: int, expected: list[int]) -> None:
    tokens, probabilities = LookupDraft(10).propose(row, count, GREEDY, None)
    assert tokens.tolist() == expected
    assert torch.equal(probabilities, torch.eye(10)[expected])


def test_a_history_counts_where_the_row_knows_less() -> None:
    draft = LookupDraft(10, [1, 2, 3, 4, 8, 2, 3, 5], longest=2)
    assert draft.propose([2, 3], 2, GREEDY, None).tokens.tolist() == [5]
    assert draft.propose([4], 3, GREEDY, None).tokens.tolist() == [8, 2, 3]
    assert draft.propose([2, 3, 9, 2, 3], 1, GREEDY, None).tokens.tolist() == [9]
    assert draft.propose([3, 9, 2, 3], 1, GREEDY, None).tokens.tolist() == [5]


@pytest.fixture(scope="module")
def model() -> DeltaModel:
    torch.manual_seed(3)
    model = DeltaModel(DeltaModelConfig(block_size=12, vocab_size=6, n_layer=1, n_head=2, n_embed=16)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.5)
    return model


def test_a_model_says_what_it_would_without_a_cache(model: DeltaModel) -> None:
    """Whatever it proposed before: tokens that were kept are not read again, others are forgotten."""
    draft, random, sampling = ModelDraft(model), torch.Generator().manual_seed(0), Sampling(0.9, 0.9)
    row = [1, 2]
    for keep in (2, 0, 1, 3, 0):
        tokens, probabilities = draft.propose(row, 3, sampling, random)
        for place, token in enumerate(tokens.tolist()):
            before = torch.tensor([[*row, *tokens.tolist()[:place]]])
            with torch.inference_mode():
                expected = distribution(model(before)[0, -1], sampling)
            torch.testing.assert_close(probabilities[place], expected, atol=1e-5, rtol=1e-4)
            assert probabilities[place, token] > 0
        row = [*row, *tokens.tolist()[:keep], 5]
    assert len(row) > model.config.block_size - 3


def test_a_model_is_silent_where_it_cannot_see(model: DeltaModel) -> None:
    draft = ModelDraft(model)
    assert len(draft.propose([1] * 12, 4, GREEDY, None).tokens) == 1
    assert draft.propose([1] * 13, 4, GREEDY, None).probabilities.shape == (0, 6)
    assert draft.propose([1] * 20, 4, GREEDY, None).probabilities.shape == (0, 6)
