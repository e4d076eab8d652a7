"""TorchEngine: the model in PyTorch, as it is trained."""

from __future__ import annotations

from typing import Any

import torch

from delta_learn.model.cache import KVCache
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.weights import weights_from_bytes
from delta_learn.serving.tree import Floats, Reading, TreeEngine


class TorchEngine(TreeEngine[KVCache]):
    """A model for inference: float32, no dropout, a fixed number of CPU threads."""

    def __init__(self, model: DeltaModel, *, threads: int = 1) -> None:
        """Take over `model`. Sets torch's number of threads for the whole process.

        One thread is faster than two for models this small, unless nothing else runs.
        """
        super().__init__(model.config, KVCache(model.config, capacity=0))
        torch.set_num_threads(threads)
        self.model = model.eval().float()

    @torch.inference_mode()
    def read(self, cache: KVCache, reading: Reading) -> tuple[KVCache, Floats]:
        """See TreeEngine."""
        cache = cache.pick(torch.from_numpy(reading.columns), room=len(reading.tokens))
        tokens, positions = torch.from_numpy(reading.tokens), torch.from_numpy(reading.positions)
        hidden = self.model.hidden_at(tokens[None], positions, torch.from_numpy(reading.sees), cache)
        logprobs: Floats = self.model.logits(hidden[0, -reading.wanted :]).log_softmax(-1).numpy()
        return cache, logprobs


def load_torch(config: dict[str, Any], weights: bytes) -> TorchEngine:
    """The engine of a model file's configuration and weights.

    Raises:
        ModelError: they do not fit each other or this version of delta_learn.
    """
    model = DeltaModel(DeltaModelConfig.from_dict(config))
    weights_from_bytes(model, weights)
    return TorchEngine(model)
