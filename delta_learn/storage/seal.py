"""The key of this machine and everything derived from it: HKDF-SHA256 (RFC 5869) and HMAC-SHA256."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from delta_learn.errors import StorageError
from delta_learn.storage.atomic import OPEN_TO_OTHERS, create_file, open_private

KEY_BYTES = 32
KEY_ID_BYTES = 8


class Keyring:
    """Sub-keys by purpose; the master key itself is used for nothing else."""

    def __init__(self, master: bytes) -> None:
        self._master = master
        self.key_id = self._expand("key id", b"")[:KEY_ID_BYTES]
        """Tells keys apart without saying anything about them."""

    @classmethod
    def load(cls, path: Path) -> Keyring:
        """Read the key.

        Raises:
            UnsafeFileError: others can read or write it, or it belongs to another user.
            StorageError: it is missing or has not 32 bytes.
        """
        fd = open_private(path, forbidden=OPEN_TO_OTHERS)
        with os.fdopen(fd, "rb") as file:
            master = file.read(KEY_BYTES + 1)
        if len(master) != KEY_BYTES:
            raise StorageError(
                f"{path} is damaged: a key has {KEY_BYTES} bytes; put it back from a backup, "
                "without it nothing that was recorded can be read."
            )
        return cls(master)

    @classmethod
    def load_or_create(cls, path: Path) -> Keyring:
        """Read the key, made from 32 random bytes where there is none; two processes get the same one.

        Raises:
            StorageError: as `load`, or it cannot be written.
        """
        create_file(path, secrets.token_bytes(KEY_BYTES))
        return cls.load(path)

    def derive(self, purpose: str, salt: bytes) -> bytes:
        """A 32-byte key for one purpose and, by `salt`, one file."""
        return self._expand(f"derive {purpose}", salt)

    def digest(self, purpose: str, data: bytes) -> bytes:
        """HMAC-SHA256 of `data`, 32 bytes, under a key of its own for each purpose."""
        return hmac.digest(self._expand(f"digest {purpose}", b""), data, hashlib.sha256)

    def _expand(self, info: str, salt: bytes) -> bytes:
        return HKDF(SHA256(), 32, salt, f"delta_learn {info}".encode()).derive(self._master)
