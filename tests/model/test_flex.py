from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.nn.attention.flex_attention as torch_flex
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from delta_learn.model import flex
from delta_learn.model.attention import attend, segment_mask, session_mask
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.flex import BLOCK, block_mask, flex_attend
from delta_learn.model.gpt import DeltaModel

pytestmark = pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")

TOKENS = 300
"""Not a whole number of blocks."""


@pytest.fixture
def backward_on_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Torch has no fast backward pass of FlexAttention for CPUs and refuses; its plain one is right all the same."""
    monkeypatch.setattr(torch_flex, "_validate_device", lambda *_: None)


def rows() -> Tensor:
    """Rows (5, TOKENS) of one long session, of many short ones, with padding, of padding alone, in no order."""
    draw = np.random.default_rng(0)
    long = np.zeros(TOKENS)
    many = np.sort(draw.integers(0, 30, TOKENS))
    padded = np.where(np.arange(TOKENS) < 140, np.arange(TOKENS) // 50, -1)
    mixed = draw.integers(-1, 3, TOKENS)
    return torch.tensor(np.stack([long, many, padded, np.full(TOKENS, -1), mixed]), dtype=torch.int32)


def sight(mask: torch_flex.BlockMask, tokens: int) -> Tensor:
    """(B, 1, T, T) of bools: what the kernels make of the blocks that the mask lists."""
    assert mask.full_kv_num_blocks is not None
    assert mask.full_kv_indices is not None
    index = torch.arange(tokens)
    single = torch_flex.create_mask(mask.mask_mod, mask.kv_num_blocks.size(0), None, tokens, tokens, device="cpu")
    partial, full = (
        listed(count, numbers)[:, :, index // BLOCK][:, :, :, index // BLOCK]
        for count, numbers in (
            (mask.kv_num_blocks, mask.kv_indices),
            (mask.full_kv_num_blocks, mask.full_kv_indices),
        )
    )
    return full | (partial & single)


def listed(count: Tensor, numbers: Tensor) -> Tensor:
    blocks = torch.zeros(*numbers.shape[:3], numbers.shape[3], dtype=torch.bool)
    for place in np.ndindex(*count.shape):
        blocks[place][numbers[place][: count[place]].long()] = True
    return blocks


@pytest.mark.parametrize("tokens", [TOKENS, 2 * BLOCK, 40])
def test_blocks_show_what_the_mask_of_bools_shows(tokens: int) -> None:
    segments = rows()[:, :tokens]
    assert torch.equal(sight(block_mask(segments), tokens), segment_mask(segments))


def test_blocks_without_a_common_session_are_left_out() -> None:
    segments = torch.arange(4 * BLOCK)[None] // BLOCK
    mask = block_mask(segments)
    assert mask.kv_num_blocks.tolist() == [[[1, 1, 1, 1]]]
    assert mask.kv_indices[0, 0, :, 0].tolist() == [0, 1, 2, 3]
    assert mask.full_kv_num_blocks is not None
    assert not mask.full_kv_num_blocks.any()


def test_blocks_inside_one_session_need_no_look_at_its_tokens() -> None:
    mask = block_mask(torch.zeros(1, 4 * BLOCK, dtype=torch.int32))
    assert mask.full_kv_num_blocks is not None
    assert mask.full_kv_num_blocks.tolist() == [[[0, 1, 2, 3]]]
    assert mask.kv_num_blocks.tolist() == [[[1, 1, 1, 1]]]


@pytest.mark.usefixtures("backward_on_cpus")
@pytest.mark.parametrize("kv_heads", [4, 2, 1])
def test_flex_is_the_math_backend_forward_and_backward(kv_heads: int) -> None:
    torch.manual_seed(0)
    segments = rows()
    query = torch.randn(5, 4, TOKENS, 16, dtype=torch.float64, requires_grad=True)
    key, value = (torch.randn(5, kv_heads, TOKENS, 16, dtype=torch.float64, requires_grad=True) for _ in range(2))
    with sdpa_kernel(SDPBackend.MATH):
        expected = attend(query, key, value, segment_mask(segments))
    out = attend(query, key, value, block_mask(segments))
    torch.testing.assert_close(out, expected)
    weight = torch.randn_like(out)
    for ours, theirs in zip(
        torch.autograd.grad(out, (query, key, value), weight),
        torch.autograd.grad(expected, (query, key, value), weight),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs)


def test_under_autocast_flex_computes_in_the_narrow_format_as_sdpa_does() -> None:
    """Queries and keys come widened from RoPE, values do not: FlexAttention takes no mixture."""
    segments = rows()[:, :40]
    query, key = torch.randn(5, 4, 40, 16), torch.randn(5, 2, 40, 16)
    value = torch.randn(5, 2, 40, 16).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        out, expected = (attend(query, key, value, make(segments)) for make in (block_mask, segment_mask))
    assert out.dtype == expected.dtype == torch.bfloat16
    torch.testing.assert_close(out, expected, atol=0.02, rtol=0.02)


@torch.no_grad()
def test_a_model_says_the_same_with_either_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    model = DeltaModel(DeltaModelConfig(block_size=TOKENS, vocab_size=20, n_layer=2, n_head=4, n_kv_head=2, n_embed=64))
    for parameter in model.eval().parameters():
        parameter.normal_(std=0.1)
    ids, segments = torch.randint(20, (5, TOKENS)), rows()
    made = []
    expected = model(ids, segments)
    monkeypatch.setattr("delta_learn.model.gpt.session_mask", lambda s, _: made.append(1) or block_mask(s))
    torch.testing.assert_close(model(ids, segments), expected, atol=1e-4, rtol=1e-4)
    assert made == [1], "the mask is made once a batch, not once a layer"


def test_on_cpus_the_mask_is_the_one_of_bools() -> None:
    segments = rows()
    assert torch.equal(session_mask(segments, 64), segment_mask(segments))


def test_another_batch_of_the_same_shape_compiles_nothing_anew() -> None:
    compiled = 0

    def backend(graph: torch.fx.GraphModule, _inputs: list[Tensor]) -> torch.fx.GraphModule:
        nonlocal compiled
        compiled += 1
        return graph

    run = torch.compile(lambda q, s: flex_attend(q, q, q, s), backend=backend)
    query = torch.randn(5, 2, TOKENS, 16)
    for shift in range(3):
        run(query, block_mask(rows() + shift))
    assert compiled == 1
    torch._dynamo.reset()


def test_the_compiler_is_not_imported_where_nothing_needs_it() -> None:
    code = (
        "import sys, torch\n"
        "from delta_learn.model.config import small\n"
        "from delta_learn.model.gpt import DeltaModel\n"
        "model = DeltaModel(small(64))\n"
        "model(torch.zeros(1, 8, dtype=torch.int64), torch.zeros(1, 8, dtype=torch.int32)).sum().backward()\n"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.skipif(
    not torch.cuda.is_available(), reason="needs a GPU: benchmarks/attention.py compares the same there"
)
def test_on_gpus_flex_is_the_math_backend() -> None:
    torch.manual_seed(0)
    segments = rows().cuda()
    query = torch.randn(5, 4, TOKENS, 32, device="cuda", requires_grad=True)
    key = torch.randn(5, 2, TOKENS, 32, device="cuda", requires_grad=True)
    mask = session_mask(segments, 32)
    assert isinstance(mask, flex.BlockMask)
    out, expected = (attend(query, key, key, m) for m in (mask, segment_mask(segments)))
    torch.testing.assert_close(out, expected, atol=2e-3, rtol=2e-3)
