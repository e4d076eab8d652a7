"""seal.py: one key a machine, and sub-keys that have nothing to do with each other."""

from __future__ import annotations

import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from delta_learn.errors import StorageError, UnsafeFileError
from delta_learn.storage.seal import Keyring


def test_a_key_is_made_once_private_and_random(tmp_path: Path) -> None:
    path = tmp_path / "state" / "key"
    first = Keyring.load_or_create(path)
    assert Keyring.load_or_create(path).key_id == Keyring.load(path).key_id == first.key_id
    assert (len(path.read_bytes()), stat.S_IMODE(path.stat().st_mode)) == (32, 0o600)
    assert Keyring.load_or_create(tmp_path / "other" / "key").key_id != first.key_id


def test_of_several_creators_all_get_the_same_key(tmp_path: Path) -> None:
    start = threading.Barrier(8)

    def create(_: int) -> bytes:
        start.wait()
        return Keyring.load_or_create(tmp_path / "key").key_id

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(create, range(8)))
    assert len(set(found)) == 1


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_of_another_length_is_damaged_and_kept(tmp_path: Path, length: int) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"x" * length)
    with pytest.raises(StorageError, match="key is damaged"):
        Keyring.load_or_create(path)
    assert path.read_bytes() == b"x" * length


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="key"):
        Keyring.load(tmp_path / "key")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    Keyring.load_or_create(path)
    path.chmod(mode)
    with pytest.raises(UnsafeFileError, match="key is open to other users"):
        Keyring.load_or_create(path)


def test_sub_keys_differ_by_key_purpose_salt_and_use() -> None:
    one, two = Keyring(b"1" * 32), Keyring(b"2" * 32)
    keys = [
        one.derive("raw", b"a"),
        one.derive("raw", b"b"),
        one.derive("model", b"a"),
        two.derive("raw", b"a"),
        one.digest("raw", b"a"),
        one.digest("model", b"a"),
        one.digest("raw", b"b"),
        two.digest("raw", b"a"),
    ]
    assert len(set(keys)) == len(keys)
    assert {len(key) for key in keys} == {32}
    assert one.key_id != two.key_id
    assert len(one.key_id) == 8


def test_derivation_never_changes() -> None:
    """Files of years ago must open: HKDF-SHA256 with this very info."""
    expected = HKDF(SHA256(), 32, b"salt", b"delta_learn derive raw").derive(b"k" * 32)
    assert Keyring(b"k" * 32).derive("raw", b"salt") == expected


def test_the_key_is_in_no_representation() -> None:
    assert "kkkk" not in repr(Keyring(b"k" * 32))
