"""serving/prediction.py: the cached predictor and the present context."""

from __future__ import annotations

import pytest

from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.errors import MissingDependencyError, ModelError
from delta_learn.paths import Paths
from delta_learn.predictor.context import Context
from delta_learn.predictor.documentation import documentation
from delta_learn.predictor.suggest import Predictor
from delta_learn.registry import ModelFile, ModelRecord, Registry
from delta_learn.serving import prediction
from delta_learn.serving.prediction import deployed_expert, open_predictor, present_context


def work(count: int) -> list[CommandEntry]:
    commands = ["npm ci", "make", "git add -A", "git commit -m wip", "git push", "make test"]
    return [
        CommandEntry(commands[i % 6], timestamp=1e9 + 60 * i, session="s", sequence=i, directory="/srv")
        for i in range(count)
    ]


def lines(predictor: Predictor) -> list[tuple[str, float]]:
    context = Context(previous=tuple(work(30)), directory="/srv", timestamp=1e9 + 1800, session="s")
    return [(s.command, round(s.probability, 9)) for s in predictor.suggest("", context, 5)]


def test_the_cache_is_brought_up_to_date_and_equals_a_fresh_predictor(paths: Paths) -> None:
    store = Store.open(paths)
    store.add(work(20))
    open_predictor(store)
    cache = paths.state / "predictor.bin"
    before = cache.read_bytes()
    store.add(work(30))
    assert lines(open_predictor(store)) == lines(Predictor.from_entries(work(30), documentation=documentation()))
    assert cache.read_bytes() != before
    after = cache.read_bytes()
    open_predictor(store)
    assert cache.read_bytes() == after


def test_a_damaged_cache_is_rebuilt(paths: Paths) -> None:
    store = Store.open(paths)
    store.add(work(30))
    open_predictor(store)
    cache = paths.state / "predictor.bin"
    data = bytearray(cache.read_bytes())
    data[-20] ^= 1
    cache.write_bytes(data)
    assert lines(open_predictor(store)) == lines(Predictor.from_entries(work(30), documentation=documentation()))


def test_a_cache_of_another_history_is_not_used(paths: Paths) -> None:
    store = Store.open(paths)
    store.add(work(30))
    open_predictor(store)
    for shard in store.files():
        shard.unlink()
    store.add([CommandEntry("ls", timestamp=1e9)])
    found = [line for line, _ in lines(open_predictor(store))]
    assert found[0] == "ls"
    assert "npm ci" not in found


def test_the_present_context_is_that_after_the_last_command() -> None:
    entries = work(30)
    context = present_context(entries, None, None, here="/tmp")
    assert [e.command for e in context.previous][-1] == "make test"
    assert (context.directory, context.session, context.timestamp) == ("/srv", "s", entries[-1].timestamp)
    assert present_context(entries, "/var", None, here="/tmp").directory == "/var"
    assert present_context([], None, None, here="/tmp").directory == "/tmp"


def test_given_commands_replace_the_recorded_ones() -> None:
    context = present_context(work(30), None, ["make", "ls"], here="/tmp")
    assert [e.command for e in context.previous] == ["make", "ls"]
    assert context.directory == "/tmp"


def test_a_refused_model_is_said_and_the_next_older_one_takes_part(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.open(paths)
    registry = Registry(paths, store.keyring)
    for version in ("delta_model_1", "delta_model_2", "delta_model_3"):
        registry.save_model(ModelRecord(version, 1.0), ModelFile({"version": version}, b"", b""))
        registry.deploy(version)
    registry.path("delta_model_3").write_bytes(b"torn")

    def expert(model: ModelFile, engine: str) -> str:
        if model.meta["version"] == "delta_model_2":
            raise ModelError("It is of another time.")
        return f"{model.meta['version']} in {engine}"

    monkeypatch.setattr(prediction, "neural_expert", expert)
    said: list[str] = []
    assert deployed_expert(store, said.append) == ("delta_model_1 in auto", "delta_model_1")
    (line,) = said
    assert "delta_model_3.bin" in line
    assert line.endswith("Until then delta_model_1 predicts.")
    registry.path("delta_model_1").unlink()
    assert deployed_expert(store, said.append) == (None, "")
    assert said[1].endswith("predictions come from your history alone.")


def test_a_package_that_is_missing_refuses_no_model(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store.open(paths)
    registry = Registry(paths, store.keyring)
    registry.save_model(ModelRecord("delta_model_1", 1.0), ModelFile({}, b"", b""))
    registry.deploy("delta_model_1")

    def expert(model: ModelFile, engine: str) -> None:
        raise MissingDependencyError("torch is missing.")

    monkeypatch.setattr(prediction, "neural_expert", expert)
    with pytest.raises(MissingDependencyError):
        deployed_expert(store)
