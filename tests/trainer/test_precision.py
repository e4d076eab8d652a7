from __future__ import annotations

import pytest
import torch
from torch import nn

from delta_learn.config import TrainConfig
from delta_learn.errors import ConfigError
from delta_learn.trainer.optim import Optimizers
from delta_learn.trainer.precision import Precision

CPU = torch.device("cpu")


def line() -> tuple[nn.Linear, Optimizers]:
    torch.manual_seed(0)
    layer = nn.Linear(4, 4)
    return layer, Optimizers(layer, TrainConfig(weight_decay=0.0))


def test_auto_is_fp32_on_cpus() -> None:
    assert Precision("auto", CPU).name == "fp32"


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ConfigError, match="int8"):
        Precision("int8", CPU)


@pytest.mark.parametrize(
    ("name", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16), ("fp16", torch.float16)]
)
def test_the_forward_pass_computes_in_the_format_and_weights_stay_float32(name: str, dtype: torch.dtype) -> None:
    layer, optimizers = line()
    precision = Precision(name, CPU)
    with precision.autocast():
        out = layer(torch.ones(2, 4))
    assert out.dtype == dtype
    precision.backward(out.float().sum())
    precision.step(optimizers, layer, 1.0)
    assert layer.weight.dtype == torch.float32
    assert layer.weight.grad is None


def test_gradients_are_clipped_together_after_unscaling() -> None:
    for name in ("fp32", "fp16"):
        layer, optimizers = line()
        seen: list[float] = []
        optimizers.adam.register_step_pre_hook(
            lambda *_, layer=layer, seen=seen: seen.append(  # type: ignore[misc]
                float(sum(p.grad.norm() ** 2 for p in layer.parameters()) ** 0.5)
            )
        )
        precision = Precision(name, CPU)
        precision.backward(1000 * layer(torch.ones(2, 4)).sum())
        precision.step(optimizers, layer, 0.5)
        assert seen == [pytest.approx(0.5, rel=1e-3)]


def test_an_overflow_in_fp16_skips_the_step_and_lowers_the_scale() -> None:
    layer, optimizers = line()
    precision = Precision("fp16", CPU)
    before, scale = layer.weight.detach().clone(), precision.state()["scale"]
    precision.backward(layer(torch.ones(2, 4)).sum() * torch.tensor(1e38))
    precision.step(optimizers, layer, 1.0)
    assert torch.equal(layer.weight, before)
    assert precision.state()["scale"] == scale / 2
    restored = Precision("fp16", CPU)
    restored.load_state(precision.state())
    assert restored.state() == precision.state()


def test_an_overflow_of_one_optimizers_gradients_skips_the_step_of_both() -> None:
    layer, optimizers = line()
    precision = Precision("fp16", CPU)
    for overflows in (False, True):
        before = {name: tensor.clone() for name, tensor in optimizers.tensors().items()}
        weights = [p.detach().clone() for p in layer.parameters()]
        precision.backward(layer(torch.ones(2, 4)).sum())
        if overflows:
            assert layer.weight.grad is not None
            layer.weight.grad[0, 0] = float("inf")  # Muon's; AdamW has the bias
        precision.step(optimizers, layer, 1.0)
        after = optimizers.tensors()
        assert overflows == all(name in before and torch.equal(before[name], t) for name, t in after.items())
        assert overflows == all(torch.equal(*pair) for pair in zip(weights, layer.parameters(), strict=True))
        assert layer.bias.grad is None, "gradients that overflowed are not kept for the next step"


def test_without_fp16_there_is_no_state() -> None:
    precision = Precision("bf16", CPU)
    assert precision.state() == {}
    precision.load_state({})
