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
    limit = most_tokens(model, ids.numel(), max_tokens)
    cache = KVCache(model.config, device=ids.device, dtype=model.embedding.weight.dtype)
    tokens: list[int] = []
    new = ids[None]  # (1, T)
    for _ in range(limit):
        logits = model.logits(model.hidden(new, cache=cache)[0, -1])  # (V,)
        tokens.append(draw(logits, sampling, generator))
        if tokens[-1] == stop:
            break
        new = torch.tensor([tokens[-1:]], device=ids.device)
    return tokens


def most_tokens(model: DeltaModel, given: int, asked: int) -> int:
    """How many of `asked` tokens can follow `given` ones: the last one is not read, so it may lie past block_size.

    Raises:
        ModelError: nothing is given, or more than the model sees.
    """
    most = model.config.block_size
    if not 1 <= given <= most:
        raise ModelError(f"The model continues 1 to {most} tokens, not {given}.")
    return min(asked, most - given + 1)


def draw(logits: Tensor, sampling: Sampling, generator: torch.Generator | None = None) -> int:
    """One token from logits (V,)."""
    if sampling.temperature == 0:
        return int(logits.argmax())
    return int(torch.multinomial(distribution(logits, sampling), 1, generator=generator))


def distribution(logits: Tensor, sampling: Sampling) -> Tensor:
    """The probabilities that tokens are drawn with, from logits (..., V) to the same; zero outside the nucleus."""
    if sampling.temperature == 0:
        return torch.zeros_like(logits, dtype=torch.float32).scatter_(-1, logits.argmax(-1, keepdim=True), 1)
    probabilities = (logits.float() / sampling.temperature).softmax(-1)
    if sampling.top_p == 1:
        return probabilities
    ordered, tokens = probabilities.sort(-1, descending=True)
    # A token is in the nucleus when those before it have not yet reached top_p: the first always is.
    ordered[ordered.cumsum(-1) - ordered >= sampling.top_p] = 0
    return torch.zeros_like(probabilities).scatter_(-1, tokens, ordered / ordered.sum(-1, keepdim=True))
