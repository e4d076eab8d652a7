from __future__ import annotations

import pytest
import torch

from delta_learn.trainer.determinism import batch_seed, deterministic


def test_settings_come_back() -> None:
    before = torch.get_num_threads()
    with pytest.raises(RuntimeError, match="on purpose"), deterministic(before + 1):
        assert torch.get_num_threads() == before + 1
        assert torch.are_deterministic_algorithms_enabled()
        raise RuntimeError("on purpose")
    assert torch.get_num_threads() == before
    assert not torch.are_deterministic_algorithms_enabled()


def draws(seed: int, number: int) -> list[float]:
    with batch_seed(seed, number, torch.device("cpu")):
        return torch.rand(4).tolist()


def test_draws_are_a_function_of_seed_and_batch() -> None:
    first = draws(1, 2)
    torch.rand(10)
    assert draws(1, 2) == first
    others = [draws(2, 2), draws(1, 3), draws(2, 1), draws(1, 0), draws(12, 0)]
    assert first not in others


def test_the_callers_generator_is_untouched() -> None:
    torch.manual_seed(0)
    expected = torch.rand(2).tolist()
    torch.manual_seed(0)
    draws(1, 2)
    assert torch.rand(2).tolist() == expected
