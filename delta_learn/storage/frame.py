"""The frames of a block file: one sealed block each, AES-256-GCM of lz4 of a msgpack list."""

from __future__ import annotations

import mmap
import secrets
import struct
import zlib
from pathlib import Path
from typing import Any

import lz4.block
import msgpack
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from delta_learn.errors import StorageError
from delta_learn.storage.header import Header, damaged
from delta_learn.storage.seal import Keyring

MAX_BLOCK_BYTES = 1 << 30
"""Of one sealed block; a greater length in a file is damage."""
TAG_BYTES = 16
_CHUNK_BYTES = 1 << 16

_BODY = struct.Struct(">I12s")  # length of the sealed block, nonce
_CRC = struct.Struct(">I")  # of these two: a flipped length is an error, not a torn tail
PREFIX_BYTES = _BODY.size + _CRC.size

_PLACE = struct.Struct(">Q?")  # block number, is it the footer


class BlockCipher:
    """Seals and opens the blocks of one file; a block opens only in its file and at its place."""

    def __init__(self, path: Path, header: Header, keyring: Keyring) -> None:
        self._path = path
        self._header = header.encoded
        self._aead = AESGCM(keyring.derive(header.kind, header.file_id))

    def seal(self, number: int, records: list[Any], *, footer: bool = False) -> bytes:
        """The frame of block `number`.

        Raises:
            StorageError: it would have more than MAX_BLOCK_BYTES.
        """
        compressed = lz4.block.compress(_pack(records))
        length = len(compressed) + TAG_BYTES
        if length > MAX_BLOCK_BYTES:
            raise StorageError(f"A block of {length} bytes is too large for {self._path}: write smaller blocks.")
        nonce = secrets.token_bytes(12)
        body = _BODY.pack(length, nonce)
        sealed = self._aead.encrypt(nonce, compressed, self._associated(number, footer))
        return body + _CRC.pack(zlib.crc32(body)) + sealed

    def open(self, number: int, frame: bytes, *, footer: bool = False) -> list[Any]:
        """The records of block `number`; msgpack gives lists for tuples.

        Raises:
            DamagedFileError: the frame is not what `seal` made for this place of this file.
        """
        if sealed_length(frame, 0) != len(frame) - PREFIX_BYTES:
            raise damaged(self._path, f"has a damaged frame at {_name(number, footer)}")
        _, nonce = _BODY.unpack_from(frame)
        try:
            compressed = self._aead.decrypt(nonce, memoryview(frame)[PREFIX_BYTES:], self._associated(number, footer))
        except InvalidTag as error:
            raise damaged(self._path, f"does not verify at {_name(number, footer)}") from error
        packed = lz4.block.decompress(compressed)
        records: list[Any] = msgpack.unpackb(packed, unicode_errors="surrogateescape", strict_map_key=False)
        return records

    def _associated(self, number: int, footer: bool) -> bytes:
        return self._header + _PLACE.pack(number, footer)


def _pack(records: list[Any]) -> bytes:
    # The error handler costs 70 % more time, also where it has nothing to do.
    try:
        packed: bytes = msgpack.packb(records)
    except UnicodeEncodeError:
        packed = msgpack.packb(records, unicode_errors="surrogateescape")
    return packed


def _name(number: int, footer: bool) -> str:
    return "its footer" if footer else f"block {number}"


def sealed_length(data: bytes | mmap.mmap, offset: int) -> int | None:
    """Length of the sealed block whose frame begins at `offset` of a buffer; None where no intact prefix is.

    Nothing of that length is allocated: the caller compares it with what is there.
    """
    prefix = data[offset : offset + PREFIX_BYTES]
    if len(prefix) < PREFIX_BYTES:
        return None
    length: int = _BODY.unpack_from(prefix)[0]
    (crc,) = _CRC.unpack_from(prefix, _BODY.size)
    intact = crc == zlib.crc32(prefix[: _BODY.size]) and TAG_BYTES < length <= MAX_BLOCK_BYTES
    return length if intact else None


def start_of_zeros(data: mmap.mmap) -> int:
    """Where the run of zero bytes at the end begins; the length where there is none."""
    end = len(data)
    while end:
        start = max(0, end - _CHUNK_BYTES)
        kept = data[start:end].rstrip(b"\0")
        if kept:
            return start + len(kept)
        end = start
    return 0
