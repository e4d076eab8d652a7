"""header.py: what a file is, and which error says that it is something else."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

import pytest

from delta_learn.errors import DamagedFileError, StorageError, WrongKeyError
from delta_learn.storage.header import Header
from delta_learn.storage.seal import Keyring

PATH = Path("somewhere/file.bin")


def _parse(encoded: bytes, keyring: Keyring) -> Header:
    with mmap.mmap(-1, len(encoded)) as data:
        data.write(encoded)
        return Header.parse(PATH, data, keyring)


@pytest.mark.parametrize("immutable", [True, False])
def test_round_trip(keyring: Keyring, immutable: bool) -> None:
    header = Header.new("checkpoint", "commands_2026-11-22 é", immutable=immutable, keyring=keyring)
    assert _parse(header.encoded, keyring) == header
    assert _parse(header.encoded + b"blocks", keyring) == header


def test_no_two_files_are_alike(keyring: Keyring) -> None:
    first, second = (Header.new("raw", "same", immutable=False, keyring=keyring) for _ in range(2))
    assert first.file_id != second.file_id
    assert first.encoded != second.encoded


def test_another_key_is_told_from_damage(keyring: Keyring) -> None:
    header = Header.new("raw", "label", immutable=False, keyring=keyring)
    with pytest.raises(WrongKeyError, match=r"file\.bin was sealed with another key"):
        _parse(header.encoded, Keyring(b"other" * 8))


def test_a_newer_format_asks_for_an_update(keyring: Keyring) -> None:
    encoded = bytearray(Header.new("raw", "label", immutable=False, keyring=keyring).encoded)
    struct.pack_into(">H", encoded, 8, 2)
    with pytest.raises(StorageError, match=r"file\.bin was written by a newer delta_learn .*: update") as caught:
        _parse(bytes(encoded), keyring)
    assert not isinstance(caught.value, DamagedFileError)


@pytest.mark.parametrize("content", [b"x", b"#!/bin/sh\n" * 20, b"\0" * 200])
def test_another_kind_of_file_is_no_file_of_ours(keyring: Keyring, content: bytes) -> None:
    with pytest.raises(DamagedFileError, match=r"file\.bin is (no file|cut)"):
        _parse(content, keyring)


def test_kind_and_label_are_compared(keyring: Keyring) -> None:
    header = Header.new("tokens", "tokenized_2026-11", immutable=True, keyring=keyring)
    header.expect(PATH, "tokens", None)
    header.expect(PATH, "tokens", "tokenized_2026-11")
    with pytest.raises(DamagedFileError, match=r"file\.bin holds another kind of data \(tokens, not model\)"):
        header.expect(PATH, "model", None)
    with pytest.raises(DamagedFileError, match=r"file\.bin is another file .*tokenized_2026-11"):
        header.expect(PATH, "tokens", "tokenized_2026-12")
