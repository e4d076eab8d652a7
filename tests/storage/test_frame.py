"""frame.py: a block opens only as it was sealed and where it was sealed."""

from __future__ import annotations

import mmap
import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest

from delta_learn.errors import DamagedFileError, StorageError
from delta_learn.storage import frame
from delta_learn.storage.frame import MAX_BLOCK_BYTES, BlockCipher, sealed_length, start_of_zeros
from delta_learn.storage.header import Header
from delta_learn.storage.seal import Keyring

PATH = Path("somewhere/file.bin")


@pytest.fixture
def header(keyring: Keyring) -> Header:
    return Header.new("raw", "label", immutable=False, keyring=keyring)


@pytest.fixture
def cipher(header: Header, keyring: Keyring) -> BlockCipher:
    return BlockCipher(PATH, header, keyring)


def test_a_block_opens_at_its_own_place_only(cipher: BlockCipher) -> None:
    sealed = cipher.seal(3, ["a", 1])
    assert cipher.open(3, sealed) == ["a", 1]
    with pytest.raises(DamagedFileError, match=r"file\.bin does not verify at block 2"):
        cipher.open(2, sealed)
    with pytest.raises(DamagedFileError, match=r"file\.bin does not verify at its footer"):
        cipher.open(3, sealed, footer=True)


def test_a_block_opens_in_its_own_file_only(cipher: BlockCipher, keyring: Keyring) -> None:
    twin = BlockCipher(PATH, Header.new("raw", "label", immutable=False, keyring=keyring), keyring)
    with pytest.raises(DamagedFileError, match="does not verify"):
        twin.open(0, cipher.seal(0, ["a"]))


def test_equal_blocks_never_look_equal(cipher: BlockCipher) -> None:
    first, second = cipher.seal(0, ["a"]), cipher.seal(0, ["a"])
    assert first[4:16] != second[4:16], "the nonce was used twice"
    assert first[20:] != second[20:]


def test_nothing_readable_is_left(cipher: BlockCipher) -> None:
    assert b"readable" not in cipher.seal(0, ["readable"])


@pytest.mark.parametrize("change", [-1, 1])
def test_a_frame_of_another_length_is_damaged(cipher: BlockCipher, change: int) -> None:
    sealed = cipher.seal(0, ["a"])
    with pytest.raises(DamagedFileError, match=r"file\.bin has a damaged frame at block 0"):
        cipher.open(0, sealed[:-1] if change < 0 else sealed + b"\0")


def test_too_large_a_block_is_refused_before_it_is_written(
    cipher: BlockCipher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame, "MAX_BLOCK_BYTES", 100)
    with pytest.raises(StorageError, match=r"too large for .*file\.bin: write smaller blocks"):
        cipher.seal(0, [bytes(range(200))])


@pytest.mark.parametrize("length", [0, 16, MAX_BLOCK_BYTES + 1, 2**32 - 1])
def test_impossible_lengths_are_not_intact(length: int) -> None:
    assert sealed_length(_prefix(length), 0) is None


def test_lengths_are_read_without_allocating_them() -> None:
    tracemalloc.start()
    assert sealed_length(_prefix(MAX_BLOCK_BYTES), 0) == MAX_BLOCK_BYTES
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000


def _prefix(length: int) -> bytes:
    body = struct.pack(">I12s", length, b"nonce")
    return body + struct.pack(">I", zlib.crc32(body))


@pytest.mark.parametrize("content", [b"", b"\1", b"a\0b"])
@pytest.mark.parametrize("zeros", [1, 65_535, 65_536, 200_000])
def test_start_of_zeros(content: bytes, zeros: int) -> None:
    with mmap.mmap(-1, len(content) + zeros) as data:
        data.write(content)
        assert start_of_zeros(data) == len(content)
