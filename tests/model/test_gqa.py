from __future__ import annotations

import pytest
import torch

from delta_learn.errors import ModelError
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.gqa import to_grouped

CONFIG = DeltaModelConfig(block_size=16, vocab_size=12, n_layer=2, n_head=6, n_embed=48, bias=True)
IDS = torch.arange(24).view(2, 12) % 12


def model() -> DeltaModel:
    torch.manual_seed(0)
    drawn = DeltaModel(CONFIG).eval()
    with torch.no_grad():
        for parameter in drawn.parameters():
            parameter.normal_(std=0.2)
    return drawn


def equal_within_groups(subject: DeltaModel, groups: int) -> DeltaModel:
    """The first head's keys and values for all heads of its group; each group has its own."""
    heads, size = CONFIG.n_head, CONFIG.head_dim
    with torch.no_grad():
        for name, parameter in subject.named_parameters():
            if ".key." in name or ".value." in name:
                by_head = parameter.view(groups, heads // groups, size, *parameter.shape[1:])
                by_head.copy_(by_head[:, :1].clone().expand_as(by_head))
    return subject


@torch.no_grad()
@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_heads_that_were_equal_within_groups_say_the_same(groups: int) -> None:
    subject = equal_within_groups(model(), groups)
    grouped = to_grouped(subject, groups)
    assert grouped.config.kv_heads == groups
    torch.testing.assert_close(grouped(IDS), subject(IDS), atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_a_group_becomes_the_mean_of_its_heads() -> None:
    subject = model()
    grouped = to_grouped(subject, 2)
    for name in ("attention.key.weight", "attention.value.weight", "attention.value.bias"):
        before = dict(subject.blocks[1].named_parameters())[name]
        after = dict(grouped.blocks[1].named_parameters())[name]
        first, second = after[:8], after[8:]
        torch.testing.assert_close(first, (before[:8] + before[8:16] + before[16:24]) / 3)
        torch.testing.assert_close(second, (before[24:32] + before[32:40] + before[40:]) / 3)


@torch.no_grad()
def test_all_that_is_not_a_key_or_a_value_stays() -> None:
    subject = model()
    grouped = to_grouped(subject, 3).state_dict()
    for name, tensor in subject.state_dict().items():
        if ".key." not in name and ".value." not in name:
            assert torch.equal(grouped[name], tensor)


@torch.no_grad()
def test_grouped_heads_can_be_pooled_again() -> None:
    once, twice = to_grouped(model(), 1), to_grouped(to_grouped(model(), 3), 1)
    torch.testing.assert_close(twice(IDS), once(IDS), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("groups", [0, 4, 12])
def test_groups_of_unequal_size_are_refused(groups: int) -> None:
    with pytest.raises(ModelError, match=f"6 key/value heads .* {groups} groups"):
        to_grouped(model(), groups)
