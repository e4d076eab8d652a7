"""config.py: defaults, and sentences for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from delta_learn.config import Config, GateConfig
from delta_learn.errors import ConfigError


def load(path: Path, text: str) -> Config:
    path.write_text(text)
    return Config.load(path)


def test_a_missing_file_means_defaults(tmp_path: Path) -> None:
    assert Config.load(tmp_path / "config.json") == Config()


def test_given_settings_replace_defaults(tmp_path: Path) -> None:
    config = load(
        tmp_path / "c",
        json.dumps({"gate": {"holdout": 400, "min_probability": 1}, "train": {"preset": "base"}}),
    )
    assert config.gate == GateConfig(holdout=400, min_probability=1.0)
    assert config.train.preset == "base"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"gate": {"holdot": 1}}', "did you mean 'holdout'"),
        ('{"colour": 1}', "it knows dataset, gate"),
        ('{"gate": {"holdout": "many"}}', 'gate: holdout must be of type int, not "many"'),
        ('{"gate": {"holdout": true}}', "must be of type int"),
        ('{"gate": 3}', "gate must be an object"),
        ("[]", "must be an object"),
        ("{", "is not JSON"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        load(tmp_path / "config.json", text)


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        Config.load(tmp_path)
