"""A night that waits: the same weights, whatever it waited for, and where the next one goes on."""

from __future__ import annotations

import dataclasses
import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import torch

from delta_learn.collector.store import Store
from delta_learn.config import Config, DatasetConfig, NightConfig, TokenizerConfig, TrainConfig
from delta_learn.dataset.split import Split
from delta_learn.dataset.windows import Dataset
from delta_learn.entry import CommandEntry, Session
from delta_learn.evaluation.gate import GateDecision
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.weights import weights_to_bytes
from delta_learn.nightly import pipeline, steps, unfinished
from delta_learn.nightly.machine import Machine
from delta_learn.nightly.night import Night
from delta_learn.nightly.pipeline import run_night
from delta_learn.nightly.watch import Watch, WindowOverError
from delta_learn.paths import Paths
from delta_learn.registry import ModelFile, Registry
from delta_learn.storage.seal import Keyring
from delta_learn.storage.shards import TokenRun
from delta_learn.trainer import personal
from delta_learn.trainer.checkpoint import CheckpointStore
from delta_learn.trainer.loop import Trainer
from delta_learn.trainer.personal import PersonalModel
from delta_learn.trainer.progress import Rest, TrainResult
from tests.nightly.conftest import Tree

Save = Callable[[], None]
TRAIN = TrainConfig(max_epochs=3, row_tokens=16, batch_rows=3, threads=1, checkpoint_seconds=1e9, patience=1)


def dataset(sessions: int, seed: int) -> Dataset:
    draw = np.random.default_rng(seed)
    ids = [(draw.integers(20) + np.arange(20)) % 20 for _ in range(sessions)]
    ones = np.ones(20, "<f2").tobytes()
    runs = [TokenRun("s", None, 1, False, False, i.astype("<u2").tobytes(), ones) for i in ids]
    return Dataset(runs, row_tokens=16, seed=seed, pad=0)


@dataclasses.dataclass
class Run:
    weights: bytes
    steps: list[int]
    rests: int


def train(rest: Rest = lambda _: None, store: CheckpointStore | None = None, made: list[int] | None = None) -> Run:
    """A small run that asks for a rest before each of 18 steps and of the 2 batches of its 4 evaluations."""
    made, rests = [] if made is None else made, 0

    def counted(save: Save) -> None:
        nonlocal rests
        rests += 1
        rest(save)

    torch.manual_seed(0)
    model = DeltaModel(DeltaModelConfig(block_size=16, vocab_size=20, n_layer=1, n_head=2, n_embed=16, dropout=0.2))
    trainer = Trainer(
        model, TRAIN, dataset(9, 0), dataset(3, 1),
        checkpoint=store, on_step=lambda progress: made.append(progress.step), rest=counted,
    )  # fmt: skip
    trainer.fit()
    return Run(weights_to_bytes(model), made, rests)


@pytest.fixture(scope="module")
def whole() -> Run:
    """Nobody came."""
    return train()


def store(root: Path) -> CheckpointStore:
    return CheckpointStore(root, Keyring(b"k" * 32), "night")


def test_steps_and_evaluations_ask(whole: Run) -> None:
    """All steps are made although one evaluation that is no better, or is counted twice, would end the run."""
    assert whole.steps == list(range(1, 19))
    assert whole.rests == 2 * len(whole.steps) + 4 * 2


def test_left_at_any_moment_it_goes_on_there_and_ends_the_same(whole: Run, tmp_path: Path) -> None:
    """The night ends at the nth time that it asks; the next process goes on from the checkpoint."""
    for last in range(whole.rests):
        kept, made, asked = store(tmp_path / str(last)), list[int](), iter(range(whole.rests))

        def rest(save: Save, last: int = last, asked: object = asked) -> None:
            if next(asked) == last:  # type: ignore[call-overload]
                save()
                raise WindowOverError("over")

        with pytest.raises(WindowOverError):
            train(rest, kept, made)
        resumed = train(store=kept, made=made)
        assert resumed.weights == whole.weights
        assert resumed.steps == whole.steps


def test_a_pause_at_any_moment_changes_nothing(whole: Run, tree: Tree, tmp_path: Path) -> None:
    """The battery is used again and again; each time the run is saved, waits, and goes on."""
    now, kept = 0.0, store(tmp_path)
    saved: list[int] = []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        tree.battery("Charging", 1)

    machine = Machine(tree.root, lambda: 0.0)
    watch = Watch(machine, Config(), tmp_path / "spool", clock=lambda: now, sleep=sleep)

    def rest(save: Save) -> None:
        nonlocal now
        now += 1
        tree.battery("Discharging")

        def counted() -> None:
            save()
            found = kept.load()
            assert found is not None
            saved.append(found.facts["state"]["step"])

        watch.rest(counted)

    paused = train(rest, kept)
    assert paused.weights == whole.weights
    assert len(saved) == whole.rests
    assert sorted(set(saved)) == list(range(len(whole.steps) + 1))


LOOP = """
import os, sys, time
file, ticks = sys.argv[1], os.sysconf("SC_CLK_TCK")
while True:
    until = time.process_time() + 0.02
    while time.process_time() < until:
        pass
    with open(file + ".new", "w") as new:
        print("cpu", int(time.process_time() * ticks), *[0] * 9, file=new)
        print("cpu0", "cpu1", sep=chr(10), file=new)
    os.replace(file + ".new", file)
"""


def test_a_real_busy_loop_makes_it_wait_until_it_is_killed(whole: Run, tree: Tree, tmp_path: Path) -> None:
    """The load is that process's real work; the rest of the machine's is kept out of the test."""
    said, loops = list[str](), list[subprocess.Popen[bytes]]()

    def say(text: str) -> None:
        said.append(text)
        if "waits" in text:
            loops[0].kill()

    config = Config(night=NightConfig(max_load=0.02, calm_seconds=0.1))
    watch = Watch(Machine(tree.root, lambda: 0.0), config, tmp_path / "spool", say=say)

    def rest(save: Save) -> None:
        if not loops:
            loops.append(subprocess.Popen([sys.executable, "-c", LOOP, str(tree.root / "proc/stat")]))
            while not said:
                watch.rest(save)

    assert train(rest, store(tmp_path)).weights == whole.weights
    assert said[0].startswith("The night waits: others use ")
    assert said[1:] == ["The night goes on."]
    assert loops[0].wait() < 0


def test_a_real_person_at_a_real_terminal_makes_it_wait(whole: Run, tree: Tree, tmp_path: Path) -> None:
    """What is typed is read by a program at the terminal, as shells do; then nobody types for long."""
    person, shell = pty.openpty()
    place, now, said = os.ttyname(shell), 0.0, list[str]()
    os.utime(place, (1e9, 1e9))
    (tree.root / "dev/pts/0").unlink()
    (tree.root / "dev/pts/0").symlink_to(place)

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        if now > 1000:
            os.utime(place, (1e9, 1e9))

    machine = Machine(tree.root, lambda: 0.0)
    watch = Watch(machine, Config(), tmp_path / "spool", say=said.append, clock=lambda: now, sleep=sleep)

    def rest(save: Save) -> None:
        nonlocal now
        now += 1
        if now == 5:
            os.write(person, b"ls\n")
            os.read(shell, 10)
        watch.rest(save)

    try:
        assert train(rest, store(tmp_path)).weights == whole.weights
    finally:
        os.close(person)
        os.close(shell)
    assert said == ["The night waits: somebody typed 0 min ago, 10 min must pass.", "The night goes on."]
    assert now > 1060


def entries(count: int) -> list[CommandEntry]:
    commands = ("git status", "make test", "ls -la", "vim notes.md")
    return [CommandEntry(commands[i % 4], timestamp=1e9 + i, session="s", sequence=i) for i in range(count)]


@pytest.fixture
def config(tree: Tree) -> Config:
    return Config(
        tokenizer=TokenizerConfig(vocab_size=512),
        dataset=DatasetConfig(rare_variants=0),
        train=TrainConfig(from_base=False, max_epochs=1, row_tokens=32, batch_rows=8, threads=1),
        night=NightConfig(root=str(tree.root)),
    )


def night_of(paths: Paths, config: Config, *, nightly: bool = True) -> Night:
    store = Store.open(paths)
    night = Night(store, Registry(paths, store.keyring), config, nightly=nightly)
    steps.check_conditions(night)
    assert night.skipped is None
    return night


def test_the_next_night_goes_on_with_the_entries_of_the_unfinished_one(paths: Paths, config: Config) -> None:
    Store.open(paths).add(entries(600))
    unfinished.note(night_of(paths, config))
    Store.open(paths).add(entries(700)[600:])
    assert night_of(paths, config).entries == entries(600)
    assert len(night_of(paths, config, nightly=False).entries) == 700
    unfinished.finish(night_of(paths, config))
    assert len(night_of(paths, config).entries) == 700


def test_other_entries_or_settings_begin_anew(paths: Paths, config: Config) -> None:
    Store.open(paths).add(entries(600))
    unfinished.note(night_of(paths, config))
    Store.open(paths).add([CommandEntry("imported", timestamp=5e8, session="old")])
    assert len(night_of(paths, config).entries) == 601
    unfinished.note(night_of(paths, config))
    Store.open(paths).add(entries(700)[600:])
    assert len(night_of(paths, config).entries) == 601
    other = dataclasses.replace(config, train=dataclasses.replace(config.train, seed=7))
    assert len(night_of(paths, other).entries) == 701


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"entries": "x", "digest": 1}'])
def test_a_note_that_cannot_be_read_is_none(paths: Paths, config: Config, content: str) -> None:
    Store.open(paths).add(entries(600))
    paths.checkpoints.mkdir()
    (paths.checkpoints / "night.json").write_text(content)
    assert len(night_of(paths, config).entries) == 600


def test_the_note_holds_no_commands(paths: Paths, config: Config) -> None:
    Store.open(paths).add(entries(600))
    unfinished.note(night_of(paths, config))
    (file,) = paths.checkpoints.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert "git" not in file.read_text()


def only(names: Sequence[str]) -> tuple[tuple[str, pipeline.Step], ...]:
    return tuple(step for step in pipeline.STEPS if step[0] in names)


def test_a_night_that_ends_in_training_is_gone_on_with(
    paths: Paths, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although more was typed meanwhile, the model is the one that the first night would have made."""
    monkeypatch.setattr(pipeline, "STEPS", only(["conditions", "split", "tokenizer", "train"]))
    monkeypatch.setattr(personal, "measure_speed", lambda *_, **__: 1e6)
    Store.open(paths).add(entries(640))
    whole = run_night(Store.open(paths), config, nightly=False).personal
    assert whole is not None
    unfinished.finish(night_of(paths, config))
    asked = iter(range(100))

    def rest(_: Watch, save: Save = lambda: None) -> None:
        if next(asked) == 7:
            save()
            raise WindowOverError("The night's 6 hours are over.")

    with monkeypatch.context() as patch:
        patch.setattr(Watch, "rest", rest)
        left = run_night(Store.open(paths), config, nightly=True)
    assert left.skipped == "The night's 6 hours are over."
    assert left.personal is None
    Store.open(paths).add(entries(900)[640:])
    steps_made: list[float] = []
    resumed = run_night(
        Store.open(paths), config, nightly=True, on_progress=lambda _, done, *__: steps_made.append(done)
    ).personal
    assert resumed is not None
    assert resumed.file.weights == whole.file.weights
    assert 1 < steps_made[0] < whole.result.steps


def test_only_a_nightly_run_waits(paths: Paths, config: Config, tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    def work(night: Night) -> None:
        tree.battery("Discharging")
        night.replayed(1, 2)
        night.rest()

    monkeypatch.setattr(pipeline, "STEPS", (("one", work), ("two", work)))
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("nothing waits"))
    assert run_night(Store.open(paths), config).skipped is None


def test_the_replay_and_the_steps_before_the_decision_wait(
    paths: Paths, config: Config, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []

    def work(night: Night) -> None:
        happened.append("work")
        night.replayed(1, 2)

    def decide(night: Night) -> None:
        happened.append("decide")
        night.decision = cast("GateDecision", SimpleNamespace(deploy=False, reasons=()))

    def deploy(_: Night) -> None:
        happened.append("deploy")

    monkeypatch.setattr(pipeline, "STEPS", (("a", work), ("b", work), ("gate", decide), ("deploy", deploy)))
    monkeypatch.setattr(Watch, "rest", lambda *_: happened.append("rest"))
    run_night(Store.open(paths), config, nightly=True)
    assert happened == ["work", "rest", "rest", "work", "rest", "rest", "decide", "deploy"]
    happened.clear()
    run_night(Store.open(paths), config, nightly=True, dry_run=True)
    assert happened == []


def test_the_replay_rests_between_commands(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    rested: list[Watch] = []
    store, session = Store.open(paths), Session("s", tuple(entries(3)))
    night = Night(store, Registry(paths, store.keyring), Config(), nightly=True)
    night.split = Split([session], [session])
    night.personal = PersonalModel(ModelFile({}, b"", b""), TrainResult(1, 1, 1, 1.0, 1.0, "done"), 1)
    night.watch = Watch(Machine(paths.home), Config(), paths.spool)
    monkeypatch.setattr(Watch, "rest", lambda self, _: rested.append(self))
    monkeypatch.setattr(steps, "neural_expert", lambda _: None)
    steps.replay_newest(night)
    assert rested == [night.watch] * 6


def test_what_is_unfinished_is_forgotten_once_the_model_is_safe() -> None:
    names = [name for name, _ in pipeline.STEPS]
    assert names.index("train") < names.index("deploy") < names.index("finish")
