"""cli/models.py: what is known about a version."""

from __future__ import annotations

import json
from collections.abc import Callable

from click.testing import Result

from delta_learn.collector.outcome import Outcome
from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.paths import Paths
from delta_learn.registry import ModelFile, ModelRecord, Registry

Run = Callable[..., Result]


def test_show_says_what_was_taken_while_it_was_deployed(run: Run, paths: Paths) -> None:
    store = Store.open(paths)
    for version in ("delta_model_1", "delta_model_2"):
        Registry(paths, store.keyring).save_model(ModelRecord(version, 1e9), ModelFile({}, b"", b""))
    store.record(
        Outcome(n, 1e9 + n, event, "ls", 0, 1, 0.5, "neural", version).to_entry(CommandEntry("ls", sequence=n), "")
        for n, (event, version) in enumerate(
            [("accepted", "delta_model_1"), ("overridden", "delta_model_1"), ("accepted", "delta_model_2")]
        )
    )
    shown = json.loads(run("models", "show", "delta_model_1", "--json").stdout)
    assert shown["live"] == {"shown": 2, "whole": 1, "part": 0, "saved": 2}
    assert json.loads(run("models", "show", "delta_model_2").stdout)["live"]["shown"] == 1
