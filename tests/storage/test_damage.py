"""Every cut, every flipped bit, every swap: found, and the error names the file."""

from __future__ import annotations

import os
import struct
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from delta_learn.errors import DamagedFileError, StorageError, WrongKeyError
from delta_learn.storage.blockfile import BlockReader, BlockWriter
from delta_learn.storage.seal import Keyring

KEYRING = Keyring(bytes(range(32)))
BLOCKS: list[list[Any]] = [["ls -la", 1], ["git status"], [{"command": "make", "exit_code": 2}]]


def _write(path: Path, blocks: list[list[Any]] = BLOCKS, *, immutable: bool, label: str = "label") -> Path:
    with BlockWriter.create(path, kind="raw", label=label, keyring=KEYRING, immutable=immutable) as writer:
        for block in blocks:
            writer.write(block)
    return path


def _read(path: Path, keyring: Keyring = KEYRING, label: str = "label") -> list[list[Any]]:
    with BlockReader(path, kind="raw", keyring=keyring, label=label) as reader:
        reader.verify()
        return list(reader.blocks())


def _append(path: Path, *blocks: list[Any]) -> None:
    with BlockWriter.append(path, kind="raw", label="label", keyring=KEYRING) as writer:
        for block in blocks:
            writer.write(block)


def _frames(path: Path) -> list[int]:
    """Where the blocks begin, and where the last one ends."""
    with BlockReader(path, kind="raw", keyring=KEYRING) as reader:
        return list(reader._bounds)


def _flips(path: Path, start: int = 0) -> Iterator[None]:
    """Flip each bit of the file from byte `start` on, one after the other, and back."""
    content = path.read_bytes()
    with path.open("r+b", buffering=0) as file:
        for index in range(start, len(content)):
            for bit in range(8):
                os.pwrite(file.fileno(), bytes([content[index] ^ 1 << bit]), index)
                yield
            os.pwrite(file.fileno(), content[index : index + 1], index)
    assert path.read_bytes() == content


def _refused(path: Path, error: type[StorageError] = DamagedFileError) -> None:
    with pytest.raises(error, match=path.name):
        _read(path)


def test_a_raw_shard_cut_at_any_byte_keeps_every_whole_block(tmp_path: Path) -> None:
    whole = _write(tmp_path / "whole.bin", immutable=False)
    content, bounds, path = whole.read_bytes(), _frames(whole), tmp_path / "cut.bin"
    for size in range(bounds[0], len(content) + 1):
        kept = sum(end <= size for end in bounds[1:])
        path.write_bytes(content[:size])
        with BlockReader(path, kind="raw", keyring=KEYRING, label="label") as reader:
            assert list(reader.blocks()) == BLOCKS[:kept]
            assert reader.torn_bytes == size - bounds[kept]
        _append(path, ["next"])
        assert _read(path) == [*BLOCKS[:kept], ["next"]]
        assert path.read_bytes()[: bounds[kept]] == content[: bounds[kept]]


def test_a_raw_shard_cut_inside_its_header_is_damaged(tmp_path: Path) -> None:
    """The header appears whole, by a rename: no crash cuts it."""
    whole = _write(tmp_path / "whole.bin", immutable=False)
    content, path = whole.read_bytes(), tmp_path / "cut.bin"
    for size in range(_frames(whole)[0]):
        path.write_bytes(content[:size])
        _refused(path)
        with pytest.raises(DamagedFileError, match=path.name):
            _append(path, ["next"])
        assert path.read_bytes() == content[:size], "what is left must stay for a look"


def test_an_immutable_file_cut_anywhere_is_damaged(tmp_path: Path) -> None:
    content, path = _write(tmp_path / "whole.bin", immutable=True).read_bytes(), tmp_path / "cut.bin"
    for size in range(len(content)):
        path.write_bytes(content[:size])
        _refused(path)


@pytest.mark.parametrize("immutable", [True, False])
def test_every_flipped_bit_is_found(tmp_path: Path, immutable: bool) -> None:
    path = _write(tmp_path / "file.bin", immutable=immutable)
    for _ in _flips(path):
        _refused(path, StorageError)


def test_no_flipped_bit_of_a_raw_shard_passes_for_a_torn_tail(tmp_path: Path) -> None:
    path = _write(tmp_path / "file.bin", immutable=False)
    size = path.stat().st_size
    for _ in _flips(path, start=_frames(path)[0]):
        with suppress(DamagedFileError):
            _append(path)
        assert path.stat().st_size == size, "a flipped bit made append cut a block"


@pytest.mark.parametrize("zeros", [1, 15, 16, 19, 20, 21, 4096])
def test_zeros_behind_the_last_block_are_a_torn_tail(tmp_path: Path, zeros: int) -> None:
    path = _write(tmp_path / "file.bin", immutable=False)
    with path.open("ab") as file:
        file.write(bytes(zeros))
    with BlockReader(path, kind="raw", keyring=KEYRING) as reader:
        assert (list(reader.blocks()), reader.torn_bytes) == (BLOCKS, zeros)
    _append(path, ["next"])
    assert _read(path) == [*BLOCKS, ["next"]]


def test_a_block_whose_end_was_never_written_is_a_torn_tail(tmp_path: Path) -> None:
    """A power loss may leave the new length and zeros from any point of the new block on."""
    whole = _write(tmp_path / "whole.bin", immutable=False)
    content, bounds, path = whole.read_bytes(), _frames(whole), tmp_path / "zeros.bin"
    for start in range(bounds[-2], bounds[-1] - 16):
        for behind in (0, 100):
            path.write_bytes(content[:start] + bytes(len(content) - start + behind))
            _append(path, ["next"])
            assert _read(path) == [*BLOCKS[:2], ["next"]]


def test_zeros_in_the_middle_are_damage(tmp_path: Path) -> None:
    path = _write(tmp_path / "file.bin", immutable=False)
    content, bounds = path.read_bytes(), _frames(path)
    for start, end in pairwise(bounds[:-1]):
        path.write_bytes(content[:start] + bytes(end - start) + content[end:])
        _refused(path)


@pytest.mark.parametrize("immutable", [True, False])
def test_blocks_in_another_order_are_damage(tmp_path: Path, immutable: bool) -> None:
    path = _write(tmp_path / "file.bin", [["one"], ["two"], ["six"]], immutable=immutable)
    content, (first, second, third, end) = path.read_bytes(), _frames(path)
    assert second - first == third - second == end - third, "the frames must fit each other's places"
    path.write_bytes(content[:first] + content[second:third] + content[first:second] + content[third:])
    _refused(path)
    path.write_bytes(content[:second] + content[first:second] + content[third:])
    _refused(path)
    if not immutable:
        path.write_bytes(content[:second] + content[third:])
        _refused(path)


@pytest.mark.parametrize("immutable", [True, False])
def test_a_block_of_another_file_is_damage(tmp_path: Path, immutable: bool) -> None:
    one = _write(tmp_path / "one.bin", [["one"], ["two"]], immutable=immutable)
    two = _write(tmp_path / "two.bin", [["uno"], ["due"]], immutable=immutable)
    bounds = _frames(one)
    assert bounds == _frames(two)
    for start, end in pairwise(bounds):
        content = bytearray(one.read_bytes())
        content[start:end] = two.read_bytes()[start:end]
        two_in_one = tmp_path / "mixed.bin"
        two_in_one.write_bytes(content)
        _refused(two_in_one)


def test_a_footer_of_another_file_is_damage(tmp_path: Path) -> None:
    one = _write(tmp_path / "one.bin", [["one"]], immutable=True)
    two = _write(tmp_path / "two.bin", [["uno"]], immutable=True)
    end = _frames(one)[-1]
    one.write_bytes(one.read_bytes()[:end] + two.read_bytes()[end:])
    _refused(one)


@pytest.mark.parametrize("blocks", [[], [["one"]]])
def test_bytes_between_the_blocks_and_the_footer_are_damage(tmp_path: Path, blocks: list[list[Any]]) -> None:
    path = _write(tmp_path / "file.bin", blocks, immutable=True)
    content, end = path.read_bytes(), _frames(path)[-1]
    moved = struct.pack(">Q", end + 5)
    trailer = moved + struct.pack(">I", zlib.crc32(moved))
    path.write_bytes(content[:end] + b"extra" + content[end:-12] + trailer)
    _refused(path)


@pytest.mark.parametrize("place", ["nowhere", "header", "block", "trailer", "behind"])
def test_a_trailer_that_points_elsewhere_is_damage(tmp_path: Path, place: str) -> None:
    path = _write(tmp_path / "file.bin", immutable=True)
    content, first = path.read_bytes(), _frames(path)[0]
    end = len(content) - 12
    offset = {"nowhere": 2**64 - 1, "header": 0, "block": first, "trailer": end, "behind": end + 12}[place]
    start = struct.pack(">Q", offset)
    path.write_bytes(content[:-12] + start + struct.pack(">I", zlib.crc32(start)))
    _refused(path)


@pytest.mark.parametrize("immutable", [True, False])
def test_bytes_behind_the_end_are_damage(tmp_path: Path, immutable: bool) -> None:
    path = _write(tmp_path / "file.bin", immutable=immutable)
    with path.open("ab") as file:
        file.write(b"x" * 40)
    _refused(path)


def test_a_file_under_the_name_of_another_is_refused(tmp_path: Path) -> None:
    _write(tmp_path / "2026-11-21.bin", immutable=False, label="2026-11-21")
    path = tmp_path / "2026-11-22.bin"
    (tmp_path / "2026-11-21.bin").rename(path)
    with pytest.raises(DamagedFileError, match=r"2026-11-22\.bin is another file under this name .*2026-11-21"):
        _read(path, label="2026-11-22")
    with (
        pytest.raises(DamagedFileError, match=r"2026-11-22\.bin is another file"),
        BlockWriter.append(path, kind="raw", label="2026-11-22", keyring=KEYRING),
    ):
        pass


def test_the_wrong_key_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path / "file.bin", immutable=True)
    with pytest.raises(WrongKeyError, match=r"file\.bin"):
        _read(path, keyring=Keyring(b"x" * 32))


@pytest.mark.parametrize("length", [2**30, 2**30 + 1, 2**32 - 1])
def test_absurd_lengths_cost_no_memory(tmp_path: Path, length: int) -> None:
    path = _write(tmp_path / "file.bin", immutable=False)
    body = struct.pack(">I12s", length, os.urandom(12))
    with path.open("ab") as file:
        file.write(body + struct.pack(">I", zlib.crc32(body)) + b"x" * 100)
    tracemalloc.start()
    if length <= 2**30:
        assert _read(path) == BLOCKS
    else:
        _refused(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_files_that_others_can_write_are_not_read(tmp_path: Path, mode: int) -> None:
    path = _write(tmp_path / "file.bin", immutable=False)
    path.chmod(mode)
    with pytest.raises(StorageError, match=r"file\.bin is open to other users"):
        _read(path)
    with pytest.raises(StorageError, match=r"file\.bin is open to other users"):
        _append(path, ["next"])
