from __future__ import annotations

import copy
import dataclasses

import torch
from torch import nn

from delta_learn.config import TrainConfig
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.gpt import DeltaModel
from delta_learn.trainer.optim import Muon, Optimizers, orthogonalize, split_parameters

CONFIG = TrainConfig()


def model() -> DeltaModel:
    torch.manual_seed(0)
    return DeltaModel(DeltaModelConfig(block_size=8, vocab_size=12, n_layer=1, n_head=2, n_embed=8, bias=True))


def give_gradients(module: nn.Module, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)


def test_orthogonalize_keeps_directions_and_levels_lengths() -> None:
    for shape in ((24, 8), (8, 24), (16, 16)):
        matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1))
        u, _, vt = torch.linalg.svd(matrix, full_matrices=False)
        result = orthogonalize(matrix)
        lengths = (u.T @ result @ vt.T).diagonal()
        assert lengths.min() > 0.5
        assert lengths.max() < 1.3
        torch.testing.assert_close(u @ torch.diag(lengths) @ vt, result, atol=1e-3, rtol=1e-3)


def test_muon_does_what_torchs_muon_does() -> None:
    """Torch's iterates in bfloat16, hence the tolerance."""
    start = torch.randn(24, 8, generator=torch.Generator().manual_seed(0))
    ours, theirs = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    ours_optimizer = Muon([ours], lr=0.02, weight_decay=0.1)
    theirs_optimizer = torch.optim.Muon([theirs], lr=0.02, weight_decay=0.1)
    for step in range(5):
        gradient = torch.randn(24, 8, generator=torch.Generator().manual_seed(10 + step))
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        ours_optimizer.step()
        theirs_optimizer.step()
    moved = (theirs - start).norm()
    assert (ours - theirs).norm() < 0.02 * moved


def test_matrices_of_one_shape_are_updated_at_once_as_each_alone() -> None:
    alone, together = model(), model()
    optimizers = [
        Muon(split_parameters(subject)[0], lr=0.02, weight_decay=0.1, batched=batched)
        for subject, batched in ((alone, False), (together, True))
    ]
    for number in range(4):
        for subject, optimizer in zip((alone, together), optimizers, strict=True):
            give_gradients(subject, number)
            subject.blocks[0].attention.key.weight.grad = None  # type: ignore[union-attr]
            optimizer.step()
    torch.testing.assert_close(alone.state_dict(), together.state_dict(), atol=1e-5, rtol=1e-4)
    states = [optimizer.state_dict()["state"] for optimizer in optimizers]
    torch.testing.assert_close(*states)


def test_a_stack_is_made_orthogonal_matrix_by_matrix() -> None:
    for shape in ((3, 24, 8), (3, 8, 24)):
        stack = (
            torch.randn(shape, generator=torch.Generator().manual_seed(1))
            * torch.tensor([1.0, 100, 0.01])[:, None, None]
        )
        for whole, one in zip(orthogonalize(stack), stack, strict=True):
            torch.testing.assert_close(whole, orthogonalize(one), atol=1e-4, rtol=1e-4)


def test_cpus_update_each_matrix_alone() -> None:
    """The weights of a training on a CPU are recorded bit for bit."""
    matrix = nn.Parameter(torch.ones(4, 4))
    matrix.grad = torch.ones(4, 4)
    optimizer = Muon([matrix], lr=0.02, weight_decay=0.1)
    optimizer._update_all = None  # type: ignore[method-assign, assignment]
    optimizer.step()
    assert not torch.equal(matrix, torch.ones(4, 4))


def test_muon_gets_the_matrices_of_the_blocks_and_adam_the_rest() -> None:
    subject = model()
    names = {id(parameter): name for name, parameter in subject.named_parameters()}
    matrices, others = ([names[id(p)] for p in side] for side in split_parameters(subject))
    assert {name.rpartition("blocks.0.")[2] for name in matrices} == {
        f"{layer}.weight"
        for layer in ("attention.query", "attention.key", "attention.value", "attention.out", "mlp.up", "mlp.down")
    }
    assert "embedding.weight" in others
    assert sorted(matrices + others) == sorted(names.values())


def test_rates_follow_the_factor() -> None:
    optimizers = Optimizers(model(), CONFIG)
    optimizers.set_rate(0.5)
    assert optimizers.muon.param_groups[0]["lr"] == CONFIG.learning_rate / 2
    assert optimizers.adam.param_groups[0]["lr"] == CONFIG.adam_learning_rate / 2


def step(optimizers: Optimizers, subject: nn.Module, seed: int) -> None:
    give_gradients(subject, seed)
    for optimizer in optimizers.named().values():
        optimizer.step()
    optimizers.zero_grad()


def test_state_that_is_restored_makes_the_same_next_step() -> None:
    first = model()
    optimizers = Optimizers(first, CONFIG)
    for seed in range(3):
        step(optimizers, first, seed)
    second = copy.deepcopy(first)
    restored = Optimizers(second, CONFIG)
    restored.load_tensors({name: tensor.clone() for name, tensor in optimizers.tensors().items()})
    step(optimizers, first, 9)
    step(restored, second, 9)
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)


def test_weight_decay_shrinks_what_has_no_gradient() -> None:
    subject = model()
    optimizers = Optimizers(subject, dataclasses.replace(CONFIG, weight_decay=0.5, adam_learning_rate=0.02))
    before = {name: p.detach().clone() for name, p in subject.named_parameters()}
    for parameter in subject.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizers.muon.step()
    optimizers.adam.step()
    for name, parameter in subject.named_parameters():
        torch.testing.assert_close(parameter.detach(), before[name] * (1 - 0.02 * 0.5))
