"""Versions of models on disk, which one is deployed, and why."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from delta_learn.errors import ModelError, StorageError
from delta_learn.paths import Paths
from delta_learn.storage.atomic import check_private, remove_file, replace_file, storage_errors, sync_directory
from delta_learn.storage.blockfile import BlockReader, BlockWriter
from delta_learn.storage.seal import Keyring

logger = logging.getLogger(__name__)

T = TypeVar("T")

FORMAT = 1
_CHUNK_BYTES = 1 << 20
_NAMES = "delta_model_*.bin"


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
    trial: dict[str, Any] = field(default_factory=dict)
    """What came of its A/B test (serving/abtest.py); empty where there was none, or it is not over."""


@dataclass(frozen=True, slots=True)
class InUse(Generic[T]):
    """What predicts: the deployed model, or what takes its place where that cannot be used."""

    version: str | None
    """None: no model, predictions come from history and n-gram alone."""
    model: T | None
    refused: tuple[str, ...] = ()
    """Why newer ones are not used, a sentence each; the first is about the deployed one."""

    @property
    def problem(self) -> str | None:
        """One line for a person; None where the deployed model is the one in use, or there is none."""
        if not self.refused:
            return None
        others = f" Neither can {len(self.refused) - 1} deployed before it." if len(self.refused) > 1 else ""
        instead = f"{self.version} predicts" if self.version else "predictions come from your history alone"
        return f"{self.refused[0]}{others} Until then {instead}."


class Registry:
    """The models of one person; `registry.json` is replaced whole at each change, and decides.

    delta_model_latest.bin follows it: a process that is killed between the two leaves a link to the model before,
    which the next change mends. All that changes anything wants the store's lock held.
    """

    def __init__(self, paths: Paths, keyring: Keyring) -> None:
        self.paths = paths
        self.keyring = keyring
        self.models: list[ModelRecord] = []
        self.deployed: str | None = None
        self.history: list[str | None] = []
        """What was deployed before, the last one last; None for no model."""
        self.challenger: str | None = None
        """What is tried at the prompt against the deployed one (serving/abtest.py)."""
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
        path = self.path(version)
        with BlockReader(path, kind="model", keyring=self.keyring, label=version) as reader:
            meta, *rest = reader.records()
        if meta.get("format", 0) > FORMAT:  # before anything else is looked for: it may not be there
            raise ModelError(f"{path} was written by a newer delta_learn; update, or train a new model.")
        tokenizer, *chunks = rest
        return ModelFile(meta, tokenizer, b"".join(chunks))

    def in_use(self, use: Callable[[ModelFile], T]) -> InUse[T]:
        """The deployed model, or else the newest of those deployed before that is good, as `use` makes it.

        Good is what can be read and what `use` takes: it raises StorageError or ModelError for what it refuses.
        """
        refused: list[str] = []
        for version in self._eligible():
            try:
                return InUse(version, use(self.load_model(version)), tuple(refused))
            except (StorageError, ModelError) as error:
                refused.append(str(error))
        return InUse(None, None, tuple(refused))

    def deploy(self, version: str) -> None:
        """Make `version` the one that predicts, after its whole file has been verified."""
        self.find(version)
        self.load_model(version)
        self._switch(version, [*self.history, self.deployed] if self.deployed != version else self.history)

    def rollback(self) -> str | None:
        """Deploy what was deployed before, the newest that is good; returns its version, None for 'no model'.

        Raises:
            ModelError: nothing was deployed before.
        """
        if not self.history:
            raise ModelError("There is no earlier deployment to go back to; see `delta-learn models list`.")
        history, previous = list(self.history), None
        while history:
            previous = history.pop()
            if previous is None or self._is_good(previous):
                break
            previous = None
        self._switch(previous, history)
        return previous

    def challenge(self, version: str) -> None:
        """Try `version` at the prompt against the deployed model, after its whole file has been verified."""
        self.find(version)
        self.load_model(version)
        if version == self.deployed:
            raise ModelError(f"{version} is the deployed model already; it cannot be tried against itself.")
        self.challenger = version
        self._save()

    def settle(self, outcome: Mapping[str, Any], *, deploy: bool) -> None:
        """End the A/B test: note its outcome with the challenger, and deploy that one or leave all as it was."""
        version = self.challenger
        self.models = [
            dataclasses.replace(each, trial=dict(outcome)) if each.version == version else each for each in self.models
        ]
        if deploy and version is not None:
            self.deploy(version)
        else:
            self.challenger = None
            self._save()

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
        """Remove the oldest models beyond `keep`, first those that were never deployed, and what a kill left behind.

        The deployed one, the one to roll back to, the challenger and the newest stay, whatever `keep` is.
        """
        needed = {self.deployed, *self.history[-1:], self.challenger, *(m.version for m in self.models[-1:])}
        spare = [m.version for m in self.models if m.version not in needed]
        spare.sort(key=lambda version: version in self.history)
        gone = set(spare[: max(0, len(self.models) - keep)])
        if gone:
            self.models = [m for m in self.models if m.version not in gone]
            self.history = [version for version in self.history if version not in gone]
            self._save()  # before the files go: what it names is there
        self._follow()
        self._sweep(gone)
        return sorted(gone)

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

    def _eligible(self) -> list[str]:
        """What may predict, the best first."""
        found: dict[str, None] = {}
        for version in (self.deployed, *reversed(self.history)):
            if version is None:
                break
            found[version] = None
        return list(found)

    def _is_good(self, version: str) -> bool:
        try:
            self.load_model(version)
        except (StorageError, ModelError) as error:
            logger.warning("%s is passed over: %s", version, error)
            return False
        return True

    def _switch(self, version: str | None, history: list[str | None]) -> None:
        if version != self.deployed:
            self.challenger = None  # it was tried against another one
        self.deployed, self.history = version, history
        self._save()

    def _follow(self) -> None:
        """Let delta_model_latest.bin name the deployed model."""
        link = self.paths.latest_model
        name = None if self.deployed is None else self.path(self.deployed).name
        with storage_errors(link):
            if name == _target(link):
                return
            if name is None:
                link.unlink()
            else:
                temporary = link.with_suffix(".new")
                temporary.unlink(missing_ok=True)
                temporary.symlink_to(name)
                temporary.replace(link)
            sync_directory(link.parent)

    def _sweep(self, gone: Collection[str]) -> None:
        """Remove the files of `gone`, and those that no record names: whoever wrote or removed them was killed."""
        models, named = self.paths.models, {m.version for m in self.models}
        if not models.is_dir():
            return
        found = {path for path in models.glob(_NAMES) if path.stem not in named and self._is_ours(path)}
        found |= {*models.glob(f".{_NAMES}.tmp"), *models.glob(self.paths.latest_model.with_suffix(".new").name)}
        for path in sorted(found | {self.path(version) for version in gone}):
            if path != self.paths.latest_model and (path.exists() or path.is_symlink()):
                remove_file(path)

    def _is_ours(self, path: Path) -> bool:
        """Whether this machine made it: another may share the directory, and has a registry and a key of its own."""
        try:
            with BlockReader(path, kind="model", keyring=self.keyring, label=path.stem):
                return True
        except StorageError:
            return False

    def _load(self) -> None:
        path = self.paths.registry
        if not path.exists():
            return
        check_private(path)
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            self.models = [ModelRecord(**record) for record in data["models"]]
            self.deployed, self.history = data["deployed"], data["history"]
            self.challenger = data.get("challenger")
        except (ValueError, KeyError, TypeError) as error:
            raise StorageError(f"{path} is damaged ({error}); remove it and run `delta-learn train`.") from error

    def _save(self) -> None:
        data: Mapping[str, Any] = {
            "deployed": self.deployed,
            "history": self.history,
            "challenger": self.challenger,
            "models": [dataclasses.asdict(record) for record in self.models],
        }
        with replace_file(self.paths.registry) as file:
            file.write(json.dumps(data, indent=1).encode())
        self._follow()


def _target(link: Path) -> str | None:
    """The name that a symbolic link holds; None where there is nothing, "" for what is no link."""
    try:
        return os.readlink(link)  # noqa: PTH115 (the name as it stands)
    except FileNotFoundError:
        return None
    except OSError:
        return ""
