"""serving/paged.py: rows of different lengths in one pass are what each is alone."""

from __future__ import annotations

import random

import pytest
import torch

from delta_learn.errors import ModelError
from delta_learn.model.cache import KVCache
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.gpt import DeltaModel
from delta_learn.serving.paged import PagedCache, Row

SIZE = 4
CONFIGS = {
    "plain": DeltaModelConfig(block_size=24, vocab_size=30, n_layer=2, n_head=4, n_embed=32),
    "grouped": DeltaModelConfig(block_size=24, vocab_size=30, n_layer=2, n_head=4, n_kv_head=2, n_embed=32),
}


@pytest.fixture(params=CONFIGS.values(), ids=CONFIGS.keys())
def model(request: pytest.FixtureRequest) -> DeltaModel:
    torch.manual_seed(0)
    model = DeltaModel(request.param).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.3)
    return model


@torch.inference_mode()
def test_a_rectangle_of_rows_is_each_row_alone(model: DeltaModel) -> None:
    draw = random.Random(0)
    paged = PagedCache(model.config, 18, SIZE)
    lengths = [24, 3, 9, 16]
    order = random.Random(1).sample(range(18), 18)
    tables = [[order.pop() for _ in range(-(-length // SIZE))] for length in lengths]
    rows = [[draw.randrange(30) for _ in range(length)] for length in lengths]
    alone = [KVCache(model.config) for _ in rows]
    read = [0] * len(rows)
    while any(done < length for done, length in zip(read, lengths, strict=True)):
        chosen = [i for i in range(len(rows)) if read[i] < lengths[i] and draw.random() < 0.7]
        ends = {i: min(lengths[i], read[i] + draw.randint(1, 7)) for i in chosen}
        if not chosen:
            continue
        ids, positions, mask = paged.aim([Row(rows[i][read[i] : ends[i]], read[i], tables[i]) for i in chosen])
        found = model.hidden_at(ids, positions, mask, paged)
        for place, i in enumerate(chosen):
            tokens = torch.tensor([rows[i][read[i] : ends[i]]])
            expected = model.hidden(tokens, cache=alone[i])
            torch.testing.assert_close(found[place, : tokens.size(1)], expected[0], atol=1e-5, rtol=1e-4)
            read[i] = ends[i]


@torch.inference_mode()
def test_padding_touches_nobodys_block(model: DeltaModel) -> None:
    paged = PagedCache(model.config, 3, SIZE)
    paged.data[:, :, : 3 * SIZE] = 7.0
    ids, positions, mask = paged.aim([Row([1], 0, [2]), Row([1, 2, 3], 0, [0])])
    model.hidden_at(ids, positions, mask, paged)
    changed = (paged.data[0, 0, : 3 * SIZE] != 7.0).flatten(1).any(-1).nonzero().flatten().tolist()
    assert changed == [0, 1, 2, 2 * SIZE]


@torch.inference_mode()
def test_a_pass_that_was_not_prepared_is_refused(model: DeltaModel) -> None:
    paged = PagedCache(model.config, 3, SIZE)
    ids, positions, mask = paged.aim([Row([1, 2], 0, [0])])
    for other in (ids[:, :1], ids.expand(2, -1)):
        with pytest.raises(ModelError, match="aim"):
            model.hidden_at(other, positions, mask, paged)


def test_its_size_is_what_the_blocks_take(model: DeltaModel) -> None:
    config = model.config
    a_token = config.n_layer * 2 * config.kv_heads * config.head_dim * 4
    assert PagedCache(config, 3, SIZE).bytes == 4 * SIZE * a_token  # and a block for padding
