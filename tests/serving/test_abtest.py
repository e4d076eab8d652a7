"""AbTest: two models at one prompt, who is shown, what decides, and what becomes of it."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from delta_learn.collector.store import Store
from delta_learn.errors import LockHeldError, UnsafeFileError
from delta_learn.predictor.context import Context
from delta_learn.predictor.suggest import Predictor
from delta_learn.predictor.suggestion import Suggestion
from delta_learn.registry import ModelFile, ModelRecord, Registry
from delta_learn.serving import prediction
from delta_learn.serving.abtest import AbTest, Ballot, keep, running_test
from delta_learn.serving.service import Service
from delta_learn.serving.tact import Judged
from delta_learn.storage.lock import exclusive
from tests.collector.conftest import FakeShell
from tests.serving.conftest import work
from tests.serving.test_service import ask, finish_chores

OLD, NEW = "delta_model_1", "delta_model_2"
SEED = "00" * 16
Prepare = Callable[..., Service]


class Words:
    """A neural expert that finds one line probable."""

    name = "neural"
    last_resort = False

    def __init__(self, line: str) -> None:
        self.line = line
        self.asked = 0

    def prepare(self, context: Context) -> None: ...

    def propose(self, prefix: str, context: Context, count: int) -> list[tuple[str, float]]:
        self.asked += 1
        return [(self.line, -0.1)] if self.line.startswith(prefix) and self.line != prefix else []

    def log_probabilities(
        self, lines: Sequence[str], context: Context, *, among: str | None = None
    ) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        self.asked += 1
        return np.array([-0.1 if line == self.line else -20.0 for line in lines])

    def log_prefix(self, prefix: str, context: Context) -> float:
        return -0.1 if self.line.startswith(prefix) else -20.0

    def log_beginnings(self, texts: Sequence[str], context: Context) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.array([self.log_prefix(text, context) for text in texts])

    def novelty(self, context: Context) -> float:
        return 0.0


def registry(store: Store) -> Registry:
    return Registry(store.paths, store.keyring)


@pytest.fixture
def models(store: Store) -> Registry:
    """One deployed, one that challenges it; the setting is on."""
    found = registry(store)
    for version in (OLD, NEW):
        found.save_model(ModelRecord(version, 1.0), ModelFile({"version": version}, b"", b""))
    found.deploy(OLD)
    found.challenge(NEW)
    store.paths.config.write_text(json.dumps({"ab": {"enabled": True}}))
    return found


def judged(text: str, marks: str = "s") -> Judged:
    return Judged(text, marks, 0.5, "history")


def shown(ballot: Ballot, line: str, deployed: list[Judged], challenger: list[Judged]) -> list[Judged]:
    found = ballot.choose(line, deployed, challenger)
    ballot.ask(line)
    return found


def test_the_coin_is_fair_and_one_prompt_has_one() -> None:
    test = AbTest(OLD, NEW, SEED)
    thrown = [test.coin("s", 1e9 + second) for second in range(2_000)]
    assert 900 <= sum(thrown) <= 1_100, "standard deviation 22"
    assert thrown == [replace(test).coin("s", 1e9 + second) for second in range(2_000)]
    assert sum(a != b for a, b in itertools.pairwise(thrown)) > 900, "prompts do not depend on each other"
    assert [test.coin(f"s{n}", 1e9) for n in range(64)] != [test.coin("s", 1e9)] * 64
    assert [AbTest(OLD, NEW, "01" * 16).coin("s", 1e9 + second) for second in range(64)] != thrown[:64]


def test_both_models_are_shown_where_they_disagree_and_the_deployed_one_where_not() -> None:
    test, seen = AbTest(OLD, NEW, SEED), set()
    for moment in range(64):
        ballot = Ballot(test, "s", float(moment))
        first = [shown(ballot, line, [judged("old")], [judged("new")])[0].text for line in ("", "o", "n")]
        assert len(set(first)) == 1, "one model for the whole prompt"
        seen |= set(first)
        same = judged("same")
        assert shown(ballot, "s", [same, judged("old")], [replace(same, probability=0.1)])[0] is same
    assert seen == {"old", "new"}


@pytest.mark.parametrize(
    ("deployed", "challenger", "executed", "won"),
    [
        (judged("git push"), judged("git pull"), "git pull", True),
        (judged("git push"), judged("git pull"), "git push", False),
        (judged("git push"), judged("git pull"), "ls", None),
        (judged("git push"), judged("git pull"), "git pull --rebase", None),
        (judged("git push"), judged("git pu", "sp"), "git pull", True),
        (judged("git pu", "sp"), judged("git checkout"), "git pull", False),
        (judged("git pull"), judged("git pu", "sp"), "git pull", None),
        (judged("git push"), judged("git push"), "git push", None),
        (None, judged("git pull", ""), "git pull", True),
        (judged("git pull"), None, "git pull", False),
        (None, None, "git pull", None),
    ],
)
def test_exactly_one_must_lead_to_what_was_executed(
    deployed: Judged | None, challenger: Judged | None, executed: str, won: bool | None
) -> None:
    ballot = Ballot(AbTest(OLD, NEW), "s", 1.0)
    shown(ballot, "g", [deployed] if deployed else [], [challenger] if challenger else [])
    assert ballot.won(executed) is won


def test_the_first_line_that_decides_counts_and_what_nobody_saw_does_not() -> None:
    ballot = Ballot(AbTest(OLD, NEW), "s", 1.0)
    ballot.choose("m", [judged("make a")], [judged("make b")])
    assert ballot.won("make a") is None, "it was only prepared"
    shown(ballot, "ma", [judged("make x")], [judged("make y")])
    shown(ballot, "mak", [judged("make x")], [judged("make a")])
    shown(ballot, "make", [judged("make a")], [judged("make z")])
    assert ballot.won("make a") is True
    ballot.choose("mak", [judged("make x")], [judged("make x")])
    assert ballot.won("make a") is False, "what is worked out anew takes the place of what was"


def test_what_is_kept_comes_back_and_is_of_one_pair(store: Store, models: Registry) -> None:
    test = running_test(models)
    assert test is not None
    assert (test.deployed, test.challenger, test.wins, test.losses) == (OLD, NEW, 0, 0)
    for won in (True, False, True):
        test.count(won=won)
    assert keep(store, test) == "open"
    assert running_test(registry(store)) == test
    assert (test.wins, test.losses) == (2, 1)
    text = store.paths.abtest.read_text()
    assert set(json.loads(text)) == {"deployed", "challenger", "seed", "since", "wins", "losses"}
    models.save_model(ModelRecord("delta_model_3", 1.0), ModelFile({}, b"", b""))
    models.challenge("delta_model_3")
    other = running_test(models)
    assert other is not None
    assert (other.challenger, other.wins) == ("delta_model_3", 0)
    assert other.seed != test.seed


@pytest.mark.parametrize("text", ["{", "[]", '{"deployed": 1}', "wins", "many", "seed", "later"])
def test_what_is_damaged_is_counted_anew(store: Store, models: Registry, text: str) -> None:
    test = AbTest(OLD, NEW, wins=3)
    keep(store, test)
    changes = {
        "wins": {"wins": -1}, "many": {"losses": 10**9}, "seed": {"seed": "xy"}, "later": {"since": time.time() + 1e6}
    }  # fmt: skip
    if text in changes:
        text = json.dumps(json.loads(store.paths.abtest.read_text()) | changes[text])
    store.paths.abtest.write_text(text)
    found = running_test(models)
    assert found is not None
    assert found.wins == 0


def test_a_file_that_others_may_write_decides_nothing(store: Store, models: Registry) -> None:
    keep(store, AbTest(OLD, NEW))
    store.paths.abtest.chmod(0o666)
    with pytest.raises(UnsafeFileError):
        running_test(models)


def test_no_challenger_no_test(store: Store) -> None:
    assert running_test(registry(store)) is None


def test_a_challenger_that_wins_is_deployed_and_can_be_rolled_back(store: Store, models: Registry) -> None:
    test = AbTest(OLD, NEW, wins=12, losses=1)
    assert test.evidence[0] > 20
    assert keep(store, test) == "better"
    after = registry(store)
    assert (after.deployed, after.challenger) == (NEW, None)
    assert after.find(NEW).trial["outcome"] == "better"
    assert (after.find(NEW).trial["wins"], after.find(NEW).trial["against"]) == (12, OLD)
    assert after.rollback() == OLD


def test_a_challenger_that_loses_goes_by_itself(store: Store, models: Registry) -> None:
    assert keep(store, AbTest(OLD, NEW, wins=1, losses=12)) == "worse"
    after = registry(store)
    assert (after.deployed, after.challenger) == (OLD, None)
    assert after.find(NEW).trial["outcome"] == "worse"


def test_what_is_not_decided_in_time_ends_with_the_deployed_one(store: Store, models: Registry) -> None:
    month = 31 * 86_400
    assert AbTest(OLD, NEW, wins=5, losses=5).verdict(time.time(), 30.0) == "open"
    assert AbTest(OLD, NEW, wins=2_500, losses=2_500).verdict(time.time(), 30.0) == "undecided"
    assert AbTest(OLD, NEW, since=time.time() - month, wins=12).verdict(time.time(), 30.0) == "better"
    assert keep(store, AbTest(OLD, NEW, since=time.time() - month, wins=2)) == "undecided"
    after = registry(store)
    assert (after.deployed, after.challenger) == (OLD, None)


def test_where_another_was_deployed_meanwhile_nothing_is_decided(store: Store, models: Registry) -> None:
    models.rollback()
    assert keep(store, AbTest(OLD, NEW, wins=12)) == "open"
    assert registry(store).deployed is None
    assert not store.paths.abtest.exists()


def test_a_winner_that_is_damaged_is_not_deployed(store: Store, models: Registry) -> None:
    models.path(NEW).write_bytes(b"torn")
    assert keep(store, AbTest(OLD, NEW, wins=12)) == "better"
    after = registry(store)
    assert (after.deployed, after.challenger) == (OLD, None)


def test_while_another_writes_it_waits_and_then_says_so(
    store: Store, models: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("delta_learn.serving.abtest._WAIT_SECONDS", 0.01)
    with exclusive(store.paths.lock, "test"), pytest.raises(LockHeldError):
        keep(store, AbTest(OLD, NEW, wins=12))
    assert registry(store).deployed == OLD


@pytest.fixture
def experts(monkeypatch: pytest.MonkeyPatch) -> dict[str, Words]:
    """By version: what its model suggests, `make old` and `make new`."""
    found = {OLD: Words("make old"), NEW: Words("make new")}
    monkeypatch.setattr(prediction, "neural_expert", lambda model, engine: found[model.meta["version"]])
    return found


@pytest.fixture
def serve(store: Store, no_documentation: None, experts: dict[str, Words]) -> Iterator[Prepare]:
    """Start a server's service on the store, as often as asked; prompts are a second apart."""
    begun: list[Service] = []
    store.record(work(30))
    clock = iter(range(2_000_000_000, 2_100_000_000))

    def begin() -> Service:
        service = Service(store, clock=lambda: float(next(clock)))
        finish_chores(service)
        begun.append(service)
        return service

    yield begin
    for service in begun:
        service.close()


@dataclass
class Person:
    """Types two letters, looks, and then executes what one of the models would have said."""

    shell: FakeShell
    experts: dict[str, Words]
    typed: int = 0

    def prompt(self, service: Service, right: str) -> str:
        """One prompt at which `right` is right; the version whose suggestion was shown."""
        begun = "".join(chr(ord("A") + digit) for digit in divmod(self.typed, 26))  # nobody typed that before
        self.typed += 1
        for version, word in ((OLD, "old"), (NEW, "new")):
            self.experts[version].line = f"{begun}zap{word}"
        ask(service, self.shell.session, "P", "/srv")
        first, later = (ask(service, self.shell.session, "Q", "/srv", line)[0] for line in (begun, f"{begun}za"))
        assert first == later, "one prompt, one coin"
        self.shell.run(self.experts[right].line)
        return next(version for version, expert in self.experts.items() if expert.line == first)


@pytest.fixture
def person(store: Store, experts: dict[str, Words]) -> Person:
    return Person(FakeShell(store.paths.spool), experts)


def test_at_the_prompt_both_are_shown_and_the_one_that_is_always_right_is_deployed(
    store: Store, models: Registry, serve: Prepare, person: Person
) -> None:
    service, first = serve(), set()
    for number in range(40):
        first.add(person.prompt(service, right=NEW))
        service.chores.wait()
        if number == 2:  # what was counted survives the server; the third prompt is not over and is not
            service.close()
            service = serve()
            assert service.chores.test is not None
            assert service.chores.test.wins == 2
        if registry(store).deployed == NEW:
            break
    assert first == {OLD, NEW}
    after = registry(store)
    assert (after.deployed, after.challenger) == (NEW, None)
    assert (after.find(NEW).trial["wins"], after.find(NEW).trial["losses"]) == (7, 0), "the third was lost"
    ask(service, person.shell.session, "P", "/srv")
    finish_chores(service)
    assert service.chores.version == NEW
    assert service.chores.test is None
    assert service.learner is not None
    assert service.learner.predictor.rival is None


def test_the_one_that_is_never_right_is_dropped(store: Store, models: Registry, serve: Prepare, person: Person) -> None:
    service = serve()
    for _ in range(40):
        person.prompt(service, right=OLD)
        service.chores.wait()
        if registry(store).challenger is None:
            break
    after = registry(store)
    assert (after.deployed, after.challenger) == (OLD, None)
    assert after.find(NEW).trial["wins"] == 0


def test_neither_is_right_and_nothing_is_counted(
    store: Store, models: Registry, serve: Prepare, person: Person
) -> None:
    service = serve()
    for number in range(5):
        person.prompt(service, right=OLD)
        person.shell.run(f"ls {number}")
    assert service.chores.test is not None
    assert (service.chores.test.wins, service.chores.test.losses) == (0, 4), "the line after it was not typed there"


def test_the_setting_is_off_and_costs_nothing(store: Store, models: Registry, serve: Prepare, person: Person) -> None:
    store.paths.config.write_text("{}")
    service = serve()
    assert {person.prompt(service, right=NEW) for _ in range(12)} == {OLD}
    assert person.experts[NEW].asked == 0
    assert service.learner is not None
    assert service.learner.predictor.rival is None
    assert not store.paths.abtest.exists()


def test_the_setting_counts_from_the_next_prompt_on(store: Store, models: Registry, serve: Prepare) -> None:
    store.paths.config.write_text("{}")
    service, shell = serve(), FakeShell(store.paths.spool)
    for settings, running in (({"ab": {"enabled": True}}, True), ({}, False)):
        store.paths.config.write_text(json.dumps(settings))
        ask(service, shell.session, "P", "/srv")
        finish_chores(service)
        assert (service.chores.test is not None) is running
        assert service.learner is not None
        assert (service.learner.predictor.rival is not None) is running


def test_a_first_model_is_tried_against_none(store: Store, models: Registry, serve: Prepare) -> None:
    models.rollback()
    models.challenge(NEW)
    service = serve()
    assert service.chores.version == ""
    assert service.chores.test is not None
    assert service.chores.test.deployed is None
    assert service.learner is not None
    assert service.learner.predictor.experts == ["history", "ngram"]
    rival = service.learner.predictor.rival
    assert rival is not None
    assert rival.experts == ["history", "ngram", "neural"]


def test_where_the_deployed_model_is_damaged_the_older_one_predicts_and_nothing_is_tried(
    store: Store, models: Registry, serve: Prepare, experts: dict[str, Words]
) -> None:
    models.save_model(ModelRecord("delta_model_3", 1.0), ModelFile({"version": "delta_model_3"}, b"", b""))
    models.deploy("delta_model_3")
    models.challenge(NEW)
    models.path("delta_model_3").write_bytes(b"torn")
    service = serve()
    assert service.chores.version == OLD
    assert service.chores.test is None


def test_a_damaged_challenger_rests(store: Store, models: Registry, serve: Prepare) -> None:
    models.path(NEW).write_bytes(b"torn")
    service = serve()
    assert service.chores.version == OLD
    assert service.chores.test is None


def test_a_rival_differs_in_its_model_and_its_weight_only() -> None:
    predictor = Predictor.from_entries(work(60), Words("make old"))  # type: ignore[arg-type]
    alone = Predictor.from_entries(work(60), Words("make old"))  # type: ignore[arg-type]
    predictor.challenge(Words("make new"))  # type: ignore[arg-type]
    context = Context(directory="/srv")
    (entry,) = work(1, first=60)
    for each in (predictor, alone):
        each.observe(replace(entry, command="make new"), context)
    rival = predictor.rival
    assert rival is not None
    asked: list[tuple[Predictor, Predictor]] = [(predictor, alone)]
    for mine, other in asked:
        assert texts(mine.suggest("mak", context)) == texts(other.suggest("mak", context)), "it is as without a rival"
    assert list(predictor.to_records()) == list(alone.to_records())
    weights = [each.panel.mixture.to_record()["neural"] for each in (predictor, rival)]
    assert weights[1] > weights[0], "its model was right"
    predictor.never = {"make new"}
    assert "make new" not in [line for line, _ in texts(rival_of(predictor).suggest("mak", context))]


def rival_of(predictor: Predictor) -> Predictor:
    assert predictor.rival is not None
    return predictor.rival


def texts(suggestions: Sequence[Suggestion]) -> list[tuple[str, float]]:
    return [(each.command, round(each.probability, 9)) for each in suggestions]
