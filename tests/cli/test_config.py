"""cli/config.py: the settings by name."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import Result

from delta_learn.config import Config
from delta_learn.errors import ConfigError
from delta_learn.paths import Paths

Run = Callable[..., Result]


def test_a_setting_there_and_back(run: Run, paths: Paths) -> None:
    assert run("config", "path").stdout.strip() == str(paths.config)
    assert run("config", "set", "collect.exclude_directories", '["~/private"]').stdout == (
        'collect.exclude_directories = ["~/private"]\n'
    )
    assert Config.load(paths.config).collect.exclude_directories == ("~/private",)
    assert run("config", "get", "collect.exclude_directories").stdout == '["~/private"]\n'
    assert run("config", "unset", "collect.exclude_directories").stdout == "collect.exclude_directories = []\n"
    run("config", "set", "collect.redact.ticket", "TCK-[0-9]+")
    assert run("config", "get", "collect.redact.ticket").stdout == "TCK-[0-9]+\n"
    assert run("config", "unset", "collect.redact.ticket").stdout == "collect.redact.ticket is gone.\n"
    assert Config.load(paths.config) == Config()


def test_get_prints_words_and_json(run: Run) -> None:
    assert run("config", "get", "train.preset").stdout == "small\n"
    assert run("config", "get", "train.preset", "--json").stdout == '"small"\n'
    assert json.loads(run("config", "get", "gate").stdout)["holdout"] == 500


def test_list_marks_what_differs(run: Run) -> None:
    run("config", "set", "train.seed", "-1")
    lines = run("config", "list").stdout.splitlines()
    assert "train.seed = -1   (yours)" in lines
    assert 'train.preset = "small"' in lines
    assert json.loads(run("config", "list", "--json").stdout)["train"]["seed"] == -1


def test_what_is_wrong_is_not_written(run: Run, paths: Paths) -> None:
    for name, value in (("train.presett", "base"), ("train.seed", "x"), ("collect.redact.x", "(")):
        with pytest.raises(ConfigError):
            run("config", "set", name, value)
    with pytest.raises(ConfigError, match="did you mean 'preset'"):
        run("config", "get", "train.presett")
    with pytest.raises(ConfigError, match="did you mean 'preset'"):
        run("config", "unset", "train.presett")
    assert not paths.config.exists()
