from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load, load_file
from torch.distributed.elastic.multiprocessing.errors import ProcessFailure

from delta_learn.base.files import read_base
from delta_learn.config import TrainConfig
from delta_learn.dataset.tokens import token_run
from delta_learn.entry import CommandEntry, Session
from delta_learn.errors import ConfigError, DeltaError, LostWorkerError, ModelError
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.weights import weights_to_bytes
from delta_learn.paths import Paths
from delta_learn.registry import ModelFile
from delta_learn.storage.atomic import private_directory
from delta_learn.storage.seal import Keyring
from delta_learn.tokenizer.tokenizer import Tokenizer
from delta_learn.trainer import personal
from delta_learn.trainer.job import Job, JobFiles, train_elsewhere
from delta_learn.trainer.launch import Processes, command, error_of, launched, reported
from delta_learn.trainer.launch import _error as told
from delta_learn.trainer.personal import train_personal
from delta_learn.trainer.progress import Progress
from tests.trainer.elastic_worker import KILLS, THREADED, store
from tests.trainer.small_run import ROOT, STEPS, distance, trainer


def show_gpus(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)


@pytest.mark.parametrize(
    ("gpus", "asked", "expected"),
    [
        (0, Processes(), 0),
        (1, Processes(), 0),
        (4, Processes(), 4),
        (4, Processes(gpus=2), 2),
        (4, Processes(gpus=1), 0),
        (4, Processes(gpus=0), 0),
        (4, Processes(processes=3), 3),
        (0, Processes(processes=1), 0),
        (4, Processes(nodes=2, rendezvous="host:0"), 4),
        (0, Processes(nodes=2, rendezvous="host:0"), 1),
    ],
)
def test_several_processes_where_there_are_several_gpus_or_it_is_asked(
    gpus: int, asked: Processes, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    show_gpus(monkeypatch, gpus)
    assert asked.here(asked.configured(TrainConfig()).device) == expected


def test_the_setting_counts_where_no_option_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    show_gpus(monkeypatch, 4)
    on_cpu = TrainConfig(device="cpu")
    assert Processes().here(Processes().configured(on_cpu).device) == 0
    assert Processes(gpus=3).here(Processes(gpus=3).configured(on_cpu).device) == 3


def test_a_process_that_torchrun_started_starts_none(monkeypatch: pytest.MonkeyPatch) -> None:
    show_gpus(monkeypatch, 4)
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "x")
    assert launched()
    assert Processes().here("auto") == 0


def test_what_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    show_gpus(monkeypatch, 1)
    with pytest.raises(ConfigError, match="more than the 1"):
        Processes(gpus=2).here("cuda")
    with pytest.raises(ConfigError, match="not both"):
        Processes(gpus=1, processes=1)
    with pytest.raises(ConfigError, match="--rendezvous"):
        Processes(nodes=2)
    with pytest.raises(ConfigError, match="--processes must be at least 1"):
        Processes(processes=0)


def test_options_ask_for_the_same() -> None:
    assert Processes().options() == []
    assert Processes(gpus=0, nodes=2, rendezvous="h:1").options() == ["--gpus=0", "--nodes=2", "--rendezvous=h:1"]


def test_an_error_keeps_its_class() -> None:
    assert type(error_of("ModelError", "m")) is ModelError
    assert type(error_of("NotOurs", "m")) is DeltaError


def run_two(root: Path, behaviour: str, restarts: int) -> tuple[int, list[dict[str, str]]]:
    """Exit status and lines of JSON of two elastic workers, under OMP_NUM_THREADS=1 as torchrun has it."""
    words = command(Processes(restarts=restarts), 2, "tests.trainer.elastic_worker", [str(root), behaviour])
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, timeout=240, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
def test_killed_at_random_steps_it_ends_with_the_same_weights(tmp_path: Path) -> None:
    """kill -9: they start again and go on; the time after which they may not is one error, and a checkpoint.

    All on as many threads as the settings say, not on torchrun's one.
    """
    status, said = run_two(tmp_path, "dies", restarts=KILLS - 1)
    died = [int((tmp_path / f"died{life}").read_text()) for life in range(KILLS)]
    assert (status, [line["error"] for line in said]) == (1, ["LostWorkerError"])
    assert "(signal 9)" in said[0]["message"]
    made = [json.loads(line) for line in (tmp_path / "steps").read_text().splitlines()]
    assert [step for step, _ in made] == list(range(1, died[-1] + 1))  # nothing is done twice
    assert {threads for _, threads in made} == {2}
    rest = trainer(config=THREADED, checkpoint=store(tmp_path))
    rest.fit()
    whole = trainer(config=THREADED)
    whole.fit()
    assert rest.state.step == whole.state.step == STEPS
    assert distance(rest.model.state_dict(), whole.model.state_dict()) <= 1e-6


def failure(root: Path, rank: int, exit_status: int, reported: str | None = None) -> ProcessFailure:
    file = root / f"error{rank}.json"
    if reported is not None:
        file.write_text(json.dumps({"message": {"message": reported, "extraInfo": {"timestamp": "1"}}}))
    return ProcessFailure(local_rank=rank, pid=999, exitcode=exit_status, error_file=str(file))


def test_one_error_is_told_of_all_processes(tmp_path: Path) -> None:
    """What one did wrong, before who was lost, before those that only noticed it."""
    lost, noticed = failure(tmp_path, 1, -9), failure(tmp_path, 0, 1, "LostWorkerError: gone")
    assert "process 1 was lost (signal 9)" in str(told({0: noticed, 1: lost}))
    assert isinstance(told({0: noticed}), LostWorkerError)
    wrong = told({0: noticed, 1: lost, 2: failure(tmp_path, 2, 1, "ModelError: the rate: too high")})
    assert (type(wrong), str(wrong)) == (ModelError, "the rate: too high")


def test_what_a_process_raises_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError), reported():
        raise ModelError("alone")
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "x")
    monkeypatch.setenv("TORCHELASTIC_ERROR_FILE", str(tmp_path / "error7.json"))
    with pytest.raises(SystemExit), reported():
        raise ModelError("too high")
    found = told({7: ProcessFailure(7, 999, 1, str(tmp_path / "error7.json"))})
    assert (type(found), str(found)) == (ModelError, "too high")


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two GPUs")
def test_two_gpus_train_as_one(tmp_path: Path) -> None:
    assert run_two(tmp_path, "trains", restarts=0)[0] == 0
    assert load_file(tmp_path / "weights").keys() == trainer().model.state_dict().keys()


@pytest.fixture(scope="module")
def job() -> Job:
    """A tiny model on sessions of two lengths; the plan is all epochs, whatever the machine's speed."""
    tokenizer = Tokenizer.train(["git status", "make test"], vocab_size=512)
    torch.manual_seed(0)
    model = DeltaModel(DeltaModelConfig(64, tokenizer.vocab_size, n_layer=1, n_head=2, n_embed=16, dropout=0.1))
    base = ModelFile({"model": model.config.to_dict()}, tokenizer.to_bytes(), weights_to_bytes(model))
    runs = []
    for number, length in enumerate([30, 7, 30, 12]):
        entries = tuple(CommandEntry(f"git log -{i}", session=f"s{number}", sequence=i) for i in range(length))
        runs.append(token_run(Session(f"s{number}", entries), tokenizer, lambda _: 1.0, held_out=number == 3))
    config = TrainConfig(row_tokens=32, batch_rows=2, threads=1, max_epochs=40, max_seconds=1e9, patience=99)
    return Job(runs, tokenizer.to_bytes(), dataclasses.replace(config, device="cpu"), base)


@pytest.fixture
def files(paths: Paths) -> JobFiles:
    Keyring.load_or_create(paths.key)
    return JobFiles(private_directory(paths.checkpoints), paths.key, "night")


def test_a_job_and_its_outcome_come_back_as_they_were(
    job: Job, files: JobFiles, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(personal, "measure_speed", lambda *_, **__: 1e9)
    for each in (job, dataclasses.replace(job, base=None, runs=[])):
        files.write_job(each)
        assert files.read_job() == each
    model = train_personal(job.runs, Tokenizer.from_bytes(job.tokenizer), dataclasses.replace(job.config, max_epochs=1))
    assert files.read_outcome() is None
    files.write_outcome(model)
    assert files.read_outcome() == model
    for path in paths.checkpoints.iterdir():
        assert b"git log" not in path.read_bytes()
        assert path.stat().st_mode & 0o777 == 0o600
    files.remove()
    assert list(paths.checkpoints.iterdir()) == []


@pytest.mark.slow
def test_a_night_trains_elsewhere_and_rests(
    job: Job, files: JobFiles, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody comes once the processes make steps: they end, start again, and go on."""
    steps: list[int] = []
    rested: list[int] = []

    def rest(save: Callable[[], None]) -> None:
        if steps and not rested:
            save()
            rested.append(len(steps))

    def tell(progress: Progress) -> None:
        steps.append(progress.step)

    found = train_elsewhere(job, files, Processes(processes=2), 2, on_step=tell, rest=rest)
    assert rested
    assert sorted(set(steps)) == list(range(1, found.result.planned_steps + 1))
    assert [path.name for path in paths.checkpoints.iterdir()] == ["night.bin"]
    monkeypatch.setattr(personal, "measure_speed", lambda *_, **__: 1e9)
    config = dataclasses.replace(job.config, accumulation=2)
    alone = train_personal(job.runs, Tokenizer.from_bytes(job.tokenizer), config, base=job.base)
    assert found.result.steps == alone.result.steps
    assert found.parameters == alone.parameters
    assert distance(load(found.file.weights), load(alone.file.weights)) <= 1e-5


@pytest.mark.slow
def test_the_command_line_starts_them_and_rank_0_writes_the_base(tmp_path: Path, paths: Paths) -> None:
    corpus = tmp_path / "docs.jsonl"
    rows = [{"source": "o/n:p", "license": "MIT", "kind": "doc", "cmds": [f"git log -{i}"]} for i in range(80)]
    corpus.write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = ["pretrain", str(corpus), "--out", str(tmp_path / "base"), "--steps", "1", "--threads", "1", "--json"]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "delta_learn", *words, "--processes", "2"],
        capture_output=True, text=True, timeout=240, check=True,
    )  # fmt: skip
    base = read_base(tmp_path / "base")
    assert base is not None
    assert json.loads(done.stdout) == base.meta
    assert "--processes 2" in (tmp_path / "base" / "MODEL_CARD.md").read_text()
    assert list(paths.checkpoints.iterdir()) == []
