"""Versions of models on disk, which one is deployed, and why."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from delta_learn.errors import ModelError, StorageError
from delta_learn.paths import Paths
from delta_learn.storage.atomic import check_private, replace_file
from delta_learn.storage.blockfile import BlockReader, BlockWriter
from delta_learn.storage.seal import Keyring

FORMAT = 1
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class ModelFile:
    """What a model file holds: facts, tokenizer and weights (safetensors bytes)."""

    meta: dict[str, Any]
    """`model` (configuration), `lineage`, `format`."""
    tokenizer: bytes
    weights: bytes


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """One line of the registry."""

    version: str
    """The file's name without `.bin`, e.g. delta_model_2026-11-22."""
    created: float
    """Seconds since the epoch."""
    lineage: dict[str, Any] = field(default_factory=dict)
    """Base, entries from and to, tokens, steps, seconds, seed."""
    gate: dict[str, Any] = field(default_factory=dict)
    """Decision, figures and reasons of the gate."""


class Registry:
    """The models of one person; `registry.json` is replaced whole at each change."""

    def __init__(self, paths: Paths, keyring: Keyring) -> None:
        self.paths = paths
        self.keyring = keyring
        self.models: list[ModelRecord] = []
        self.deployed: str | None = None
        self.history: list[str | None] = []
        self._load()

    def save_model(self, record: ModelRecord, model: ModelFile) -> Path:
        """Write a model file and list it; it is not deployed by this."""
        path = self.path(record.version)
        with BlockWriter.create(path, kind="model", label=record.version, keyring=self.keyring) as writer:
            writer.write([{**model.meta, "format": FORMAT}])
            writer.write([model.tokenizer])
            for start in range(0, len(model.weights), _CHUNK_BYTES):
                writer.write([model.weights[start : start + _CHUNK_BYTES]])
        self.models = [m for m in self.models if m.version != record.version] + [record]
        self._save()
        return path

    def load_model(self, version: str) -> ModelFile:
        """Read a model file.

        Raises:
            StorageError: missing, damaged, sealed with another key, or another version under this name.
            ModelError: written by a newer delta_learn.
        """
        with BlockReader(self.path(version), kind="model", keyring=self.keyring, label=version) as reader:
            meta, tokenizer, *chunks = reader.records()
        if meta.get("format", 0) > FORMAT:
            raise ModelError(f"{self.path(version)} was written by a newer delta_learn; update, or train a new model.")
        return ModelFile(meta, tokenizer, b"".join(chunks))

    def load_deployed(self) -> ModelFile | None:
        """The deployed model, read through delta_model_latest.bin; None when none is deployed."""
        if self.deployed is None:
            return None
        target = self.paths.latest_model.resolve()
        if target != self.path(self.deployed).resolve():
            raise ModelError(
                f"{self.paths.latest_model} is not the deployed {self.deployed}; "
                f"run `delta-learn models deploy {self.deployed}` to mend it."
            )
        return self.load_model(self.deployed)

    def deploy(self, version: str) -> None:
        """Make `version` the one that predicts, after its whole file has been verified."""
        self.find(version)
        self.load_model(version)
        self._switch(version, [*self.history, self.deployed] if self.deployed != version else self.history)

    def rollback(self) -> str | None:
        """Deploy what was deployed before; returns its version, None for 'no model'.

        Raises:
            ModelError: nothing was deployed before.
        """
        if not self.history:
            raise ModelError("There is no earlier deployment to go back to; see `delta-learn models list`.")
        previous = self.history[-1]
        if previous is not None:
            self.load_model(previous)
        self._switch(previous, self.history[:-1])
        return previous

    def verify(self) -> dict[str, str]:
        """Read every model file; version -> "ok" or the sentence that says what is wrong."""
        results = {}
        for record in self.models:
            try:
                self.load_model(record.version)
                results[record.version] = "ok"
            except (StorageError, ModelError) as error:
                results[record.version] = str(error)
        return results

    def prune(self, keep: int) -> list[str]:
        """Remove the oldest models beyond `keep`, never the deployed one nor the one to roll back to."""
        needed = {self.deployed, *self.history[-1:]}
        spare = [m for m in self.models if m.version not in needed]
        gone = spare[: max(0, len(self.models) - keep)]
        for record in gone:
            self.path(record.version).unlink(missing_ok=True)
        removed = {record.version for record in gone}
        if removed:
            self.models = [m for m in self.models if m.version not in removed]
            self.history = [h for h in self.history if h not in removed]
            self._save()
        return sorted(removed)

    def path(self, version: str) -> Path:
        """Where the model file of `version` lies."""
        return self.paths.models / f"{version}.bin"

    def find(self, version: str) -> ModelRecord:
        """The record of `version`.

        Raises:
            ModelError: there is no such version.
        """
        for record in self.models:
            if record.version == version:
                return record
        known = ", ".join(m.version for m in self.models) or "there is none yet; run `delta-learn train`"
        raise ModelError(f"There is no model {version!r}; known: {known}.")

    def new_version(self, date: str) -> str:
        """A version name for `date` (YYYY-MM-DD) that no model has yet."""
        taken = {m.version for m in self.models}
        names = (f"delta_model_{date}" + (f"-{n}" if n > 1 else "") for n in range(1, len(taken) + 2))
        return next(name for name in names if name not in taken)

    def _switch(self, version: str | None, history: list[str | None]) -> None:
        self.deployed, self.history = version, history
        self._save()
        link = self.paths.latest_model
        if version is None:
            link.unlink(missing_ok=True)
            return
        temporary = link.with_suffix(".new")
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(self.path(version).name)
        temporary.replace(link)

    def _load(self) -> None:
        path = self.paths.registry
        if not path.exists():
            return
        check_private(path)
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            self.models = [ModelRecord(**record) for record in data["models"]]
            self.deployed, self.history = data["deployed"], data["history"]
        except (ValueError, KeyError, TypeError) as error:
            raise StorageError(f"{path} is damaged ({error}); remove it and run `delta-learn train`.") from error

    def _save(self) -> None:
        data: Mapping[str, Any] = {
            "deployed": self.deployed,
            "history": self.history,
            "models": [dataclasses.asdict(record) for record in self.models],
        }
        with replace_file(self.paths.registry) as file:
            file.write(json.dumps(data, indent=1).encode())
