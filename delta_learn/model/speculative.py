"""Speculative decoding: a draft proposes tokens, the model reads all of them in one pass and keeps those it would draw.

The output has exactly the distribution of the model alone (arXiv 2211.17192, 2302.01318); a bad draft costs time only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import torch
from torch import Tensor

from delta_learn.model.cache import KVCache
from delta_learn.model.generate import Sampling, distribution, most_tokens

if TYPE_CHECKING:
    from delta_learn.model.gpt import DeltaModel


class Proposal(NamedTuple):
    """Tokens that may come next, of one row or of a batch of rows."""

    tokens: Tensor
    """(..., k) int64, k may be 0."""
    probabilities: Tensor
    """(..., k, V): what each was drawn from, given those before it."""


class Draft(Protocol):
    """What guesses cheaply how a row goes on."""

    def propose(
        self, row: Sequence[int], count: int, sampling: Sampling, generator: torch.Generator | None
    ) -> Proposal:
        """At most `count` tokens after `row`; of successive calls for one text each row begins with the one before."""


@dataclass(frozen=True, slots=True)
class Speculation:
    """What came of `speculate`."""

    tokens: list[int]
    passes: int
    """Of the model; without a draft it would be one a token."""
    proposed: int
    accepted: int


def accept(proposal: Proposal, target: Tensor, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
    """Keep of each row's proposal what the model would have drawn, and draw the token after it.

    A token drawn from q is kept with probability min(1, p / q). Instead of the first that is not, one is drawn from
    what p has over q there, max(0, p - q) scaled to 1; after a proposal that is kept whole, one from p.

    Args:
        proposal: k tokens a row, with the q that they were drawn from.
        target: (..., k + 1, V), the model's p after the row and after each of the k tokens.
        generator: of the draws.

    Returns:
        how many of the proposed tokens are kept (...,), and the token that follows them (...,), both int64.
    """
    tokens, drafted = proposal
    wanted, had = (
        probabilities.gather(-1, tokens[..., None]).squeeze(-1) for probabilities in (target[..., :-1, :], drafted)
    )  # (..., k)
    draws = torch.rand(had.shape, generator=generator, device=had.device)
    kept = (draws * had < wanted).long().cumprod(-1).sum(-1)  # (...,)
    nothing = torch.zeros_like(target[..., :1, :])
    place = kept[..., None, None].expand_as(nothing)  # (..., 1, V)
    over = (target - torch.cat((drafted, nothing), -2)).clamp(min=0).gather(-2, place).squeeze(-2)  # (..., V)
    # p and q that differ by rounding alone can reject a token and leave nothing.
    over = torch.where(over.sum(-1, keepdim=True) > 0, over, target.gather(-2, place).squeeze(-2))
    token = torch.multinomial(over.flatten(0, -2) if over.dim() > 1 else over, 1, generator=generator)
    return kept, token.view(kept.shape)


@torch.inference_mode()
def speculate(
    model: DeltaModel,
    ids: Tensor,
    max_tokens: int,
    draft: Draft,
    *,
    ahead: int = 4,
    sampling: Sampling = Sampling(),
    stop: int | None = None,
    generator: torch.Generator | None = None,
) -> Speculation:
    """Continue `ids` (T,) int64 as `generate` does, with at most `ahead` proposed tokens a pass.

    Raises:
        ModelError: `ids` is empty or longer than block_size.
    """
    limit = most_tokens(model, ids.numel(), max_tokens)
    cache = KVCache(model.config, device=ids.device, dtype=model.embedding.weight.dtype)
    row = ids.tolist()
    given, passes, proposed, accepted = len(row), 0, 0, 0
    while len(row) - given < limit and (len(row) == given or row[-1] != stop):
        proposal = draft.propose(row, min(ahead, limit - (len(row) - given) - 1), sampling, generator)
        kept, token = accept(proposal, _read(model, cache, row, proposal.tokens, sampling), generator)
        new = [*proposal.tokens[: int(kept)].tolist(), int(token)]
        cache.truncate(len(row) + int(kept))
        row += new[: new.index(stop) + 1] if stop in new else new
        passes, proposed, accepted = passes + 1, proposed + len(proposal.tokens), accepted + int(kept)
    return Speculation(row[given:], passes, proposed, accepted)


def _read(model: DeltaModel, cache: KVCache, row: Sequence[int], proposed: Tensor, sampling: Sampling) -> Tensor:
    """One pass over what is new of `row` and the proposed tokens: what may follow it and each of them, (k + 1, V)."""
    new = torch.tensor(row[cache.length :], device=proposed.device)
    hidden = model.hidden(torch.cat((new, proposed))[None], cache=cache)[0, len(new) - 1 :]  # (k + 1, n_embed)
    return distribution(model.logits(hidden), sampling)
