from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from delta_learn.config import TrainConfig
from delta_learn.dataset.windows import Dataset
from delta_learn.errors import ConfigError
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.weights import weights_from_bytes, weights_to_bytes
from delta_learn.storage.seal import Keyring
from delta_learn.trainer.checkpoint import CheckpointStore
from delta_learn.trainer.device import training_device
from delta_learn.trainer.fingerprint import fingerprint
from delta_learn.trainer.loop import Trainer

MakeModel = Callable[..., DeltaModel]
MakeDataset = Callable[..., Dataset]
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> list[torch.device]:
    """PyTorch shows two; which one is chosen is noted."""
    chosen: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    return chosen


def test_auto_is_the_cpu_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert training_device("auto") == torch.device("cpu")
    with pytest.raises(ConfigError, match=r"train\.device"):
        training_device("cuda")


def test_each_process_of_a_machine_has_a_gpu_of_its_own(two_gpus: list[torch.device]) -> None:
    assert training_device("cpu") == torch.device("cpu")
    assert two_gpus == []
    assert [training_device("auto", rank) for rank in range(2)] == two_gpus == [torch.device("cuda", i) for i in (0, 1)]
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"]
    with pytest.raises(ConfigError, match="GPU 2"):
        training_device("cuda", 2)


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"train\.device must be auto or cpu or cuda"):
        TrainConfig(device="tpu")


def test_where_it_runs_is_no_part_of_what_a_run_is(
    make_model: MakeModel, make_dataset: MakeDataset, config: TrainConfig
) -> None:
    moved = dataclasses.replace(config, device="cuda", shard=True)
    assert fingerprint(make_model(), moved, make_dataset(), None) == fingerprint(
        make_model(), config, make_dataset(), None
    )


def stop_after(steps: int) -> Callable[[], bool]:
    calls = iter(range(steps))
    return lambda: next(calls, None) is None


@needs_gpu
@pytest.mark.parametrize(("first", "second"), [("cpu", "cuda"), ("cuda", "cpu"), ("cuda", "cuda")])
def test_a_checkpoint_goes_on_on_another_device(
    first: str, second: str, make_model: MakeModel, make_dataset: MakeDataset, config: TrainConfig, tmp_path: Path
) -> None:
    config = dataclasses.replace(config, amp="fp32")
    store, steps = CheckpointStore(tmp_path, Keyring(b"k" * 32), "run"), []
    for device, stop in ((first, stop_after(4)), (second, None)):
        model = make_model(dropout=0.0).to(training_device(device))
        trainer = Trainer(model, config, make_dataset(), make_dataset(4, seed=1), checkpoint=store, stop=stop)
        steps.append((trainer.fit().steps, trainer.plan.steps))
    whole = make_model(dropout=0.0)
    Trainer(whole, config, make_dataset(), make_dataset(4, seed=1)).fit()
    assert steps[0][0] == 4
    assert steps[1][0] == steps[1][1]
    for name, weight in whole.state_dict().items():
        torch.testing.assert_close(model.state_dict()[name].cpu(), weight, atol=5e-2, rtol=0)


@needs_gpu
def test_weights_of_a_gpu_are_read_on_a_cpu(make_model: MakeModel) -> None:
    on_gpu, on_cpu = make_model(seed=1).to("cuda"), make_model(seed=2)
    weights_from_bytes(on_cpu, weights_to_bytes(on_gpu))
    assert torch.equal(on_cpu.embedding.weight, on_gpu.embedding.weight.cpu())
