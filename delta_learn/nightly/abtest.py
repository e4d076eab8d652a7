"""What becomes of a candidate that the gate is not sure of: it is tried at the prompt, where the person wants that."""

from __future__ import annotations

import logging

from delta_learn.errors import ModelError, StorageError
from delta_learn.nightly.night import Night
from delta_learn.registry import Registry
from delta_learn.serving.abtest import running_test, settle

logger = logging.getLogger(__name__)


def try_at_prompt(night: Night, version: str) -> None:
    """Let `version` challenge the deployed model, unless the setting ab.enabled is off or another one is tried.

    A test needs weeks: a candidate a night would never let one end. The store's lock is held.

    Raises:
        StorageError: the registry cannot be written.
    """
    if not night.config.ab.enabled:
        return
    if _is_running(night.registry, night):
        night.say(f"{version} is not tried at the prompt: {night.registry.challenger} still is.")
        return
    night.registry.challenge(version)
    night.say(f"{version} is tried at the prompt against what predicts now; `delta-learn models ab` shows it.")


def _is_running(registry: Registry, night: Night) -> bool:
    """Whether a challenger is there that can be used, and its test is not decided."""
    try:
        test = running_test(registry)
        if test is None:
            return False
        registry.load_model(test.challenger)
    except (StorageError, ModelError) as error:
        logger.warning("the A/B test is given up: %s", error)
        return False
    return settle(registry, test, night.config.ab) == "open"
