from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
import torch

from delta_learn.config import TrainConfig
from delta_learn.model.config import base, large
from delta_learn.model.gpt import DeltaModel
from delta_learn.nightly.learning import step_note
from delta_learn.trainer import throughput
from delta_learn.trainer.precision import Precision
from delta_learn.trainer.progress import Progress
from delta_learn.trainer.throughput import PEAKS, Meter, flops_per_token, memory_bytes, peak_flops

CPU = torch.device("cpu")


def test_flops_are_the_formula_of_palm() -> None:
    with torch.device("meta"):
        models = DeltaModel(base()), DeltaModel(large())
    assert flops_per_token(models[0], 256) == 6 * 13_762_560 + 12 * 6 * 6 * 64 * 256
    assert flops_per_token(models[1], 2048) == 6 * 351_272_960 + 12 * 20 * 10 * 128 * 2048


@pytest.mark.parametrize(
    ("name", "precision", "teraflops"),
    [
        ("NVIDIA H100 80GB HBM3", "bf16", 989),
        ("NVIDIA H100 PCIe", "bf16", 756),
        ("NVIDIA H100 NVL", "bf16", 835),
        ("NVIDIA H200", "bf16", 989),
        ("NVIDIA A100-SXM4-80GB", "bf16", 312),
        ("NVIDIA A100 80GB PCIe", "fp32", 19.5),
        ("NVIDIA L4", "bf16", 121),
        ("NVIDIA L40S", "bf16", 362),
        ("NVIDIA GeForce RTX 4090", "bf16", 165.2),
        ("Tesla V100-SXM2-16GB", "bf16", None),
        ("Tesla T4", "fp16", 65),
        ("NVIDIA A1000", "bf16", None),
        ("NVIDIA RTX 4000 Ada", "bf16", None),
        ("", "bf16", None),
    ],
)
def test_peaks_are_found_by_the_name_that_the_gpu_gives_itself(
    name: str, precision: str, teraflops: float | None
) -> None:
    expected = None if teraflops is None else teraflops * 1e12
    assert peak_flops(name, precision) == expected


def test_a_longer_name_comes_before_the_one_that_it_contains() -> None:
    names = list(PEAKS)
    assert all(later not in earlier or earlier == later for i, later in enumerate(names) for earlier in names[i:])


def meter(model: DeltaModel, monkeypatch: pytest.MonkeyPatch, peak: float | None, clock: Callable[[], float]) -> Meter:
    monkeypatch.setattr(throughput, "peak_flops", lambda *_: peak)
    return Meter(model, TrainConfig(row_tokens=16), Precision("fp32", CPU), workers=2, clock=clock)


def test_mfu_is_the_models_own_work_over_the_peak_of_all_gpus(
    make_model: Callable[..., DeltaModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model()
    rates = meter(model, monkeypatch, 1e9, lambda: 0.0).step(1000, 2.0)
    assert rates.tokens_per_second == 500
    assert rates.mfu == pytest.approx(500 * flops_per_token(model, 16) / 2e9)


def test_figures_are_of_the_newest_steps(
    make_model: Callable[..., DeltaModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first steps compile kernels."""
    subject = meter(make_model(), monkeypatch, None, lambda: 0.0)
    subject.step(100, 1000.0)
    for _ in range(20):
        rates = subject.step(100, 0.5)
    assert rates.tokens_per_second == 200
    assert rates.mfu is None


def test_a_run_says_what_runs_and_then_every_minute_how_fast(
    make_model: Callable[..., DeltaModel], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    now = [0.0]
    subject = meter(make_model(), monkeypatch, 1e9, lambda: now[0])
    assert "flash attention" in caplog.text
    assert "256 bytes of KV cache a token" in caplog.text
    for now[0] in (10.0, 61.0, 90.0, 122.0):
        subject.step(100, 1.0)
    assert [record.getMessage()[:12] for record in caplog.records[1:]] == ["100 tokens/s"] * 2


def test_memory_grows_with_what_is_allocated() -> None:
    before = memory_bytes(CPU)
    kept = torch.ones(20_000_000)
    assert memory_bytes(CPU) >= before + 0.9 * kept.nbytes


def test_the_progress_bar_shows_what_is_known() -> None:
    step = Progress(1, 2, 3.14159, None, 0.01, 6789.4, None, 612_000_000)
    assert step_note(step) == "loss 3.142, 6,789 tokens/s, 0.6 GB"
    step = Progress(1, 2, 3.14159, None, 0.01, 250_000.0, 0.427, 41_000_000_000)
    assert step_note(step) == "loss 3.142, 250,000 tokens/s, MFU 43 %, 41.0 GB"
