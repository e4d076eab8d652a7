"""config.json, changed: checked before anything is written, and told to the hooks."""

from __future__ import annotations

import json
from typing import Any

from delta_learn.collector.redaction.patterns import compile_patterns
from delta_learn.config import Config, from_mapping, read_settings, with_setting, without_setting
from delta_learn.installation.hooks import write_variables
from delta_learn.paths import Paths
from delta_learn.storage.atomic import private_directory, replace_file


def change_setting(paths: Paths, name: str, text: str) -> None:
    """Give a setting another value, JSON or a plain word.

    Raises:
        ConfigError: there is no such setting or it cannot have this value; nothing was written.
        StorageError: config.json cannot be written.
    """
    _write(paths, with_setting(read_settings(paths.config), name, text))


def reset_setting(paths: Paths, name: str) -> None:
    """Give a setting its default again.

    Raises:
        ConfigError, StorageError: as `change_setting`.
    """
    _write(paths, without_setting(read_settings(paths.config), name))


def _write(paths: Paths, settings: dict[str, Any]) -> None:
    config = from_mapping(Config, settings, where=str(paths.config))
    compile_patterns(config.collect.redact)
    for directory in (paths.home, paths.training):
        private_directory(directory)
    target = paths.config.resolve()  # a link into a dotfiles repository stays one
    with replace_file(target) as file:
        file.write(json.dumps(settings, indent=2).encode() + b"\n")
    if paths.variables.exists():
        write_variables(paths, config)
