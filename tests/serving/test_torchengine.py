"""serving/torchengine.py: a model file's weights in torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from delta_learn.errors import ModelError
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.weights import weights_to_bytes
from delta_learn.serving.torchengine import TorchEngine, load_torch

CONTEXT = [3, 1, 4, 1, 5, 9, 2, 6]
CONFIG = DeltaModelConfig(block_size=24, vocab_size=30, n_layer=2, n_head=4, n_embed=32, dropout=0.5)


def test_a_model_file_becomes_the_same_engine() -> None:
    torch.manual_seed(0)
    model = DeltaModel(CONFIG)
    expected = TorchEngine(model).start(CONTEXT).logprobs
    engine = load_torch(CONFIG.to_dict(), weights_to_bytes(model))
    assert np.array_equal(engine.start(CONTEXT).logprobs, expected)
    assert (engine.max_tokens, engine.vocab_size) == (24, 30)
    with pytest.raises(ModelError, match="another model's"):
        load_torch({**CONFIG.to_dict(), "n_layer": 1}, weights_to_bytes(model))
