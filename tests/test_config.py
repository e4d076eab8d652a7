"""config.py: defaults, and sentences for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from delta_learn.config import Config, GateConfig, with_setting, without_setting
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
        ('{"colour": 1}', "it knows ab, collect, dataset, gate"),
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


@pytest.mark.parametrize(
    ("name", "text", "settings"),
    [
        ("train.preset", "base", {"train": {"preset": "base"}}),
        ("train.seed", "7", {"train": {"seed": 7}}),
        ("collect.agents", "true", {"collect": {"agents": True}}),
        ("collect.exclude_directories", '["~/private"]', {"collect": {"exclude_directories": ["~/private"]}}),
        ("collect.redact.ticket", "[0]", {"collect": {"redact": {"ticket": "[0]"}}}),
    ],
)
def test_a_setting_is_json_or_a_plain_word(name: str, text: str, settings: dict[str, object]) -> None:
    assert with_setting({}, name, text) == settings
    assert without_setting(settings, name) == {}


def test_other_settings_stay_and_the_given_ones_are_not_touched() -> None:
    before = {"train": {"preset": "base", "seed": 3}}
    assert with_setting(before, "train.seed", "4") == {"train": {"preset": "base", "seed": 4}}
    assert without_setting(before, "train.seed") == {"train": {"preset": "base"}}
    assert without_setting(before, "gate.holdout") == before
    assert before == {"train": {"preset": "base", "seed": 3}}


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("train.presett", "base", "did you mean 'preset'"),
        ("colour", "red", "it knows ab, collect"),
        ("train", "red", "train must be an object"),
        ("train.preset", "huge", "small or base"),
        ("train.seed", "x", "must be of type int"),
        ("train.seed.x", "1", "seed must be of type int"),
        ("collect.exclude_directories", "~/private", "a list of strings"),
        ("collect.environment", '["A B"]', "no name of a variable"),
        ("collect.redact.x.y", "1", "an object of strings"),
        ("", "1", "no setting ''"),
    ],
)
def test_a_wrong_setting_is_refused(name: str, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        with_setting({}, name, text)


@pytest.mark.parametrize("name", ["train.presett", "train.seed.x", "colour", "", "collect.redact.no-such"])
def test_an_unknown_setting_cannot_be_unset(name: str) -> None:
    with pytest.raises(ConfigError, match="has no setting"):
        without_setting({"train": {"seed": 3}}, name)


def test_settings_are_read_by_their_dotted_names() -> None:
    config = Config(gate=GateConfig(holdout=400))
    assert config.get("gate.holdout") == 400
    assert config.get("gate")["holdout"] == 400
    for name in ("gate.holdot", "gat", "gate.holdout.x"):
        with pytest.raises(ConfigError, match="has no setting"):
            config.get(name)
