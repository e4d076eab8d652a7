from __future__ import annotations

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from delta_learn.model.attention import segment_mask
from delta_learn.model.backends import attention_backend, backend_for
from delta_learn.model.config import DeltaModelConfig, base, base_gqa, large, small
from delta_learn.model.flex import block_mask

CPU = torch.device("cpu")
gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU: benchmarks/attention.py prints the same")


@pytest.mark.parametrize("config", [small(), base_gqa(), large()])
@pytest.mark.parametrize("masked", [False, True])
def test_cpus_run_the_flash_kernel_with_and_without_sessions(config: DeltaModelConfig, masked: bool) -> None:
    assert backend_for(config, 2, 64, CPU, torch.float32, masked=masked) == "flash"


def test_the_answer_is_what_sdpa_is_allowed_to_run() -> None:
    query = torch.randn(1, 2, 8, 16)
    with sdpa_kernel(SDPBackend.MATH):
        assert attention_backend(query, query, query, None) == "math"
    assert attention_backend(query, query, query, None) == "flash"


def test_a_mask_that_wants_a_gradient_leaves_the_flash_kernel() -> None:
    query = torch.randn(1, 2, 8, 16)
    bias = torch.zeros(8, 8, requires_grad=True)
    assert attention_backend(query, query, query, bias) == "math"


def test_a_block_mask_is_flex() -> None:
    query, segments = torch.randn(1, 2, 8, 16), torch.zeros(1, 8, dtype=torch.int32)
    assert attention_backend(query, query, query, block_mask(segments)) == "flex"
    assert attention_backend(query, query, query, segment_mask(segments)) == "flash"


@gpu
@pytest.mark.parametrize("config", [small(), base(), base_gqa(), large()])
def test_on_gpus_rows_of_one_session_run_flash_and_others_flex(config: DeltaModelConfig) -> None:
    device = torch.device("cuda")
    alone = backend_for(config, 2, 256, device, torch.bfloat16, masked=False)
    assert alone in ("flash", "cudnn")
    assert backend_for(config, 2, 256, device, torch.bfloat16, masked=True) == "flex"
