"""nightly/retention.py: what is kept long enough goes, whole days, and nothing is learned from it any more."""

from __future__ import annotations

import datetime
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.collector.store import Store
from delta_learn.config import Config, RetentionConfig
from delta_learn.entry import CommandEntry
from delta_learn.errors import ConfigError
from delta_learn.nightly import pipeline
from delta_learn.nightly.pipeline import run_night
from delta_learn.nightly.retention import outdated
from delta_learn.paths import Paths
from delta_learn.predictor.context import Context
from delta_learn.serving.learner import open_learner
from delta_learn.storage.shards import Stamp, day_of

DAY = 86_400
NEWEST = 1_700_000_000.0
SIZES = st.dictionaries(
    st.dates(datetime.date(2020, 1, 1), datetime.date(2026, 1, 1)).map(str), st.integers(1, 900_000), max_size=30
)


def stamp(day: str, size: int) -> Stamp:
    return Stamp(1, size, int(datetime.datetime.fromisoformat(f"{day}T12:00").timestamp() * 1e9))


@given(SIZES, st.integers(0, 900), st.floats(0, 3))
def test_what_stays_is_young_and_small_and_no_more_than_that_goes(
    sizes: dict[str, int], days: int, megabytes: float
) -> None:
    gone = outdated({day: stamp(day, size) for day, size in sizes.items()}, RetentionConfig(days, megabytes))
    kept = sorted(sizes.keys() - set(gone))
    assert gone == sorted(sizes)[: len(gone)]
    if not kept:
        assert not sizes
        return
    first, newest = (datetime.date.fromisoformat(day) for day in (kept[0], kept[-1]))
    total = sum(sizes[day] for day in kept)
    if len(kept) > 1:
        assert not days or (newest - first).days <= days
        assert not megabytes or total <= megabytes * 1e6
    if gone:
        last = datetime.date.fromisoformat(gone[-1])
        assert (days and (newest - last).days > days) or (megabytes and total + sizes[gone[-1]] > megabytes * 1e6)


def test_a_history_of_long_ago_is_kept_from_its_import_on() -> None:
    imported, later = stamp("2026-01-01", 1), stamp("2028-02-01", 1)
    config = RetentionConfig(days=730)
    assert outdated({"2011-05-05": imported, "2026-01-01": imported}, config) == []
    assert outdated({"2011-05-05": imported, "2028-02-01": later}, config) == ["2011-05-05"]


def typed(command: str, days_ago: float) -> CommandEntry:
    return CommandEntry(command, timestamp=NEWEST - days_ago * DAY, session="s", sequence=10_000 - int(days_ago))


def test_a_night_lets_old_days_go(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    store, said = Store.open(paths), list[str]()
    for days_ago, command in ((800, "echo ancient"), (500, "echo old"), (0, "echo new")):
        store.record([typed(command, days_ago)])
        for path in paths.raw.glob(f"*{day_of(NEWEST - days_ago * DAY, 0)}.bin"):
            os.utime(path, (NEWEST - days_ago * DAY,) * 2)
    open_learner(store).save()
    monkeypatch.setattr(pipeline, "STEPS", pipeline.STEPS[:1])
    run_night(store, Config(), say=said.append)
    assert [entry.command for entry in store.entries()] == ["echo old", "echo new"]
    assert "1 entries until 2021-" in said[0]
    known = open_learner(store).predictor.suggest("echo an", Context())
    assert "echo ancient" not in [each.command for each in known]


def test_nothing_goes_without_a_limit_or_at_a_dry_run(paths: Paths) -> None:
    store = Store.open(paths)
    store.record([typed("echo ancient", 8000), typed("echo new", 0)])
    run_night(store, Config(), dry_run=True)
    run_night(store, Config(retention=RetentionConfig(0, 0)))
    assert len(store.entries()) == 2


def test_settings_below_zero_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"retention\.days must be 0 or more"):
        RetentionConfig(days=-1)
