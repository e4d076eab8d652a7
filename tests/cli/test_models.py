"""cli/models.py: what is known about a version."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from click.testing import Result

from delta_learn.collector.outcome import Outcome
from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.errors import ModelError
from delta_learn.paths import Paths
from delta_learn.registry import ModelFile, ModelRecord, Registry
from delta_learn.serving.abtest import AbTest, keep
from delta_learn.serving.evalue import e_value

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
    assert "1 suggestion shown, 1 taken, 1 keystroke saved" in run("models", "show", "delta_model_2").stdout


LINEAGE = {
    "base": "base_1", "entries": 9500, "entries_total": 10_000, "from": 1.7e9, "to": 1.76e9, "seed": 1337,
    "steps": 700, "tokens": 1_234_567, "seconds": 92.1, "bits_per_token": 2.306,
}  # fmt: skip
GATE = {
    "deploy": False, "probability": 0.8, "interval": {"mean": 0.25, "low": -0.1, "high": 0.6},
    "reasons": ["It is not certain.", "It is slow."],
}  # fmt: skip


@pytest.fixture
def registry(paths: Paths) -> Registry:
    found = Registry(paths, Store.open(paths).keyring)
    found.save_model(ModelRecord("delta_model_1", 1e9, LINEAGE, GATE), ModelFile({}, b"", b""))
    found.save_model(ModelRecord("delta_model_2", 1e9), ModelFile({}, b"", b""))
    return found


def test_show_prints_the_lineage(run: Run, registry: Registry) -> None:
    registry.deploy("delta_model_1")
    shown = run("models", "show").stdout
    assert shown == run("models", "show", "delta_model_1").stdout
    days = [time.strftime("%Y-%m-%d %H:%M", time.localtime(moment)) for moment in (1.7e9, 1.76e9)]
    assert [line.split("  ", 1)[-1].strip() for line in shown.splitlines()] == [
        "delta_model_1, deployed",
        time.strftime("%Y-%m-%d %H:%M", time.localtime(1e9)),
        "base_1",
        f"9,500 of 10,000 entries, from {days[0]} to {days[1]}",
        "1,234,567 tokens in 700 steps, 92 s, seed 1337, 2.31 bits a token on newer entries",
        "kept back; +0.250 keys a command, 90 % interval -0.100 to +0.600, P(gain > 0) = 0.800",
        "It is not certain.",
        "It is slow.",
        "0 suggestions shown, 0 taken, 0 keystrokes saved",
    ]


def test_show_of_what_is_hardly_known(run: Run, registry: Registry) -> None:
    shown = run("models", "show", "delta_model_2").stdout
    assert "none: from scratch" in shown
    assert "not asked" in shown
    with pytest.raises(ModelError, match="No model is deployed"):
        run("models", "show")


def test_ab_without_a_test(run: Run, registry: Registry) -> None:
    assert "nothing: the next candidate with P >= 0.75" in run("models", "ab").stdout
    assert "delta-learn config set ab.enabled true" in run("models", "ab").stdout
    assert json.loads(run("models", "ab", "--json").stdout) == {
        "enabled": False, "running": False, "min_probability": 0.75, "decides_at": 20.0, "last": None
    }  # fmt: skip


def test_ab_shows_how_a_test_stands_and_how_the_last_one_ended(run: Run, registry: Registry, paths: Paths) -> None:
    registry.deploy("delta_model_1")
    registry.challenge("delta_model_2")
    run("config", "set", "ab.enabled", "true")
    keep(Store.open(paths), AbTest("delta_model_1", "delta_model_2", wins=6, losses=1))
    facts = json.loads(run("models", "ab", "--json").stdout)
    assert (facts["deployed"], facts["challenger"]) == ("delta_model_1", "delta_model_2")
    assert (facts["events"], facts["wins"], facts["losses"]) == (7, 6, 1)
    assert (facts["e_better"], facts["e_worse"]) == (e_value(6, 1), e_value(1, 6))
    assert facts["until"] - facts["since"] == 30 * 86_400
    shown = run("models", "ab").stdout
    assert "7 decided: 6 for the challenger, 1 against" in shown
    assert f"E = {e_value(6, 1):.3g} that it is better" in shown
    assert "tried" in run("models", "list").stdout
    keep(Store.open(paths), AbTest("delta_model_1", "delta_model_2", wins=12, losses=1))
    assert "delta_model_2: better, and deployed; 12 won, 1 lost against delta_model_1" in run("models", "ab").stdout
    assert json.loads(run("models", "ab", "--json").stdout)["last"]["outcome"] == "better"
    assert "A/B test" in run("models", "show").stdout
    assert run("models", "rollback").stdout == "delta_model_1 is deployed.\n"
