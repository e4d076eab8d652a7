from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import Tensor

from delta_learn.errors import ModelError
from delta_learn.model.attention import rms_norm
from delta_learn.model.cache import KVCache
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.gpt import DeltaModel

CONFIG = DeltaModelConfig(block_size=24, vocab_size=40, n_layer=3, n_head=4, n_embed=32, dropout=0.0)
CONFIGS = {
    "plain": CONFIG,
    "grouped": dataclasses.replace(CONFIG, n_kv_head=2),
    "bias": dataclasses.replace(CONFIG, bias=True),
}


def make(config: DeltaModelConfig = CONFIG) -> DeltaModel:
    """A model of random weights, output projections and biases included: zeros would hide mistakes."""
    torch.manual_seed(0)
    model = DeltaModel(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name != "embedding.weight":
                parameter.normal_(std=0.3)
    return model


@pytest.fixture(params=CONFIGS.values(), ids=CONFIGS.keys())
def model(request: pytest.FixtureRequest) -> DeltaModel:
    return make(request.param)


def tokens(rows: int, count: int) -> Tensor:
    return torch.randint(CONFIG.vocab_size, (rows, count), generator=torch.Generator().manual_seed(1))


def changed(ids: Tensor, place: tuple[int, int]) -> Tensor:
    other = ids.clone()
    other[place] = (other[place] + 1) % CONFIG.vocab_size
    return other


@torch.inference_mode()
@pytest.mark.parametrize("segments", [None, torch.zeros(2, 24, dtype=torch.int32)], ids=["causal", "mask"])
def test_a_future_token_does_not_move_a_bit_of_the_past(model: DeltaModel, segments: Tensor | None) -> None:
    ids = tokens(2, 24)
    before = model(ids, segments)
    for place in (1, 11, 23):
        after = model(changed(ids, (0, place)), segments)
        assert torch.equal(after[0, :place], before[0, :place])
        assert torch.equal(after[1], before[1])
        assert not torch.allclose(after[0, place:], before[0, place:])


SEGMENTS = torch.tensor([[0] * 9 + [1] * 10 + [-1] * 5, [0] * 24])


@torch.inference_mode()
def test_another_session_in_the_row_is_not_seen(model: DeltaModel) -> None:
    ids = tokens(2, 24)
    before = model(ids, SEGMENTS)
    after = model(changed(changed(ids, (0, 3)), (0, 20)), SEGMENTS)
    assert torch.equal(after[0, 9:19], before[0, 9:19])
    assert torch.equal(after[0, :3], before[0, :3])
    assert not torch.allclose(after[0, 3:9], before[0, 3:9])


@torch.inference_mode()
def test_a_session_packed_in_a_row_is_as_it_is_alone(model: DeltaModel) -> None:
    """Positions run on along the row, and RoPE makes only their differences count."""
    ids = tokens(2, 24)
    packed = model(ids, SEGMENTS)
    torch.testing.assert_close(packed[0, 9:19], model(ids[:1, 9:19])[0], atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_padding_makes_no_nan(model: DeltaModel) -> None:
    assert model(tokens(1, 24), torch.full((1, 24), -1)).isfinite().all()


def test_gradients_flow_to_what_is_seen_and_to_nothing_else(model: DeltaModel) -> None:
    embedded: list[Tensor] = []
    model.embedding.register_forward_hook(lambda *arguments: embedded.append(arguments[2]))
    model.embedding.weight.requires_grad_(True)
    logits = model(tokens(2, 24), SEGMENTS)
    (gradient,) = torch.autograd.grad(logits[0, 13].sum(), embedded[0])
    reached = gradient.abs().sum(-1) > 0
    expected = torch.zeros(2, 24, dtype=torch.bool)
    expected[0, 9:14] = True
    assert torch.equal(reached, expected)


def test_blocks_begin_as_the_identity() -> None:
    model = DeltaModel(CONFIG).eval()
    ids = tokens(1, 5)
    embedded = rms_norm(model.embedding(ids))
    torch.testing.assert_close(model.hidden(ids), rms_norm(embedded))


def test_the_embedding_is_the_output_layer() -> None:
    model = make()
    names = [name for name, _ in model.named_parameters() if "blocks" not in name]
    assert names == ["embedding.weight"]
    hidden = torch.randn(2, 32)
    torch.testing.assert_close(model.logits(hidden), hidden @ model.embedding.weight.T)


def test_dropout_is_for_training_alone() -> None:
    model = make(dataclasses.replace(CONFIG, dropout=0.5))
    ids = tokens(1, 10)
    assert torch.equal(model(ids), model(ids))
    model.train()
    assert not torch.allclose(model(ids), model(ids))


@torch.inference_mode()
def test_decoding_with_a_cache_is_the_full_forward_pass(model: DeltaModel) -> None:
    ids, cache = tokens(2, 24), KVCache(model.config, 2)
    steps = [model(ids[:, i : i + 1], cache=cache) for i in range(24)]
    torch.testing.assert_close(torch.cat(steps, dim=1), model(ids), atol=1e-4, rtol=1e-4)


@torch.inference_mode()
@pytest.mark.parametrize("chunks", [[24], [1, 23], [5, 1, 12, 6], [23, 1]])
def test_reading_in_chunks_is_reading_at_once(model: DeltaModel, chunks: list[int]) -> None:
    ids, cache = tokens(2, 24), KVCache(model.config, 2)
    read = [model(part, cache=cache) for part in ids.split(chunks, dim=1)]
    torch.testing.assert_close(torch.cat(read, dim=1), model(ids), atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_a_cache_rolled_back_has_forgotten(model: DeltaModel) -> None:
    ids, cache = tokens(1, 24), KVCache(model.config)
    model(ids[:, :10], cache=cache)
    model(tokens(1, 14).flip(1), cache=cache)
    cache.truncate(10)
    torch.testing.assert_close(model(ids[:, 10:], cache=cache), model(ids)[:, 10:], atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_one_context_many_continuations(model: DeltaModel) -> None:
    context, continuations = tokens(1, 10), tokens(5, 8)
    cache = KVCache(model.config)
    model(context, cache=cache)
    logits = model(continuations, cache=cache.expand(5))
    whole = torch.cat((context.expand(5, 10), continuations), dim=1)
    torch.testing.assert_close(logits, model(whole)[:, 10:], atol=1e-4, rtol=1e-4)
    assert cache.length == 10


@torch.inference_mode()
def test_picked_tokens_are_a_context_of_their_own(model: DeltaModel) -> None:
    """Two branches after one context, read side by side; then one of them alone goes on."""
    context, branches, last = tokens(1, 6), tokens(2, 1), tokens(1, 24)[:, -1:]
    cache = KVCache(model.config)
    model(context, cache=cache)
    own = torch.cat((torch.ones(2, 6, dtype=torch.bool), torch.eye(2, dtype=torch.bool)), dim=1)
    model.hidden_at(branches.T, torch.tensor([6, 6]), own, cache)
    second = cache.pick(torch.tensor([0, 1, 2, 3, 4, 5, 7]), room=1)
    expected = model(torch.cat((context, branches[1:], last), dim=1))[:, -1:]
    torch.testing.assert_close(model(last, cache=second), expected, atol=1e-4, rtol=1e-4)


def test_what_does_not_fit_is_refused() -> None:
    model = make()
    with pytest.raises(ModelError, match="block_size"):
        model(tokens(1, 25))
    cache = KVCache(CONFIG)
    model(tokens(1, 20), cache=cache)
    with pytest.raises(ModelError, match="block_size"):
        model(tokens(1, 5), cache=cache)
    with pytest.raises(ModelError, match="not both"):
        model(tokens(1, 2), torch.zeros(1, 2), cache)
    with pytest.raises(ModelError, match="2"):
        model(tokens(2, 1), cache=cache)
    with pytest.raises(ModelError, match="truncate"):
        model(tokens(1, 5), cache=KVCache(CONFIG, capacity=4))
