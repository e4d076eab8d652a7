from __future__ import annotations

import dataclasses
from collections.abc import Callable

import torch

from delta_learn.config import TrainConfig
from delta_learn.dataset.windows import Dataset
from delta_learn.model.gpt import DeltaModel
from delta_learn.trainer.fingerprint import fingerprint


def test_it_tells_apart_what_leads_to_other_weights(
    make_model: Callable[..., DeltaModel], make_dataset: Callable[..., Dataset], config: TrainConfig
) -> None:
    model, train, held_out = make_model(), make_dataset(), make_dataset(4, seed=1)
    moved = make_model()
    with torch.no_grad():
        moved.embedding.weight[0, 0] += 1e-6
    prints = [
        fingerprint(model, config, train, held_out),
        fingerprint(moved, config, train, held_out),
        fingerprint(make_model(dropout=0.2), config, train, held_out),
        fingerprint(model, dataclasses.replace(config, seed=2), train, held_out),
        fingerprint(model, config, make_dataset(13), held_out),
        fingerprint(model, config, train, make_dataset(4, seed=2)),
        fingerprint(model, config, train, None),
        fingerprint(model, config, held_out, train),
    ]
    assert len(set(prints)) == len(prints)
    assert fingerprint(make_model(), config, make_dataset(), make_dataset(4, seed=1)) == prints[0]
