"""LastNight: what came of the newest training; one line in `status`, and of a failed night one at the next prompt."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Literal

from delta_learn.collector.normalize import visible
from delta_learn.errors import DeltaError, StorageError
from delta_learn.nightly.night import Night
from delta_learn.paths import Paths
from delta_learn.storage.atomic import replace_file

logger = logging.getLogger(__name__)

Outcome = Literal["deployed", "kept back", "skipped", "failed", "unfinished"]

_NOTICE_CHARS = 300


@dataclass(frozen=True, slots=True)
class LastNight:
    """One training, by hand or by itself."""

    began: float
    """Seconds since the epoch."""
    outcome: Outcome
    reason: str
    """A sentence for a person, which holds figures and names of files, never commands."""

    def to_text(self) -> str:
        """One line."""
        return f"{time.strftime('%Y-%m-%d %H:%M', time.localtime(self.began))} {self.outcome}: {self.reason}"


def read_last_night(paths: Paths) -> LastNight | None:
    """The newest training; None where there was none, or nothing can be said of it."""
    try:
        return LastNight(**json.loads(paths.last_night.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        logger.info("what came of the last night cannot be read: %s", type(error).__name__)
        return None


@contextmanager
def noted(night: Night) -> Iterator[None]:
    """Note what comes of a night, however it ends; where it fails by itself, the next prompt says so once."""
    began = time.time()
    _note(night, LastNight(began, "unfinished", "it did not come to its end."))
    try:
        yield
    except Exception as error:
        reason = str(error) if isinstance(error, DeltaError) else f"{type(error).__name__}: {error}."
        _note(night, LastNight(began, "failed", visible(reason)))
        if night.nightly:
            _notify(night.store.paths, reason)
        raise
    _note(night, LastNight(began, *_came_of(night)))


def _came_of(night: Night) -> tuple[Outcome, str]:
    if night.skipped or night.decision is None:
        return "skipped", night.skipped or "it did nothing."
    outcome: Outcome = "deployed" if night.decision.deploy else "kept back"
    return outcome, f"{night.version}. {' '.join(night.decision.reasons)}"


def _note(night: Night, last: LastNight) -> None:
    """A disk that is full must not hide why the night failed."""
    try:
        with replace_file(night.store.paths.last_night) as file:
            file.write(json.dumps(asdict(last)).encode())
    except StorageError as error:
        logger.warning("what came of this night is not noted: %s", error)


def _notify(paths: Paths, reason: str) -> None:
    text = f"the last night's training failed: {visible(reason)[:_NOTICE_CHARS]} `delta-learn status` says more.\n"
    try:
        with replace_file(paths.notice) as file:
            file.write(text.encode("utf-8", "replace"))
    except StorageError as error:
        logger.warning("the next prompt says nothing of it: %s", error)
