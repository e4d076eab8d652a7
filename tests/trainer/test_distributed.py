"""Processes that train together: this module, run as a program, forks them, and the tests look at what they left."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from safetensors.torch import load_file, save_file

from delta_learn.errors import LostWorkerError
from delta_learn.storage.seal import Keyring
from delta_learn.trainer.checkpoint import CheckpointStore
from delta_learn.trainer.distributed import joined, termination, watch
from delta_learn.trainer.loop import Trainer
from delta_learn.trainer.progress import Progress, TrainResult
from delta_learn.trainer.sharding import ShardedWorkers
from delta_learn.trainer.workers import Save, Workers
from tests.trainer.small_run import ROOT, STEPS, distance, trainer

LOST_AT = 7
SILENCE = timedelta(seconds=60)


def finish(run: Trainer, to: Path | None = None) -> tuple[TrainResult, dict[str, torch.Tensor]]:
    result = run.fit()
    weights = run.workers.whole_model(run.model).state_dict()
    if to is not None:
        save_file(weights, f"{to}.weights")
        Path(f"{to}.json").write_text(json.dumps(dataclasses.asdict(result)))
    return result, weights


def store(root: Path, rank: int = 0) -> CheckpointStore:
    """Each rank has a directory of its own, as on machines of their own."""
    place = root / f"rank{rank}"
    place.mkdir(exist_ok=True)
    return CheckpointStore(place, Keyring(b"k" * 32), "run")


def stop_after(steps: int, rank: int = 0) -> Callable[[], bool]:
    calls = iter(range(steps))

    def stop() -> bool:
        assert rank == 0
        return next(calls, None) is None

    return stop


# What the forked ranks do.


def equal(root: Path, workers: Workers) -> None:
    finish(trainer(workers), root / f"equal{workers.rank}")


def few(root: Path, workers: Workers) -> None:
    """One batch a step: the second rank has none."""
    finish(trainer(workers, per_step=1), root / f"few{workers.rank}")


def first_leg(root: Path, workers: Workers) -> None:
    def tell(progress: Progress) -> None:
        (root / f"told{workers.rank}").touch()

    kept = store(root, workers.rank)
    finish(trainer(workers, checkpoint=kept, stop=stop_after(11, workers.rank), on_step=tell), root / "first")


def second_leg(root: Path, workers: Workers) -> None:
    assert workers.count == 1
    # Its own plan would be another; a resumed run keeps the one that it began with.
    run = trainer(workers, checkpoint=store(root), stop=stop_after(13), per_step=1, steps=30)
    finish(run, root / "second")


def last_leg(root: Path, workers: Workers) -> None:
    """The second rank never sees the file: its rank 0 may be on another machine."""
    finish(trainer(workers, checkpoint=store(root, workers.rank)), root / f"last{workers.rank}")


def sharded(root: Path, workers: Workers) -> None:
    """A third of the steps in parts, saved, and the rest in parts again; then resumed whole."""
    place = root / "sharded"
    place.mkdir(exist_ok=True)
    parts = ShardedWorkers(torch.device("cpu"), SILENCE)
    first = trainer(parts, checkpoint=store(place, workers.rank), stop=stop_after(20, workers.rank))
    assert all(hasattr(parameter, "full_tensor") for parameter in first.model.parameters())
    first.fit()
    kept = (place / "rank0" / "run.bin").read_bytes() if workers.rank == 0 else b""
    finish(trainer(parts, checkpoint=store(place, workers.rank)), root / f"sharded{workers.rank}")
    if workers.rank == 0:
        (place / "rank0" / "run.bin").write_bytes(kept)
    finish(trainer(workers, checkpoint=store(place, workers.rank)), root / f"unsharded{workers.rank}")


def decisions(root: Path, workers: Workers) -> None:
    saved: list[int] = []

    def save_twice(save: Save) -> float:
        save()
        save()
        return 3.0 + workers.rank

    def leave(_: Save) -> float:
        raise KeyError("why")

    decided = [
        workers.lead(lambda _: 1.5 + workers.rank, lambda: None),
        workers.lead(save_twice, lambda: saved.append(workers.rank)),
        workers.lead(lambda _: None, lambda: None),
    ]
    try:
        workers.lead(leave, lambda: None)
    except (KeyError, LostWorkerError) as error:
        decided.append(type(error).__name__)
    (root / f"decisions{workers.rank}").write_text(json.dumps([decided, saved]))


def rested(root: Path, workers: Workers) -> None:
    """Rank 0 rests, and saves, in the middle of steps and of evaluations."""
    asked = iter(range(10**6))

    def rest(save: Save) -> None:
        assert workers.rank == 0
        if next(asked) % 5 == 0:
            save()

    finish(trainer(workers, rest=rest, checkpoint=store(root / "rested", workers.rank)), root / f"rested{workers.rank}")


def lost(root: Path, workers: Workers) -> None:
    """The second rank dies in the middle of a step."""
    run = trainer(workers, checkpoint=store(root / "lost", workers.rank))
    accumulate = run.accumulate

    def die(step: int) -> tuple[torch.Tensor, int]:
        if step == LOST_AT:
            os.kill(os.getpid(), signal.SIGKILL)
        return accumulate(step)

    if workers.rank == 1:
        run.accumulate = die  # type: ignore[method-assign]
    try:
        run.fit()
    except LostWorkerError as error:
        (root / f"lost{workers.rank}").write_text(str(error))


TOGETHER: tuple[tuple[int, tuple[Callable[[Path, Workers], None], ...]], ...] = (
    (2, (equal, few, first_leg, rested, decisions)),
    (1, (second_leg,)),
    (2, (last_leg, sharded)),
    (2, (lost,)),
)


def fork(root: Path, count: int, tasks: tuple[Callable[[Path, Workers], None], ...]) -> None:
    """Run `tasks` in `count` ranks, which meet at a free port."""
    meeting = dist.TCPStore("localhost", 0, is_master=True, wait_for_workers=False)
    where = {"MASTER_ADDR": "localhost", "MASTER_PORT": str(meeting.port), "TORCHELASTIC_USE_AGENT_STORE": "True"}
    children = []
    for rank in range(count):
        child = os.fork()
        if child == 0:
            os.environ.update(where, RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(count))
            status = 1
            try:
                with joined("cpu", timeout=SILENCE) as workers:
                    for task in tasks:
                        task(root, workers)
                status = 0
            except BaseException:  # noqa: BLE001  (a forked child must not run the parent's code)
                traceback.print_exc()
            os._exit(status)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)


def main() -> None:
    for count, tasks in TOGETHER:
        fork(Path(sys.argv[1]), count, tasks)


# The tests.


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What all of them left."""
    root = tmp_path_factory.mktemp("ranks", numbered=True)
    for name in ("lost", "rested"):
        (root / name).mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.trainer.test_distributed", str(root)],
        capture_output=True, text=True, timeout=300, check=False, cwd=ROOT,
    )  # fmt: skip
    (root / "errors").write_text(done.stderr)
    return root


@pytest.fixture(scope="module")
def alone() -> tuple[TrainResult, dict[str, torch.Tensor]]:
    """One process, with the batches of both."""
    return finish(trainer())


def weights(left: Path, name: str) -> dict[str, torch.Tensor]:
    assert (left / f"{name}.weights").exists(), (left / "errors").read_text()
    return load_file(left / f"{name}.weights")


def result(left: Path, name: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((left / f"{name}.json").read_text())
    return facts


pytestmark = pytest.mark.slow


def test_two_processes_equal_one_with_twice_the_accumulation(
    left: Path, alone: tuple[TrainResult, dict[str, torch.Tensor]]
) -> None:
    """Uneven sessions, uneven batches, dropout, one shard; and all that is told of the run is told of both."""
    expected, trained = alone
    assert distance(weights(left, "equal0"), trained) <= 1e-6
    found = result(left, "equal0")
    assert (found["steps"], found["tokens"], found["stopped"]) == (STEPS, expected.tokens, "done")
    assert found["best_loss"] == pytest.approx(expected.best_loss, rel=1e-5)
    before = trainer().model.state_dict()
    assert distance(before, trained) > 0.1


@pytest.mark.parametrize("name", ["equal", "few", "last", "rested"])
def test_all_ranks_end_with_the_same_weights(left: Path, name: str) -> None:
    assert distance(weights(left, f"{name}0"), weights(left, f"{name}1")) == 0


def test_more_ranks_than_batches(left: Path) -> None:
    expected, trained = finish(trainer(per_step=1))
    assert distance(weights(left, "few0"), trained) <= 1e-6
    assert result(left, "few0")["tokens"] == expected.tokens


def test_a_run_goes_on_with_another_number_of_processes(
    left: Path, alone: tuple[TrainResult, dict[str, torch.Tensor]]
) -> None:
    """Two, one, two: the same batches with the same dropout, and the same plan."""
    legs = [result(left, name) for name in ("first", "second", "last0")]
    assert [leg["steps"] for leg in legs] == [11, 24, STEPS]
    assert [leg["stopped"] for leg in legs] == ["stopped", "stopped", "done"]
    assert legs[-1]["tokens"] == alone[0].tokens
    assert distance(weights(left, "last0"), alone[1]) <= 1e-6


def test_rank_0_alone_writes_and_tells(left: Path) -> None:
    assert (left / "rank0" / "run.bin").exists()
    assert (left / "told0").exists()
    assert not (left / "told1").exists()
    for place in (left, left / "rested", left / "sharded", left / "lost"):
        assert list((place / "rank1").iterdir()) == []


def test_what_rank_0_decides_all_do(left: Path) -> None:
    ranks = [json.loads((left / f"decisions{rank}").read_text()) for rank in range(2)]
    assert ranks == [[[1.5, 3.0, 0.0, "KeyError"], [0, 0]], [[1.5, 3.0, 0.0, "LostWorkerError"], [1, 1]]]


def test_a_rest_changes_nothing(left: Path) -> None:
    assert distance(weights(left, "rested0"), weights(left, "equal0")) == 0
    assert store(left / "rested").load() is not None


@pytest.mark.parametrize("name", ["sharded0", "unsharded0"])
def test_parts_of_a_model_train_as_the_whole(
    left: Path, alone: tuple[TrainResult, dict[str, torch.Tensor]], name: str
) -> None:
    """FSDP2, with Muon; a checkpoint of parts is one of the whole. Sums of parts are rounded in another order."""
    assert distance(weights(left, name), alone[1]) <= 1e-5


def test_a_lost_rank_leaves_a_checkpoint_and_one_error(
    left: Path, alone: tuple[TrainResult, dict[str, torch.Tensor]]
) -> None:
    assert "what was done is kept" in (left / "lost0").read_text()
    assert not (left / "lost1").exists()
    kept = store(left / "lost")
    found = kept.load()
    assert found is not None
    assert found.facts["state"]["step"] == LOST_AT
    done, trained = finish(trainer(checkpoint=kept))
    assert done.steps == STEPS
    assert distance(trained, alone[1]) <= 1e-6


def test_other_errors_are_not_taken_for_a_loss() -> None:
    saved: list[int] = []
    for text in ("mat1 and mat2 shapes cannot be multiplied", "Cannot use ReduceOp.PREMUL_SUM with Gloo"):
        with pytest.raises(RuntimeError, match=text[:10]), watch(lambda: saved.append(1)):
            raise RuntimeError(text)
    with pytest.raises(torch.OutOfMemoryError), watch(lambda: saved.append(1)):
        raise torch.OutOfMemoryError("timed out of memory")
    assert not saved
    with pytest.raises(LostWorkerError), watch(lambda: saved.append(1)):
        raise dist.DistBackendError("gone")
    assert saved


def test_alone_nobody_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined("cpu") as workers:
        assert type(workers) is Workers
        assert not dist.is_initialized()


def test_others_that_do_not_come_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    meeting = dist.TCPStore("localhost", 0, is_master=True, wait_for_workers=False)
    names = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": str(meeting.port)}
    for name, value in {**names, "TORCHELASTIC_USE_AGENT_STORE": "True"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(LostWorkerError, match="did not come"), joined("cpu", timeout=timedelta(seconds=1)):
        pass


def test_a_signal_asks_to_end() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with termination() as asked:
        assert not asked()
        os.kill(os.getpid(), signal.SIGTERM)
        assert asked()
    assert signal.getsignal(signal.SIGTERM) == before


if __name__ == "__main__":
    main()
