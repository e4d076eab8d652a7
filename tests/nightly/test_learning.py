"""nightly/learning.py: what a personal model starts from."""

from __future__ import annotations

import pytest

from delta_learn.config import Config, TrainConfig
from delta_learn.entry import CommandEntry, Session
from delta_learn.nightly import learning
from delta_learn.nightly.learning import base_for, prepare
from delta_learn.registry import ModelFile
from delta_learn.tokenizer.tokenizer import Tokenizer

BASE = ModelFile({"preset": "small", "version": "base_1"}, b"", b"")


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (TrainConfig(), BASE),
        (TrainConfig(from_base=False), None),
        (TrainConfig(preset="base"), None),  # a larger model was asked for
    ],
)
def test_the_settings_decide(config: TrainConfig, expected: ModelFile | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "shipped_base", lambda: BASE)
    assert base_for(Config(train=config)) is expected


def test_a_package_without_a_base_trains_from_scratch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "shipped_base", lambda: None)
    assert base_for(Config()) is None


def test_from_a_base_the_pieces_are_the_bases() -> None:
    tokenizer = Tokenizer.train(["podman ps", "podman run"], vocab_size=512)
    sessions = [Session("s", tuple(CommandEntry(f"zfs list {i}", session="s", sequence=i) for i in range(40)))]
    base = ModelFile({"model": {}}, tokenizer.to_bytes(), b"")
    assert prepare(sessions, Config(), base).tokenizer.to_bytes() == tokenizer.to_bytes()
    assert prepare(sessions, Config()).tokenizer.to_bytes() != tokenizer.to_bytes()
