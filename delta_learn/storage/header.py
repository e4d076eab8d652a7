"""The header of a block file: what the file is, sealed, so that no other can stand in its place."""

from __future__ import annotations

import hmac
import mmap
import secrets
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from delta_learn.errors import DamagedFileError, StorageError, WrongKeyError
from delta_learn.storage.seal import Keyring

Kind = Literal["raw", "tokens", "tokenizer", "model", "checkpoint", "state"]

MAGIC = b"DELTABLK"
FORMAT_VERSION = 1

# magic, format version, kind, immutable, label length, key id, file id; then the label, then the tag
_FIXED = struct.Struct(">8sH12s?H8s16s")
_TAG_BYTES = 32


def damaged(path: Path, what: str) -> DamagedFileError:
    """The error for a file that does not verify: `what` completes "PATH ..."."""
    return DamagedFileError(
        f"{path} {what}: put it back from a backup, or move it away to go on without what is in it."
    )


@dataclass(frozen=True, slots=True)
class Header:
    """The fields of a header that the rest of the file is bound to."""

    kind: str
    label: str
    immutable: bool
    file_id: bytes
    """16 random bytes, new for every file: the salt of its key."""
    encoded: bytes
    """The header as it lies on disk, tag included."""

    @classmethod
    def new(cls, kind: Kind, label: str, *, immutable: bool, keyring: Keyring) -> Header:
        """The header of a file that does not exist yet."""
        file_id, name = secrets.token_bytes(16), label.encode()
        fixed = _FIXED.pack(MAGIC, FORMAT_VERSION, kind.encode(), immutable, len(name), keyring.key_id, file_id)
        return cls(kind, label, immutable, file_id, fixed + name + _tag(keyring, fixed + name))

    @classmethod
    def parse(cls, path: Path, data: mmap.mmap, keyring: Keyring) -> Header:
        """Read and verify the header at the start of `data`; `path` is for the messages.

        Raises:
            WrongKeyError: the file was sealed with another key.
            StorageError: a newer version of delta_learn wrote it.
            DamagedFileError: anything else that does not verify.
        """
        if len(data) < _FIXED.size:
            raise damaged(path, "is cut inside its header")
        magic, version, kind, immutable, label_bytes, key_id, file_id = _FIXED.unpack(data[: _FIXED.size])
        if magic != MAGIC:
            raise damaged(path, "is no file of delta_learn, or its header is damaged")
        _check_version(path, version)
        _check_key(path, key_id, keyring)
        end = _FIXED.size + label_bytes
        body, tag = data[:end], data[end : end + _TAG_BYTES]
        if not hmac.compare_digest(tag, _tag(keyring, body)):
            raise damaged(path, "has a damaged header")
        label = body[_FIXED.size :].decode()
        return cls(kind.rstrip(b"\0").decode(), label, immutable, file_id, body + tag)

    def expect(self, path: Path, kind: Kind, label: str | None) -> None:
        """Check that this is the file that was asked for, not another one under its name.

        Raises:
            DamagedFileError: the kind differs, or the label where one is given.
        """
        if self.kind != kind:
            raise damaged(path, f"holds another kind of data ({self.kind}, not {kind})")
        if label is not None and self.label != label:
            raise damaged(path, f"is another file under this name (it was written as {self.label})")


def _check_version(path: Path, version: int) -> None:
    if version > FORMAT_VERSION:
        raise StorageError(
            f"{path} was written by a newer delta_learn (format {version}, this one reads {FORMAT_VERSION}): "
            "update delta_learn."
        )


def _check_key(path: Path, key_id: bytes, keyring: Keyring) -> None:
    if key_id != keyring.key_id:
        raise WrongKeyError(
            f"{path} was sealed with another key than this machine's: "
            "put that key back, or move the file away to go on without what is in it."
        )


def _tag(keyring: Keyring, data: bytes) -> bytes:
    return keyring.digest("header", data)
