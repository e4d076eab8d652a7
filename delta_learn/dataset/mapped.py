"""Tokens of a public corpus in a plain file, mapped into memory: for corpora that do not fit there.

Personal tokens are sealed (storage/shards.py) and never come here.

A header, then for every token its id (uint16) and its loss weight (float16), then where each run ends (uint64), all
little-endian. The header ends with the SHA-256 of everything else, itself but for that included.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from delta_learn.dataset.windows import Tokens
from delta_learn.errors import DamagedFileError, ModelError, StorageError
from delta_learn.storage.atomic import replace_file, storage_errors
from delta_learn.storage.shards import TokenRun

MAGIC = b"DLTOKENS"
VERSION = 1

_HEADER = struct.Struct("<8sI32sQQQ")
"""Magic, version, SHA-256 of the origin, tokens, runs, entries."""
_DIGEST_BYTES = 32
_START = _HEADER.size + _DIGEST_BYTES
_TOKEN = np.dtype([("id", "<u2"), ("weight", "<f2")])
_END = np.dtype("<u8")
_CHUNK_BYTES = 1 << 24


def write_tokens(path: Path, runs: Iterable[TokenRun], origin: str) -> None:
    """Write `runs` as they come, one in memory at a time; `path` is replaced whole.

    `origin` says what decides the tokens: the corpus, the tokenizer.

    Raises:
        StorageError: it cannot be written.
    """
    digest, lengths, entries = hashlib.sha256(), [], 0
    with replace_file(path) as file:
        file.write(bytes(_START))
        for run in runs:
            tokens = np.empty(len(run.ids) // 2, dtype=_TOKEN)
            tokens["id"] = np.frombuffer(run.ids, dtype="<u2")
            tokens["weight"] = np.frombuffer(run.weights, dtype="<f2")
            _add(file, digest, tokens.tobytes())
            lengths.append(len(tokens))
            entries += run.entries
        _add(file, digest, np.cumsum(lengths, dtype=_END).tobytes())
        header = _HEADER.pack(MAGIC, VERSION, _name(origin), sum(lengths), len(lengths), entries)
        digest.update(header)
        file.seek(0)
        file.write(header + digest.digest())


def map_tokens(path: Path, origin: str) -> Tokens:
    """The tokens in `path`, read from the file when they are needed; all of it is read once now, to verify it.

    Raises:
        DamagedFileError: it is no such file, a part is missing, or a bit is wrong.
        ModelError: it is of another origin.
        StorageError: it cannot be read, or a newer version wrote it.
    """
    with storage_errors(path), path.open("rb") as file:
        tokens, runs, entries = _verified(path, file, origin)
        file.seek(_start_of_ends(tokens))
        ends = np.fromfile(file, dtype=_END, count=runs)
    # An empty part of a file cannot be mapped.
    mapped = np.memmap(path, _TOKEN, "r", _START, (tokens,)) if tokens else np.empty(0, dtype=_TOKEN)
    return Tokens(mapped["id"], mapped["weight"], ends.astype(np.int64), entries)


def _verified(path: Path, file: BinaryIO, origin: str) -> tuple[int, int, int]:
    """Tokens, runs and entries, as the header counts them."""
    start = file.read(_START)
    if len(start) < _START or not start.startswith(MAGIC):
        raise DamagedFileError(f"{path} is no file of tokens: give another name, or remove it, and it is made again.")
    _, version, name, tokens, runs, entries = _HEADER.unpack(start[: _HEADER.size])
    if version != VERSION:
        raise StorageError(f"{path} has format {version} and this delta_learn knows {VERSION}: update it.")
    digest, size = hashlib.sha256(), _START
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
    digest.update(start[: _HEADER.size])
    if digest.digest() != start[_HEADER.size :] or size != _start_of_ends(tokens) + runs * _END.itemsize:
        raise DamagedFileError(f"{path} is damaged or not whole: remove it, and it is made again.")
    if name != _name(origin):
        raise ModelError(
            f"{path} holds another corpus, or another tokenizer's tokens: remove it, and it is made again."
        )
    return tokens, runs, entries


def _start_of_ends(tokens: int) -> int:
    return _START + tokens * _TOKEN.itemsize


def _add(file: BinaryIO, digest: hashlib._Hash, data: bytes) -> None:
    file.write(data)
    digest.update(data)


def _name(origin: str) -> bytes:
    return hashlib.sha256(origin.encode()).digest()
