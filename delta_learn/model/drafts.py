"""Drafts for speculative decoding: look up how a text went on before; ask a smaller model."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812 (PyTorch's own name for it)

from delta_learn.model.cache import KVCache
from delta_learn.model.generate import Sampling, distribution
from delta_learn.model.speculative import Proposal

if TYPE_CHECKING:
    from delta_learn.model.gpt import DeltaModel


class LookupDraft:
    """What followed the last tokens of the row where they stood before: in the row, else in a longer history.

    Prompt lookup (github.com/apoorvumang/prompt-lookup-decoding): a row that repeats itself costs no second model.
    """

    def __init__(
        self,
        vocab_size: int,
        history: Sequence[int] = (),
        *,
        longest: int = 4,
        device: torch.device | str = "cpu",
    ) -> None:
        """Look for up to `longest` tokens, the most there are; of several places the newest counts.

        `history`: tokens that were there before the row, the newest last.
        """
        self._vocab_size = vocab_size
        self._history = list(history)
        self._lengths = range(longest, 0, -1)
        self._device = device
        self._places = {
            tuple(self._history[end - length : end]): end
            for length in self._lengths
            for end in range(length, len(self._history))
        }

    def propose(
        self,
        row: Sequence[int],
        count: int,
        sampling: Sampling,  # noqa: ARG002 (what stood there is certain, whatever the sampling)
        generator: torch.Generator | None,  # noqa: ARG002
    ) -> Proposal:
        """What stood there, each token with probability 1; nothing where the last token is new."""
        found = self._found(row, count) if count > 0 else []
        tokens = torch.tensor(found, dtype=torch.int64, device=self._device)
        return Proposal(tokens, F.one_hot(tokens, self._vocab_size).float())

    def _found(self, row: Sequence[int], count: int) -> list[int]:
        for length in self._lengths:
            suffix = tuple(row[-length:])
            end = _last_end(row, suffix)
            if end is not None:
                return list(row[end : end + count])
            end = self._places.get(suffix)
            if end is not None:
                return self._history[end : end + count]
        return []


class ModelDraft:
    """A smaller model of the same vocabulary, with keys and values of its own."""

    def __init__(self, model: DeltaModel) -> None:
        """Take `model` as it is, where it is; rows may be no longer than it sees, or it proposes nothing."""
        weight = model.embedding.weight
        self._model = model
        self._cache = KVCache(model.config, device=weight.device, dtype=weight.dtype)
        self._read: list[int] = []
        """The tokens whose keys and values are in the cache."""

    @torch.inference_mode()
    def propose(
        self, row: Sequence[int], count: int, sampling: Sampling, generator: torch.Generator | None
    ) -> Proposal:
        """Tokens drawn one after the other, as the larger model's are."""
        self._roll_back(row)
        tokens: list[int] = []
        probabilities: list[torch.Tensor] = []
        count = min(count, self._model.config.block_size - len(row) + 1)
        for _ in range(count):
            new = [*row, *tokens][len(self._read) :]
            ids = torch.tensor([new], device=self._cache.data.device)
            logits = self._model.logits(self._model.hidden(ids, cache=self._cache)[0, -1])  # (V,)
            self._read += new
            probabilities.append(distribution(logits, sampling))
            tokens.append(int(torch.multinomial(probabilities[-1], 1, generator=generator)))
        if not tokens:
            device, vocab_size = self._cache.data.device, self._model.config.vocab_size
            return Proposal(torch.empty(0, dtype=torch.int64, device=device), torch.empty(0, vocab_size, device=device))
        return Proposal(torch.tensor(tokens, device=self._cache.data.device), torch.stack(probabilities))

    def _roll_back(self, row: Sequence[int]) -> None:
        """Forget what was read but is not in `row`, and its last token: after that one the draft is to say more."""
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(self._read, row[:-1], strict=False)))
        self._cache.truncate(same)
        del self._read[same:]


def _last_end(row: Sequence[int], suffix: tuple[int, ...]) -> int | None:
    """Where `suffix` of `row` last ended before its end."""
    for end in range(len(row) - 1, len(suffix) - 1, -1):
        if tuple(row[end - len(suffix) : end]) == suffix:
            return end
    return None
