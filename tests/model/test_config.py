from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np
import pytest
import torch

from delta_learn.config import PRESETS
from delta_learn.errors import ModelError
from delta_learn.model import config as model_config
from delta_learn.model.cache import KVCache
from delta_learn.model.config import DeltaModelConfig, base, large, preset, small, small_gqa
from delta_learn.model.gpt import DeltaModel


def test_the_defaults_are_those_of_the_specification() -> None:
    assert dataclasses.asdict(DeltaModelConfig()).items() >= {
        "block_size": 256,
        "vocab_size": 8192,
        "n_layer": 6,
        "n_head": 6,
        "n_embed": 384,
        "dropout": 0.1,
        "bias": False,
    }.items()  # fmt: skip


def test_a_config_survives_plain_data() -> None:
    config = DeltaModelConfig(n_layer=2, n_kv_head=3, rope_theta=5000.0)
    assert DeltaModelConfig.from_dict(config.to_dict()) == config


def test_missing_fields_get_their_defaults() -> None:
    assert DeltaModelConfig.from_dict({"n_layer": 2}) == DeltaModelConfig(n_layer=2)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"n_layers": 2}, "n_layers"),
        ({"n_layer": "2"}, "n_layer must be of type int"),
        ({"n_layer": True}, "n_layer must be of type int"),
        ({"bias": 1}, "bias must be of type bool"),
        ({"n_layer": 0}, "n_layer must be at least 1"),
        ({"n_embed": 100}, r"n_embed \(100\)"),
        ({"n_embed": 18}, "RoPE"),
        ({"n_kv_head": 4}, r"n_kv_head \(4\)"),
        ({"n_kv_head": 0}, "at least 1"),
        ({"dropout": 1.0}, "dropout"),
        ({"rope_theta": 0.5}, "rope_theta"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(data: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message) as error:
        DeltaModelConfig.from_dict(data)
    assert str(error.value).endswith(".")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_have_the_sizes_they_claim(name: str) -> None:
    function = getattr(model_config, name.replace("-", "_"))
    claimed = re.search(r"([\d.]+)M parameters", function.__doc__)
    assert claimed is not None
    with torch.device("meta"):
        model = DeltaModel(function())
    assert model.parameter_count() / 1e6 == pytest.approx(float(claimed[1]), abs=0.05)


def test_a_token_takes_what_the_cache_allocates_for_it() -> None:
    for config, dtype in ((small(), torch.float32), (small_gqa(), torch.float32), (large(), torch.bfloat16)):
        cache = KVCache(config, capacity=10, dtype=dtype)
        assert config.kv_bytes_per_token(dtype) == cache.data.nbytes / 10
    assert large().kv_bytes_per_token(np.dtype("f4")) == 2 * large().kv_bytes_per_token(torch.bfloat16)


def test_the_settings_offer_every_preset() -> None:
    for name in PRESETS:
        assert preset(name, 1000).vocab_size == 1000


def test_presets_are_found_by_name() -> None:
    assert preset("small", 1000) == small(1000)
    assert preset("base", 1000) == base(1000)
    with pytest.raises(ModelError, match="small or base"):
        preset("huge", 1000)
