"""Sampling tokens from a model: greedy, by temperature, from the nucleus of the distribution (top-p)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from delta_learn.errors import ModelError
from delta_learn.model.cache import KVCache

if TYPE_CHECKING:
    from delta_learn.model.gpt import DeltaModel


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is drawn.

    Raises:
        ModelError: a value out of range.
    """

    temperature: float = 1.0
    """Divides the logits; 0 takes the most probable token."""
    top_p: float = 1.0
    """Draw among the fewest most probable tokens that together have this probability (arXiv 1904.09751)."""

    def __post_init__(self) -> None:
        if self.temperature < 0:
            raise ModelError(f"temperature must be 0 or more, not {self.temperature}.")
        if not 0 < self.top_p <= 1:
            raise ModelError(f"top_p must be above 0 and at most 1, not {self.top_p}.")


@torch.inference_mode()
def generate(
    model: DeltaModel,
    ids: Tensor,
    max_tokens: int,
    *,
    sampling: Sampling = Sampling(),
    stop: int | None = None,
    generator: torch.Generator | None = None,
) -> list[int]:
    """Continue `ids` (T,) int64; returns the new tokens.

    Ends after `max_tokens`, after the token `stop` (which is returned too), or when block_size is reached.
    The model is used as it is: call `eval()` first to go without dropout.

    Raises:
        ModelError: `ids` is empty or longer than block_size.
    """
    if not 1 <= ids.numel() <= model.config.block_size:
        raise ModelError(f"The model continues 1 to {model.config.block_size} tokens, not {ids.numel()}.")
    cache = KVCache(model.config, device=ids.device, dtype=model.embedding.weight.dtype)
    tokens: list[int] = []
    new = ids[None]  # (1, T)
    for _ in range(min(max_tokens, model.config.block_size - ids.numel() + 1)):
        logits = model.logits(model.hidden(new, cache=cache)[0, -1])  # (V,)
        tokens.append(draw(logits, sampling, generator))
        if tokens[-1] == stop:
            break
        new = torch.tensor([tokens[-1:]], device=ids.device)
    return tokens


def draw(logits: Tensor, sampling: Sampling, generator: torch.Generator | None = None) -> int:
    """One token from logits (V,)."""
    if sampling.temperature == 0:
        return int(logits.argmax())
    return int(torch.multinomial(distribution(logits, sampling), 1, generator=generator))


def distribution(logits: Tensor, sampling: Sampling) -> Tensor:
    """The probabilities (V,) that tokens are drawn with; zero outside the nucleus. `temperature` above 0."""
    probabilities = (logits.float() / sampling.temperature).softmax(-1)
    if sampling.top_p == 1:
        return probabilities
    ordered, tokens = probabilities.sort(descending=True)
    # A token is in the nucleus when those before it have not yet reached top_p: the first always is.
    ordered[ordered.cumsum(0) - ordered >= sampling.top_p] = 0
    return torch.zeros_like(probabilities).scatter_(0, tokens, ordered / ordered.sum())
