"""Learner: everything is learned once, from the spool or from a shard; what was rewritten is learned anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.errors import LockHeldError
from delta_learn.predictor.suggest import Predictor
from delta_learn.serving import learner as module
from delta_learn.serving.learner import Learner, open_learner
from delta_learn.serving.manners import Manners
from delta_learn.storage.lock import exclusive
from tests.serving.conftest import work

pytestmark = pytest.mark.usefixtures("no_documentation")


def lines(learner: Learner) -> list[tuple[str, float]]:
    context = learner.timeline.context("s", "/srv", 2e9)
    return [(each.command, round(each.probability, 9)) for each in learner.predictor.suggest("", context, 5)]


def expected(entries: list[CommandEntry]) -> list[tuple[str, float]]:
    """What a predictor says that has seen the entries and nothing else."""
    learner = Learner(None, Predictor.from_entries(entries), Manners(), {}, entries)  # type: ignore[arg-type]
    return lines(learner)


def test_a_new_learner_has_seen_the_store(store: Store) -> None:
    store.record(work(20))
    assert lines(open_learner(store)) == expected(work(20))


def test_what_comes_to_the_shards_is_learned_once(store: Store) -> None:
    store.record(work(20))
    learner = open_learner(store)
    store.record(work(5, first=20))
    assert learner.catch_up()
    assert learner.catch_up()
    assert lines(learner) == expected(work(25))


def test_what_was_taken_from_the_spool_is_not_learned_again_from_the_shard(store: Store) -> None:
    store.record(work(20))
    learner = open_learner(store)
    assert learner.take(work(5, first=20)) == 5
    assert learner.take(work(5, first=20)) == 0
    before = lines(learner)
    store.record(work(5, first=20))
    assert learner.catch_up()
    assert lines(learner) == before == expected(work(25))
    assert learner.take(work(5, first=20)) == 0, "it is still in the spool, whose drain was killed"


def test_a_saved_learner_goes_on_where_it_was(store: Store) -> None:
    store.record(work(20))
    learner = open_learner(store)
    assert learner.unsaved == 20
    assert learner.save()
    store.record(work(5, first=20))
    again = open_learner(store)
    assert again.unsaved == 5, "it was read, not made anew"
    assert lines(again) == expected(work(25))


def test_what_no_shard_holds_yet_is_not_saved(store: Store) -> None:
    store.record(work(20))
    learner = open_learner(store)
    learner.take(work(1, first=20))
    assert not learner.save()
    assert not store.paths.predictor.exists()
    store.record(work(1, first=20))
    assert learner.catch_up()
    assert learner.save()


def test_what_was_forgotten_is_learned_no_more_and_never_saved_again(store: Store) -> None:
    store.record(work(20))
    learner = open_learner(store)
    learner.save()
    store.forget(lambda entry: entry.command == "make")
    assert not learner.save()
    assert not store.paths.predictor.exists()
    assert not learner.catch_up()
    kept = [entry for entry in work(20) if entry.command != "make"]
    assert lines(open_learner(store)) == expected(kept)


def test_a_whole_history_that_is_imported_is_learned_in_its_own_order(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ANEW", 10)
    store.record(work(20))
    learner = open_learner(store)
    store.record(work(11, session="old"))
    assert not learner.catch_up()


@pytest.mark.parametrize("place", [10, -20])
def test_a_damaged_file_is_made_anew(store: Store, place: int) -> None:
    store.record(work(20))
    open_learner(store).save()
    path: Path = store.paths.predictor
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    learner = open_learner(store)
    assert learner.unsaved == 20
    assert lines(learner) == expected(work(20))


def test_saving_waits_for_who_writes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WAIT_SECONDS", 0.0)
    store.record(work(20))
    learner = open_learner(store)
    with exclusive(store.paths.lock, "delta-learn forget"), pytest.raises(LockHeldError):
        learner.save()


def test_the_prompt_follows_what_was_saved(store: Store) -> None:
    store.record(work(20))
    open_learner(store).save()
    context = open_learner(store).timeline.context("s", "/srv", 2e9)
    assert [entry.command for entry in context.previous] == [entry.command for entry in work(20)]
