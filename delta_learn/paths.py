"""Where everything lies: one place. Nothing here touches the disk."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LATEST_MODEL = "delta_model_latest.bin"


@dataclass(frozen=True, slots=True)
class Paths:
    """The two roots: `home` for what belongs to the person, `state` for what belongs to this machine."""

    home: Path
    state: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Paths:
        """DELTA_HOME (else ~/.config/delta); DELTA_STATE_HOME (else XDG_STATE_HOME/delta)."""
        user = Path(environment.get("HOME") or Path.home())
        config = Path(environment.get("XDG_CONFIG_HOME") or user / ".config")
        state = Path(environment.get("XDG_STATE_HOME") or user / ".local" / "state")
        return cls(
            home=Path(environment.get("DELTA_HOME") or config / "delta").absolute(),
            state=Path(environment.get("DELTA_STATE_HOME") or state / "delta").absolute(),
        )

    @property
    def training(self) -> Path:
        """Parent of everything that is learnt from."""
        return self.home / "training"

    @property
    def config(self) -> Path:
        """config.json."""
        return self.training / "config.json"

    @property
    def raw(self) -> Path:
        """Daily shards of entries."""
        return self.training / "raw"

    @property
    def processed(self) -> Path:
        """Monthly shards of token ids."""
        return self.training / "processed"

    @property
    def models(self) -> Path:
        """Dated model files and the link to the deployed one."""
        return self.training / "models"

    @property
    def latest_model(self) -> Path:
        """The link to the deployed model."""
        return self.models / LATEST_MODEL

    @property
    def key(self) -> Path:
        """32 random bytes; not under `home`, which people publish with their dotfiles."""
        return self.state / "key"

    @property
    def lock(self) -> Path:
        """Held, for moments, by whoever changes the data set or the registry."""
        return self.state / "lock"

    @property
    def training_lock(self) -> Path:
        """Held for minutes by the one training run."""
        return self.state / "training.lock"

    @property
    def log(self) -> Path:
        """One log file a night."""
        return self.state / "log"

    @property
    def checkpoints(self) -> Path:
        """Unfinished training runs."""
        return self.state / "checkpoints"

    @property
    def registry(self) -> Path:
        """Versions of models, which one is deployed, and why."""
        return self.state / "registry.json"

    @property
    def abtest(self) -> Path:
        """Counts of the A/B test that runs (serving/abtest.py): JSON without a word of any command."""
        return self.state / "abtest.json"

    @property
    def spool(self) -> Path:
        """Where the hooks append, one file a session and generation (shell/README.md)."""
        return self.state / "spool"

    @property
    def address(self) -> Path:
        """Where the server's socket lies, on one line; the server writes it, clients only read it."""
        return self.state / "run" / "address"

    @property
    def predictor(self) -> Path:
        """What the predictor has learned, sealed; made anew from the shards where it is missing."""
        return self.state / "predictor.bin"

    @property
    def forgotten(self) -> Path:
        """Keyed hashes of what was forgotten, sealed; no file while there is nothing to remember."""
        return self.state / "forgotten.bin"

    @property
    def report(self) -> Path:
        """The page that `delta-learn report` writes where nobody says where."""
        return self.state / "report.html"

    @property
    def last_night(self) -> Path:
        """What came of the newest training (nightly/lastnight.py)."""
        return self.state / "last_night.json"

    @property
    def notice(self) -> Path:
        """A line that the next prompt shows once and empties; there is none, or it is empty, most of the time."""
        return self.state / "notice"

    @property
    def server_lock(self) -> Path:
        """Held by the one server as long as it runs."""
        return self.state / "server.lock"

    @property
    def paused(self) -> Path:
        """While it exists no shell records; it may hold the second at which the pause ends."""
        return self.state / "paused"

    @property
    def python(self) -> Path:
        """Path of the interpreter that the hooks start in the background."""
        return self.state / "python"

    @property
    def client(self) -> Path:
        """Path of the program by which bash asks the server."""
        return self.state / "client"

    @property
    def variables(self) -> Path:
        """Names of the environment variables that the hooks record, on one line."""
        return self.state / "variables"

    @property
    def drained(self) -> Path:
        """What the last drain did, for `doctor`: JSON without a word of any command."""
        return self.state / "drain.json"
