"""Block files: the one container of every `.bin`. One writer and one reader for all kinds.

header | frame 0 | frame 1 | ...                               append-only: may end in a torn frame
header | frame 0 | ... | footer frame | footer offset, crc     immutable: complete or damaged
"""

from __future__ import annotations

import errno
import fcntl
import logging
import mmap
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from delta_learn.errors import StorageError
from delta_learn.storage.atomic import create_file, open_private, replace_file, storage_errors
from delta_learn.storage.frame import PREFIX_BYTES, TAG_BYTES, BlockCipher, sealed_length, start_of_zeros
from delta_learn.storage.header import Header, Kind, damaged
from delta_learn.storage.seal import Keyring

logger = logging.getLogger(__name__)

_OFFSET = struct.Struct(">Q")
_TRAILER = struct.Struct(">QI")  # offset of the footer's frame, CRC-32 of it


class BlockWriter:
    """Writes blocks; made by `create` or `append`, to be used in a `with` statement."""

    def __init__(self, path: Path, fd: int, cipher: BlockCipher, end: int, blocks: int) -> None:
        self._path = path
        self._fd = fd
        self._cipher = cipher
        self._end = end  # of the last whole block
        self._blocks = blocks
        self._offsets: list[int] = []
        self._records = 0

    @classmethod
    @contextmanager
    def create(
        cls, path: Path, *, kind: Kind, label: str, keyring: Keyring, immutable: bool = True
    ) -> Iterator[BlockWriter]:
        """Write a whole new file; it appears when the `with` ends without an exception, or not at all.

        With `immutable=False` it gets no footer and `append` can continue it: for rewriting a shard.

        Raises:
            StorageError: it cannot be written.
        """
        header = Header.new(kind, label, immutable=immutable, keyring=keyring)
        with replace_file(path) as file:
            writer = cls(path, file.fileno(), BlockCipher(path, header, keyring), 0, 0)
            writer._write(header.encoded)
            yield writer
            if immutable:
                writer._write_footer()

    @classmethod
    @contextmanager
    def append(cls, path: Path, *, kind: Kind, label: str, keyring: Keyring) -> Iterator[BlockWriter]:
        """Continue an append-only file, made where there is none; a torn tail is cut first.

        Blocks are on disk for good (fsync) when the `with` ends. The caller holds `lock.exclusive`: block
        numbers follow from what is there. A second writer that does not is refused, never interleaved.

        Raises:
            DamagedFileError, WrongKeyError: the file is not what it should be.
            StorageError: it is immutable, another process appends to it, or it cannot be written.
        """
        create_file(path, Header.new(kind, label, immutable=False, keyring=keyring).encoded)
        fd = open_private(path, os.O_WRONLY | os.O_APPEND)
        try:
            _lock_for_append(path, fd)
            yield cls._continue(path, fd, kind, label, keyring)
            with storage_errors(path):
                os.fsync(fd)
        finally:
            os.close(fd)

    @classmethod
    def _continue(cls, path: Path, fd: int, kind: Kind, label: str, keyring: Keyring) -> BlockWriter:
        with BlockReader(path, kind=kind, keyring=keyring, label=label) as reader:
            if reader.immutable:
                raise StorageError(f"{path} is complete and cannot be appended to: write it again as a whole.")
            end, blocks, torn = reader.end, reader.block_count, reader.torn_bytes
        if torn:
            logger.warning("%s: cut a torn tail of %d bytes", path, torn)
            with storage_errors(path):
                os.ftruncate(fd, end)
        return cls(path, fd, BlockCipher(path, reader.header, keyring), end, blocks)

    def write(self, records: list[Any]) -> None:
        """Append one block; on an error the file is as it was before the call.

        Raises:
            StorageError: the disk is full or the like, or the block is over MAX_BLOCK_BYTES.
        """
        start = self._end
        self._write(self._cipher.seal(self._blocks, records))
        self._offsets.append(start)
        self._blocks += 1
        self._records += len(records)

    def _write_footer(self) -> None:
        start = self._end
        footer = {"offsets": self._offsets, "records": self._records}
        self._write(self._cipher.seal(0, [footer], footer=True))
        self._write(_TRAILER.pack(start, _crc_of(start)))

    def _write(self, data: bytes) -> None:
        with storage_errors(self._path):
            try:
                _write_whole(self._fd, data)
            except BaseException:
                os.ftruncate(self._fd, self._end)
                os.lseek(self._fd, self._end, os.SEEK_SET)
                raise
        self._end += len(data)


class BlockReader:
    """Reads a block file through `mmap`, one block at a time; a context manager.

    Opening verifies the header and finds the blocks; each block is verified when it is read.
    """

    def __init__(self, path: Path, *, kind: Kind, keyring: Keyring, label: str | None = None) -> None:
        """Open `path`.

        Raises:
            DamagedFileError, WrongKeyError: the file is not what was asked for, whole and sealed by this key.
            StorageError: it cannot be read.
        """
        self._path = path
        self._data = _map(path)
        try:
            self.header = Header.parse(path, self._data, keyring)
            self.header.expect(path, kind, label)
            self.label = self.header.label
            self.immutable = self.header.immutable
            self._cipher = BlockCipher(path, self.header, keyring)
            self._promised: int | None = None
            # Where the blocks begin, and where the last one ends.
            self._bounds = self._read_footer() if self.immutable else self._scan()
        except BaseException:
            self._data.close()
            raise
        self.end = self._bounds[-1]
        """Offset of the end of the last whole block."""
        self.block_count = len(self._bounds) - 1
        self.torn_bytes = 0 if self.immutable else len(self._data) - self.end
        """Length of the incomplete tail of an append-only file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._data.close()

    def blocks(self) -> Iterator[list[Any]]:
        """The blocks in order, each as the list that was written (tuples come back as lists).

        Raises:
            DamagedFileError: at the first block that does not verify.
        """
        for number, (start, end) in enumerate(pairwise(self._bounds)):
            yield self._cipher.open(number, self._data[start:end])

    def records(self) -> Iterator[Any]:
        """The records of all blocks in order; raises as `blocks`."""
        for block in self.blocks():
            yield from block

    def verify(self) -> int:
        """Read everything; returns the number of records.

        Raises:
            DamagedFileError: something does not verify.
        """
        count = sum(len(block) for block in self.blocks())
        if self._promised not in (None, count):
            raise damaged(self._path, f"holds {count} records where its footer says {self._promised}")
        return count

    def _read_footer(self) -> list[int]:
        data, first = self._data, len(self.header.encoded)
        end = len(data) - _TRAILER.size
        start, crc = _TRAILER.unpack(data[end:]) if end > first else (0, 0)
        if crc != _crc_of(start):
            raise damaged(self._path, "is cut short, or its end is damaged")
        (footer,) = self._cipher.open(0, data[start:end], footer=True)
        self._promised = footer["records"]
        bounds = [*footer["offsets"], start]
        if bounds[0] != first:
            raise damaged(self._path, "has blocks where its footer says there are none")
        return bounds

    def _scan(self) -> list[int]:
        data, size = self._data, len(self._data)
        zeros = start_of_zeros(data)
        bounds = [len(self.header.encoded)]
        while (start := bounds[-1]) < size:
            length = sealed_length(data, start)
            if length is None:
                if size - start < PREFIX_BYTES or zeros < start + PREFIX_BYTES:
                    break
                raise damaged(self._path, f"has a damaged frame at block {len(bounds) - 1}")
            end = start + PREFIX_BYTES + length
            # A power loss can leave the new length and zeros for content; a real tag is never all zero.
            if end > size or zeros <= end - TAG_BYTES:
                break
            bounds.append(end)
        return bounds


def _map(path: Path) -> mmap.mmap:
    fd = open_private(path)
    try:
        with storage_errors(path):
            if os.fstat(fd).st_size == 0:
                raise damaged(path, "is empty")
            return mmap.mmap(fd, 0, access=mmap.ACCESS_READ)
    finally:
        os.close(fd)


def _lock_for_append(path: Path, fd: int) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StorageError(
            f"{path} is being appended to by another process: wait until it is done and run this again."
        ) from error


def _write_whole(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        # One write, unless the kernel takes only a part: then the next one says why.
        written = os.write(fd, rest)
        if written == 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        rest = rest[written:]


def _crc_of(offset: int) -> int:
    return zlib.crc32(_OFFSET.pack(offset))
