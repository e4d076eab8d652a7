"""The shape of the model: the specification's field names and defaults, plus those of a modern decoder."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from typing import Any, Protocol

from delta_learn.errors import ModelError


class NumberFormat(Protocol):
    """A dtype of torch's or of numpy's."""

    @property
    def itemsize(self) -> int:
        """Bytes of one number."""


@dataclass(frozen=True, slots=True)
class DeltaModelConfig:
    """Sizes of a decoder-only transformer.

    Raises:
        ModelError: the sizes do not fit together.
    """

    block_size: int = 256
    """Most tokens that one pass can see."""
    vocab_size: int = 8192
    n_layer: int = 6
    n_head: int = 6
    n_embed: int = 384
    dropout: float = 0.1
    """Of the embeddings and of what each block adds."""
    bias: bool = False
    """Of the linear layers."""
    n_kv_head: int | None = None
    """Heads of keys and values (GQA, arXiv 2305.13245); None: as many as n_head."""
    rope_theta: float = 10_000.0
    """Base of the wavelengths of the rotary positions (arXiv 2104.09864)."""
    mlp_ratio: int = 4
    """Width of the MLP's hidden layer, in n_embed."""

    def __post_init__(self) -> None:
        for name in ("block_size", "vocab_size", "n_layer", "n_head", "n_embed", "kv_heads", "mlp_ratio"):
            _check(getattr(self, name) >= 1, f"{name} must be at least 1, not {getattr(self, name)}.")
        _check(
            self.n_embed % (2 * self.n_head) == 0,
            f"n_embed ({self.n_embed}) must be a multiple of twice n_head ({self.n_head}): "
            "RoPE turns pairs of a head's channels.",
        )
        _check(
            self.n_head % self.kv_heads == 0,
            f"n_head ({self.n_head}) must be a multiple of n_kv_head ({self.kv_heads}).",
        )
        _check(0 <= self.dropout < 1, f"dropout must be in [0, 1), not {self.dropout}.")
        _check(self.rope_theta > 1, f"rope_theta must be above 1, not {self.rope_theta}.")

    @property
    def head_dim(self) -> int:
        """Channels of one head."""
        return self.n_embed // self.n_head

    @property
    def kv_heads(self) -> int:
        """n_kv_head with its default filled in."""
        return self.n_head if self.n_kv_head is None else self.n_kv_head

    def kv_bytes_per_token(self, dtype: NumberFormat) -> int:
        """Bytes that one token takes in a KV cache of `dtype`, all layers together."""
        return 2 * self.n_layer * self.kv_heads * self.head_dim * dtype.itemsize

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for the model file."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> DeltaModelConfig:
        """The inverse of `to_dict`; missing fields get their defaults.

        Raises:
            ModelError: a field that this version does not know, of the wrong type, or sizes that do not fit.
        """
        types = {field.name: field.type for field in dataclasses.fields(cls)}
        for name, value in data.items():
            _check(
                name in types,
                f"The model has a field {name!r} that this delta_learn does not know: update it.",
            )
            _check(_has_type(value, str(types[name])), f"{name} must be of type {types[name]}, not {value!r}.")
        return cls(**data)


def small(vocab_size: int = 2048) -> DeltaModelConfig:
    """2.2M parameters: trained within minutes on two CPU cores."""
    return DeltaModelConfig(vocab_size=vocab_size, n_layer=4, n_head=6, n_embed=192)


def base(vocab_size: int = 8192) -> DeltaModelConfig:
    """The specification's model: 13.8M parameters."""
    return DeltaModelConfig(vocab_size=vocab_size)


def small_gqa(vocab_size: int = 2048) -> DeltaModelConfig:
    """`small` with 2 key/value heads, so with a third of its KV cache: 2.0M parameters."""
    return replace(small(vocab_size), n_kv_head=2)


def base_gqa(vocab_size: int = 8192) -> DeltaModelConfig:
    """`base` with 2 key/value heads, so with a third of its KV cache: 12.6M parameters."""
    return replace(base(vocab_size), n_kv_head=2)


def large(vocab_size: int = 8192) -> DeltaModelConfig:
    """351.3M parameters, for shared machines with GPUs; 20 kB of KV cache a token in bf16, a fifth by GQA.

    Heads of 128 channels, which is what flash attention computes best. No dropout: it is for corpora that are read
    once or twice.
    """
    return DeltaModelConfig(
        block_size=2048, vocab_size=vocab_size, n_layer=20, n_head=10, n_kv_head=2, n_embed=1280, dropout=0.0
    )


def preset(name: str, vocab_size: int) -> DeltaModelConfig:
    """The preset called `name`.

    Raises:
        ModelError: there is none of this name.
    """
    presets = {"small": small, "base": base, "large": large, "small-gqa": small_gqa, "base-gqa": base_gqa}
    _check(name in presets, f"There is no preset {name!r}: choose {' or '.join(presets)}.")
    return presets[name](vocab_size)


def _check(holds: bool, message: str) -> None:
    if not holds:
        raise ModelError(message)


def _has_type(value: Any, declared: str) -> bool:
    if isinstance(value, bool):
        return declared == "bool"
    accepted: dict[str, tuple[type, ...]] = {
        "bool": (bool,),
        "int": (int,),
        "int | None": (int, type(None)),
        "float": (int, float),
    }
    return isinstance(value, accepted[declared])
