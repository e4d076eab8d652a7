"""A night that did not come to its end: the next one goes on with the entries that it worked on.

A checkpoint fits these entries alone (`trainer.fingerprint`), and by the next night there are more.
"""

from __future__ import annotations

import json
import logging

from delta_learn.entry import CommandEntry
from delta_learn.nightly.learning import CHECKPOINT
from delta_learn.nightly.night import Night
from delta_learn.storage.atomic import private_directory, remove_file, replace_file

logger = logging.getLogger(__name__)

_NAME = f"{CHECKPOINT}.json"


def go_on(night: Night) -> None:
    """Leave out what was typed since the unfinished night, if there is one and its entries are still the same.

    What was forgotten, redacted or imported since changes them, as settings do: then there is nothing to go on with.
    """
    try:
        noted = json.loads((night.store.paths.checkpoints / _NAME).read_text(encoding="utf-8"))
        count, digest = int(noted["entries"]), str(noted["digest"])
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, TypeError) as error:
        logger.warning("the unfinished night's note cannot be read: %s", type(error).__name__)
        return
    entries = night.entries[:count]
    if _digest(night, entries) == digest:
        logger.info("the unfinished night goes on: %d newer entries wait for the next", len(night.entries) - count)
        night.entries = entries


def note(night: Night) -> None:
    """Remember what this night works on.

    Raises:
        StorageError: the note cannot be written.
    """
    facts = {"entries": len(night.entries), "digest": _digest(night, night.entries)}
    with replace_file(private_directory(night.store.paths.checkpoints) / _NAME) as file:
        file.write(json.dumps(facts).encode())


def finish(night: Night) -> None:
    """Remove note and checkpoint, once the model lies where it belongs.

    Raises:
        StorageError: a file cannot be removed.
    """
    for name in (_NAME, f"{CHECKPOINT}.bin"):
        path = night.store.paths.checkpoints / name
        if path.exists():
            remove_file(path)


def _digest(night: Night, entries: list[CommandEntry]) -> str:
    """Keyed, so that it tells nothing of the entries."""
    settings = (night.config.dataset, night.config.tokenizer, night.config.train)
    base = night.base.meta.get("version") if night.base else None
    text = "\n".join(map(repr, [*settings, base, *entries]))
    return night.store.keyring.digest("unfinished night", text.encode()).hex()
