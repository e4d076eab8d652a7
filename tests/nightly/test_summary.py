"""nightly/summary.py: what came since the last training."""

from __future__ import annotations

from delta_learn.collector.outcome import Outcome
from delta_learn.collector.store import Store
from delta_learn.collector.teaching import commands_only
from delta_learn.config import Config
from delta_learn.entry import CommandEntry
from delta_learn.nightly.night import Night
from delta_learn.nightly.summary import summarize
from delta_learn.paths import Paths
from delta_learn.registry import ModelFile, ModelRecord, Registry

TRAINED = 1_700_000_000.0


def typed(command: str, minutes: int) -> CommandEntry:
    return CommandEntry(command, timestamp=TRAINED + 60 * minutes, session="s", sequence=1000 + minutes)


def outcome(event: str, minutes: int, saved: int) -> CommandEntry:
    seen = Outcome(1000 + minutes, TRAINED + 60 * minutes, event, "git push", 0, saved, 0.5, "history", "")
    return seen.to_entry(typed("git push", minutes), "")


def said_by(paths: Paths, *, trained: bool) -> list[str]:
    store, said = Store.open(paths), list[str]()
    store.record([typed("make", -2), typed("git push", -1), typed("git push", 1), typed("make test", 2)])
    store.record(
        [typed("make test", 3), outcome("accepted", -1, 90), outcome("accepted", 1, 7), outcome("overridden", 2, -1)]
    )
    registry = Registry(paths, store.keyring)
    if trained:
        record = ModelRecord("delta_model_2023-11-14", TRAINED, {"entries_total": 2})
        registry.save_model(record, ModelFile({}, b"", b""))
    night = Night(store, registry, Config(), nightly=False, say=said.append)
    night.entries = commands_only(store.entries())
    summarize(night)
    return said


def test_it_says_what_is_new(paths: Paths) -> None:
    (line,) = said_by(paths, trained=True)
    assert line == (
        "Since delta_model_2023-11-14: 3 commands (1 never typed before); 1 of 2 suggestions taken, 6 keys saved."
    )


def test_the_first_night_has_nothing_to_compare_with(paths: Paths) -> None:
    assert said_by(paths, trained=False) == []
