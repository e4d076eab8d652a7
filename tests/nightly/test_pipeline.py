"""nightly/pipeline.py: what a night starts from."""

from __future__ import annotations

import pytest

from delta_learn.collector.store import Store
from delta_learn.config import Config, TrainConfig
from delta_learn.nightly import learning
from delta_learn.nightly.pipeline import run_night
from delta_learn.paths import Paths
from delta_learn.registry import ModelFile

SHIPPED = ModelFile({"preset": "small", "version": "base_1"}, b"", b"")
OTHER = ModelFile({"preset": "small", "version": "base_2"}, b"", b"")


@pytest.mark.parametrize(
    ("config", "given", "expected"),
    [
        (Config(), None, SHIPPED),
        (Config(train=TrainConfig(from_base=False)), None, None),
        (Config(), OTHER, OTHER),
    ],
)
def test_the_base_is_the_one_given_or_the_one_of_the_settings(
    config: Config,
    given: ModelFile | None,
    expected: ModelFile | None,
    paths: Paths,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(learning, "shipped_base", lambda: SHIPPED)
    assert run_night(Store.open(paths), config, dry_run=True, base=given).base is expected
