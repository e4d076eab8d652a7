"""DeltaModel: a small decoder-only transformer over shell tokens."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 (PyTorch's own name for it)
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from delta_learn.errors import ModelError
from delta_learn.model.attention import Attention, Mask, cached_mask, rms_norm, rope_table, session_mask
from delta_learn.model.cache import KVCache
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.generate import Sampling, generate


class MLP(nn.Module):
    """Two linear layers around ReLU squared (arXiv 2109.08668)."""

    def __init__(self, config: DeltaModelConfig) -> None:
        super().__init__()
        hidden = config.mlp_ratio * config.n_embed
        self.up = nn.Linear(config.n_embed, hidden, bias=config.bias)
        self.down = nn.Linear(hidden, config.n_embed, bias=config.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, n_embed) to the same."""
        out: Tensor = self.down(F.relu(self.up(x)).square())
        return out


class Block(nn.Module):
    """Attention, then MLP, each added to the normalised stream that it reads."""

    def __init__(self, config: DeltaModelConfig, layer: int) -> None:
        super().__init__()
        self.attention = Attention(config, layer)
        self.mlp = MLP(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, rope: tuple[Tensor, Tensor], mask: Mask, cache: KVCache | None) -> Tensor:
        """(B, T, n_embed) to the same."""
        x = x + self.dropout(self.attention(rms_norm(x), rope, mask, cache))
        out: Tensor = x + self.dropout(self.mlp(rms_norm(x)))
        return out


class DeltaModel(nn.Module):
    """Ids in, logits of the next token out; the embedding is also the output layer (arXiv 1608.05859)."""

    cosine: Tensor
    sine: Tensor

    def __init__(self, config: DeltaModelConfig) -> None:
        super().__init__()
        self.config = config
        self.recompute = False
        """Whether the backward pass computes the insides of blocks anew, for memory (arXiv 1604.06174)."""
        self.embedding = nn.Embedding(config.vocab_size, config.n_embed)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config, layer) for layer in range(config.n_layer))
        cosine, sine = rope_table(config)
        self.register_buffer("cosine", cosine, persistent=False)
        self.register_buffer("sine", sine, persistent=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights from torch's generator. Blocks begin as the identity: what they add is zero."""
        nn.init.normal_(self.embedding.weight, std=0.02)
        for name, module in self.named_modules():
            if isinstance(module, nn.Linear):
                adds_to_stream = name.endswith(("attention.out", "mlp.down"))
                nn.init.normal_(module.weight, std=0.0 if adds_to_stream else module.in_features**-0.5)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, ids: Tensor, segments: Tensor | None = None, cache: KVCache | None = None) -> Tensor:
        """Logits (B, T, vocab_size) of the token after each of `ids` (B, T) int64; arguments as `hidden`."""
        return self.logits(self.hidden(ids, segments, cache))

    def hidden(self, ids: Tensor, segments: Tensor | None = None, cache: KVCache | None = None) -> Tensor:
        """The normalised stream (B, T, n_embed) after the last block.

        Args:
            ids: (B, T) int64; with a cache, the tokens that follow what is in it.
            segments: (B, T) int; tokens of different segments do not see each other, -1 is padding.
                Positions run on along the row and do not restart: RoPE makes only their differences count.
            cache: filled with these tokens.

        Raises:
            ModelError: more tokens than block_size or than the cache holds, or segments with a cache.
        """
        start = 0 if cache is None else cache.length
        end = start + ids.size(1)
        if end > self.config.block_size:
            raise ModelError(f"{end} tokens are more than the model's block_size ({self.config.block_size}).")
        if segments is not None and cache is not None:
            raise ModelError("A cached context is one segment: give segments or a cache, not both.")
        mask = None if segments is None else session_mask(segments, self.config.head_dim)
        return self.hidden_at(ids, slice(start, end), mask, cache)

    def hidden_at(self, ids: Tensor, positions: slice | Tensor, mask: Mask, cache: KVCache | None = None) -> Tensor:
        """`hidden` for tokens that need not be a row: a tree of continuations, say.

        Args:
            ids: (B, T) int64.
            positions: (T,) of the tokens, each below block_size.
            mask: what each token sees, for T queries and cached + T keys; None: all that is cached and, of
                each other, what comes before.
            cache: filled with these tokens.

        Raises:
            ModelError: the cache has no room for them.
        """
        batch, tokens = ids.shape
        if cache is not None:
            cache.check_room(batch, tokens)
            if mask is None and cache.length > 0 and tokens > 1:
                mask = cached_mask(cache.length, tokens, ids.device)
        rope = self.cosine[positions], self.sine[positions]
        x = self.dropout(rms_norm(self.embedding(ids)))  # (B, T, n_embed)
        recompute = self.recompute and cache is None and torch.is_grad_enabled()
        for block in self.blocks:
            if recompute:
                x = checkpoint(block, x, rope, mask, None, use_reentrant=False)
            else:
                x = block(x, rope, mask, cache)
        if cache is not None:
            cache.advance(tokens)
        return rms_norm(x)

    def logits(self, hidden: Tensor) -> Tensor:
        """(..., n_embed) to (..., vocab_size)."""
        return F.linear(hidden, self.embedding.weight)

    def generate(
        self,
        ids: Tensor,
        max_tokens: int,
        *,
        sampling: Sampling | None = None,
        stop: int | None = None,
        generator: torch.Generator | None = None,
    ) -> list[int]:
        """`generate.generate` with this model."""
        return generate(self, ids, max_tokens, sampling=sampling or Sampling(), stop=stop, generator=generator)

    def parameter_count(self) -> int:
        """Number of weights; the shared embedding counts once."""
        return sum(parameter.numel() for parameter in self.parameters())
