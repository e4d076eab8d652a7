"""Tokenizer: text to ids and back, exactly, for every string and every byte string."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from delta_learn.errors import ModelError
from delta_learn.tokenizer.symbols import HOME, HOST, LAYOUT, SURROGATE, SYMBOLS, USER
from delta_learn.tokenizer.training import RESERVED, train_model

_MAGIC = b"delta-tokenizer"
_HEADER = len(_MAGIC) + 1
_DIGEST = hashlib.sha256().digest_size
_SURROGATE_BYTES = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")


class Normalizer(Protocol):
    """What differs from machine to machine and gets a symbol: home directory, user name, host name."""

    @property
    def home(self) -> str: ...  # noqa: D102
    @property
    def user(self) -> str: ...  # noqa: D102
    @property
    def host(self) -> str: ...  # noqa: D102

    def split(self, text: str) -> list[tuple[str | None, str]]:
        """Pieces of (symbol or None, literal text); the literals joined are `text`."""
        ...


class Tokenizer:
    """A SentencePiece unigram model, the control symbols, and the machine's normaliser.

    Command text reaches SentencePiece only where it is plain: control characters, SentencePiece's own marks
    and bytes that are not UTF-8 are spelled in byte pieces, and symbols come from the normaliser and from
    `symbol` alone. So nothing that is typed yields a symbol, and decoding gives the text back exactly.
    """

    def __init__(self, model: bytes, normalizer: Normalizer | None = None) -> None:
        """Use `train` or `from_bytes`."""
        import sentencepiece

        self._model = model
        self._normalizer = normalizer
        self._pieces = sentencepiece.SentencePieceProcessor(model_proto=model)
        self._symbols: dict[str, int] = {name: self._pieces.piece_to_id(name) for name in SYMBOLS}
        self._byte_ids: list[int] = [self._pieces.piece_to_id(f"<0x{byte:02X}>") for byte in range(256)]
        self._bytes: list[bytes] = [self._spelling(piece) for piece in range(self._pieces.vocab_size())]
        self._places: dict[str, str] = {}
        if normalizer is not None:
            self._places = {HOME: normalizer.home, USER: normalizer.user, HOST: normalizer.host}
        for name, literal in self._places.items():
            self._bytes[self._symbols[name]] = literal.encode("utf-8", "surrogateescape")

    @classmethod
    def train(cls, lines: Iterable[str], *, vocab_size: int = 2048, normalizer: Normalizer | None = None) -> Tokenizer:
        """Train on command lines and the packaged word list; the same lines give the same tokenizer.

        Raises:
            ModelError: `vocab_size` is out of range.
        """
        return cls(train_model(_literals(lines, normalizer), vocab_size), normalizer)

    @classmethod
    def from_bytes(cls, data: bytes, normalizer: Normalizer | None = None) -> Tokenizer:
        """The inverse of `to_bytes`; the normaliser is this machine's and is not stored.

        Raises:
            ModelError: damaged, not a tokenizer, or made by a version with other symbols.
        """
        if len(data) < _HEADER + _DIGEST or not data.startswith(_MAGIC):
            raise ModelError("This is no tokenizer of delta_learn; run `delta-learn train` to make one.")
        layout, digest, model = (
            data[_HEADER - 1],
            data[_HEADER : _HEADER + _DIGEST],
            data[_HEADER + _DIGEST :],
        )
        if layout != LAYOUT:
            raise ModelError(
                f"The tokenizer has token layout {layout}, this version of delta_learn uses {LAYOUT}; "
                "run `delta-learn train` to make a new one."
            )
        if digest != _digest(model):
            raise ModelError("The tokenizer is damaged; run `delta-learn train` to make a new one.")
        return cls(model, normalizer)

    def to_bytes(self) -> bytes:
        """Magic, layout version, SHA-256 of what follows, serialised SentencePiece model."""
        return _MAGIC + bytes([LAYOUT]) + _digest(self._model) + self._model

    @property
    def version(self) -> str:
        """Names the layout and the pieces: equal for equal ids."""
        return f"{LAYOUT}-{_digest(self._model).hex()[:12]}"

    @property
    def vocab_size(self) -> int:
        """Number of ids, symbols and byte pieces included."""
        return len(self._bytes)

    def symbol(self, name: str) -> int:
        """The id of a control symbol; KeyError for any other name."""
        return self._symbols[name]

    def piece_bytes(self, token: int) -> bytes:
        """The bytes that a token id stands for; b"" for symbols but those of the normaliser."""
        return self._bytes[token]

    def encode(self, text: str | bytes) -> list[int]:
        """The ids of a text; bytes may be any, str may hold any surrogate."""
        if isinstance(text, bytes):
            text = text.decode("utf-8", "surrogateescape")
        if self._normalizer is None:
            return self._encode_literal(text)
        ids: list[int] = []
        for symbol, literal in self._normalizer.split(text):
            if symbol is not None and self._places.get(symbol) == literal:
                ids.append(self._symbols[symbol])
            else:
                ids.extend(self._encode_literal(literal))
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids; symbols are passed over, bytes that are not UTF-8 become surrogates (PEP 383)."""
        parts: list[str] = []
        start = 0
        for mark in [place for place, token in enumerate(ids) if token == self._symbols[SURROGATE]]:
            parts.append(self._decode_plain(ids[start:mark]))
            parts.append(self._decode_surrogate(ids[mark + 1 : mark + 4]))
            start = mark + 1 + 3 * len(parts[-1])
        parts.append(self._decode_plain(ids[start:]))
        return "".join(parts)

    def decode_bytes(self, ids: Sequence[int]) -> bytes:
        """The bytes of ids, also where they are no UTF-8; surrogates without a byte as three bytes."""
        return _to_bytes(self.decode(ids))

    def _encode_literal(self, text: str) -> list[int]:
        ids: list[int] = []
        start = 0
        for match in RESERVED.finditer(text):
            ids.extend(self._pieces.encode(text[start : match.start()]))
            ids.extend(self._encode_reserved(match[0]))
            start = match.end()
        ids.extend(self._pieces.encode(text[start:]))
        return ids

    def _encode_reserved(self, text: str) -> list[int]:
        data = _to_bytes(text)
        if data.decode("utf-8", "surrogateescape") == text:
            return [self._byte_ids[byte] for byte in data]
        # Surrogates whose bytes would decode to something else: each is spelled on its own, marked.
        ids: list[int] = []
        for character in text:
            if "\ud800" <= character <= "\udfff":
                ids.append(self._symbols[SURROGATE])
            ids.extend(self._byte_ids[byte] for byte in character.encode("utf-8", "surrogatepass"))
        return ids

    def _decode_plain(self, ids: Sequence[int]) -> str:
        return b"".join([self._bytes[token] for token in ids]).decode("utf-8", "surrogateescape")

    def _decode_surrogate(self, ids: Sequence[int]) -> str:
        """The surrogate that three byte pieces spell; "" where a model wrote something else."""
        data = b"".join([self._bytes[token] for token in ids])
        return data.decode("utf-8", "surrogatepass") if _SURROGATE_BYTES.fullmatch(data) else ""

    def _spelling(self, piece: int) -> bytes:
        if self._pieces.is_control(piece) or self._pieces.is_unknown(piece):
            return b""
        text: str = self._pieces.id_to_piece(piece)
        if self._pieces.is_byte(piece):
            return bytes.fromhex(text[len("<0x") : -1])
        return text.replace("\u2581", " ").encode()


def _literals(lines: Iterable[str], normalizer: Normalizer | None) -> Iterable[str]:
    """The texts to learn pieces from: what the normaliser leaves of the lines."""
    if normalizer is None:
        return lines
    return (literal for line in lines for symbol, literal in normalizer.split(line) if symbol is None)


def _to_bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return b"".join(_character_bytes(character) for character in text)


def _character_bytes(character: str) -> bytes:
    escaped = "\udc80" <= character <= "\udcff"
    return character.encode("utf-8", "surrogateescape" if escaped else "surrogatepass")


def _digest(model: bytes) -> bytes:
    return hashlib.sha256(bytes([LAYOUT]) + model).digest()
