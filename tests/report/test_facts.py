"""report/facts.py: what is counted, counted once more in another way."""

from __future__ import annotations

import time
from collections import Counter
from datetime import date

import numpy as np

from delta_learn.collector.never import add_never
from delta_learn.collector.pause import pause
from delta_learn.collector.store import Store
from delta_learn.collector.teaching import teach
from delta_learn.config import Config
from delta_learn.entry import CommandEntry
from delta_learn.evaluation import gate
from delta_learn.evaluation.result import Commands, MethodScores, ReplayResult
from delta_learn.nightly import steps
from delta_learn.nightly.night import Night
from delta_learn.paths import Paths
from delta_learn.registry import ModelFile, Registry
from delta_learn.report.facts import read_facts
from delta_learn.report.models import Band, Rival
from delta_learn.trainer.personal import PersonalModel
from delta_learn.trainer.progress import TrainResult

NOW = 1_767_225_600.0


def test_commands_are_counted_by_their_week(filled: Store, paths: Paths) -> None:
    facts = read_facts(paths, NOW)
    weeks: Counter[tuple[str, str]] = Counter()
    for entry in filled.entries():
        if entry.source != "feedback":
            weeks[time.strftime("%G-%V", time.localtime(entry.timestamp)), entry.source] += 1
    assert facts.growth is not None
    assert facts.growth.calendar.unit == "week"
    for start, recorded, imported in zip(
        facts.growth.calendar.starts, facts.growth.recorded, facts.growth.imported, strict=True
    ):
        week = start.strftime("%G-%V")
        assert (recorded, imported) == (weeks[week, "typed"], weeks[week, "imported"])
    assert sum(facts.growth.recorded) + sum(facts.growth.imported) == weeks.total() == facts.status.dataset_size
    days = {time.strftime("%F", time.localtime(e.timestamp)) for e in filled.entries()}
    assert (facts.growth.days, str(facts.first), str(facts.last)) == (len(days), min(days), max(days))


def test_savings_are_what_the_feedback_says(filled: Store, paths: Paths) -> None:
    facts = read_facts(paths, NOW)
    said = [entry for entry in filled.entries() if entry.source == "feedback"]
    events = Counter(entry.command for entry in said)
    assert facts.savings is not None
    total = facts.savings.total
    assert (total.shown, total.whole, total.part) == (len(said), events["accepted"], events["part"])
    assert total.saved == sum(int(entry.environment["DELTA_SAVED"]) for entry in said) > 0
    assert sum(counts.saved for counts in facts.savings.counts) == total.saved
    assert sum(counts.shown for counts in facts.savings.counts) == total.shown


def test_habits_and_repeats_are_those_of_typed_lines(filled: Store, paths: Paths) -> None:
    teach(filled, "make", "make test")
    facts = read_facts(paths, NOW)
    typed = [e for e in filled.entries() if e.source in ("typed", "imported")]
    assert facts.typed == len(typed)
    assert facts.repeated == sum(n - 1 for n in Counter(e.command for e in typed).values())
    habit = facts.habits[0]
    last: dict[str, str] = {}
    after: list[str] = []
    for entry in typed:
        if last.get(entry.session) == habit.before:
            after.append(entry.command)
        last[entry.session] = entry.command
    assert (after.count(habit.then), len(after)) == (habit.times, habit.of)
    add_never(filled, habit.then)
    assert habit not in read_facts(paths, NOW).habits


def test_times_that_cannot_be_right_are_left_out(paths: Paths) -> None:
    store = Store.open(paths)
    moments = (1e9, None, 0.0, NOW + 1e7)
    store.add(
        [CommandEntry(f"ls {n}", timestamp=moment, sequence=n) for n, moment in enumerate(moments)], fallback_time=1e9
    )
    facts = read_facts(paths, NOW)
    assert facts.untimed == 3
    assert (facts.first, facts.last) == (date.fromtimestamp(1e9), date.fromtimestamp(1e9))
    assert facts.growth is not None
    assert (facts.growth.recorded, facts.growth.imported) == ((1,), (0,))


def test_nothing_is_there_before_anything_happened(paths: Paths) -> None:
    facts = read_facts(paths)
    assert (facts.growth, facts.savings, facts.models, facts.rivals, facts.habits) == (None, None, [], [], [])
    assert (facts.first, facts.last, facts.untimed, facts.typed) == (None, None, 0, 0)


def test_models_are_those_of_the_registry(filled: Store, paths: Paths) -> None:
    facts = read_facts(paths, NOW)
    assert [(m.version, m.passed, m.deployed) for m in facts.models] == [
        ("delta_model_0", True, True),
        ("delta_model_1", False, False),
    ]
    assert facts.models[1].reasons == ("Reason 1.",)
    assert facts.models[1].gain == Band(0.16, 0.13, 0.19)
    assert facts.rivals[0] == Rival("this model", 0.68, None)
    assert facts.rivals[2] == Rival("Atuin", 0.49, Band(0.16, 0.13, 0.19))


def test_the_pause_is_said(paths: Paths) -> None:
    pause(paths)
    assert read_facts(paths).status.paused


def scores(keys: int) -> MethodScores:
    column, hit = np.full(400, keys), np.ones(400, np.bool_)
    return MethodScores(column, column, column, column, hit, hit, ~hit, np.full(400, np.nan), np.arange(101.0))


def test_a_night_keeps_what_each_method_saved(paths: Paths) -> None:
    store = Store.open(paths)
    night = Night(store, Registry(paths, store.keyring), Config(), nightly=False)
    chars = np.full(400, 10)
    commands = Commands(chars, chars + 1, np.arange(400) // 10, np.ones(400, np.bool_))
    night.replay = ReplayResult(commands, {"delta": scores(2), "deployed": scores(4), "atuin": scores(5)})
    night.personal = PersonalModel(ModelFile({}, b"t", b"w"), TrainResult(1, 1, 1, 1.0, 1.0, "done"), 1)
    night.split = steps.split_by_time([], 1)
    given = gate.GateInput.from_replay(
        night.replay, candidate="delta", deployed="deployed", model_mb=1.0, canary_failures=0, redaction_failures=0
    )
    night.decision = gate.decide(given, Config().gate)
    steps.deploy_or_keep(night)
    rivals = read_facts(paths).rivals
    assert [(rival.label, rival.saved) for rival in rivals] == [
        ("this model", 0.8), ("what predicted before", 0.6), ("Atuin", 0.5)
    ]  # fmt: skip
    assert rivals[0].gain is None
    assert rivals[2].gain is not None
    assert np.allclose((rivals[2].gain.mean, rivals[2].gain.low, rivals[2].gain.high), 0.3)
