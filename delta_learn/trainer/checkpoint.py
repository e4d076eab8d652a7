"""Sealed checkpoints of a run in progress, one file a run, replaced whole."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load, save
from torch import Tensor

from delta_learn.errors import DamagedFileError, WrongKeyError
from delta_learn.storage.atomic import remove_file
from delta_learn.storage.blockfile import BlockReader, BlockWriter
from delta_learn.storage.seal import Keyring

logger = logging.getLogger(__name__)

_CHUNK_BYTES = 1 << 24


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything that the next step depends on."""

    facts: dict[str, Any]
    """Plain numbers and texts."""
    tensors: dict[str, Tensor]


class CheckpointStore:
    """The checkpoint of the run `run_id`: a block file of kind "checkpoint" with that label.

    A checkpoint is saved work and nothing else, so one that is damaged, sealed with another key or of
    another run is passed over with a warning: the run starts afresh and replaces it.
    """

    def __init__(self, directory: Path, keyring: Keyring, run_id: str) -> None:
        self.path = directory / f"{run_id}.bin"
        self.run_id = run_id
        self._keyring = keyring

    def save(self, checkpoint: Checkpoint) -> None:
        """Replace the checkpoint; killed at any moment, the old one or the new one is there.

        Raises:
            StorageError: it cannot be written.
        """
        data = save({name: tensor.contiguous() for name, tensor in checkpoint.tensors.items()})
        with BlockWriter.create(self.path, kind="checkpoint", label=self.run_id, keyring=self._keyring) as writer:
            writer.write([checkpoint.facts])
            for start in range(0, len(data), _CHUNK_BYTES):
                writer.write([data[start : start + _CHUNK_BYTES]])

    def load(self) -> Checkpoint | None:
        """The last checkpoint; None where there is none that can be used.

        Raises:
            UnsafeFileError: other users can write the file, or it is another user's.
            StorageError: it cannot be read.
        """
        if not self.path.exists():
            return None
        try:
            with BlockReader(self.path, kind="checkpoint", keyring=self._keyring, label=self.run_id) as reader:
                facts, *chunks = reader.records()
        except (DamagedFileError, WrongKeyError) as error:
            logger.warning("training starts afresh: %s", error)
            return None
        return Checkpoint(facts, load(b"".join(chunks)))

    def remove(self) -> None:
        """Forget the run, once its model is saved."""
        if self.path.exists():
            remove_file(self.path)
