"""What a run is a function of, as one digest: a checkpoint is resumed only by the run that it is of."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING

import torch
from safetensors.torch import save

from delta_learn.config import TrainConfig
from delta_learn.model.gpt import DeltaModel

if TYPE_CHECKING:
    from delta_learn.dataset.windows import Dataset

_WHERE = {"device", "shard"}


def fingerprint(model: DeltaModel, config: TrainConfig, train: Dataset, held_out: Dataset | None) -> str:
    """SHA-256, in hex, of initial weights, configurations, rows and the version of torch.

    The number of steps is not part of it: an interrupted run goes on with the plan it began with. Nor is where it
    runs: it may go on on another device, or in parts.
    """
    digest = hashlib.sha256(torch.__version__.encode())
    settings = {name: value for name, value in dataclasses.asdict(config).items() if name not in _WHERE}
    for part in (model.config.to_dict(), settings):
        digest.update(json.dumps(part, sort_keys=True).encode())
    digest.update(save({name: tensor.contiguous() for name, tensor in model.state_dict().items()}))
    for dataset in (train, held_out):
        digest.update(b"|" if dataset is None else _rows(dataset, config.batch_rows))
    return digest.hexdigest()


def _rows(dataset: Dataset, rows: int) -> bytes:
    digest = hashlib.sha256()
    for index in range(-(-dataset.rows_per_epoch() // rows)):
        batch = dataset.batch(0, index, rows)
        for array in (batch.ids, batch.targets, batch.segments, batch.weights):
            digest.update(array.tobytes())
    return digest.digest()
