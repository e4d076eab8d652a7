"""blockfile.py: what is written comes back; a crash or a full disk costs no whole block."""

from __future__ import annotations

import base64
import errno
import fcntl
import logging
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delta_learn.errors import DamagedFileError, StorageError
from delta_learn.storage.blockfile import BlockReader, BlockWriter
from delta_learn.storage.seal import Keyring

Killer = Callable[[str, Path, str, int, str], bool]

KEYRING = Keyring(bytes(range(32)))

typed = st.binary().map(lambda data: data.decode("utf-8", "surrogateescape"))
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False)
records = st.recursive(
    scalars | typed | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(typed | st.integers(0, 9), inner, max_size=4),
    max_leaves=8,
)
files = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _create(path: Path, *blocks: list[Any], label: str = "label", immutable: bool = True) -> None:
    with BlockWriter.create(path, kind="state", label=label, keyring=KEYRING, immutable=immutable) as writer:
        for block in blocks:
            writer.write(block)


def _append(path: Path, *blocks: list[Any], label: str = "label") -> None:
    with BlockWriter.append(path, kind="state", label=label, keyring=KEYRING) as writer:
        for block in blocks:
            writer.write(block)


def _read(path: Path) -> tuple[list[list[Any]], int]:
    """All blocks, and the torn bytes behind them."""
    with BlockReader(path, kind="state", keyring=KEYRING, label="label") as reader:
        return list(reader.blocks()), reader.torn_bytes


@given(blocks=st.lists(st.lists(records, max_size=5), max_size=4))
@files
def test_immutable_round_trip(tmp_path: Path, blocks: list[list[Any]]) -> None:
    path = tmp_path / "file.bin"
    _create(path, *blocks)
    with BlockReader(path, kind="state", keyring=KEYRING) as reader:
        assert (reader.label, reader.immutable, reader.torn_bytes) == ("label", True, 0)
        assert list(reader.blocks()) == blocks
        assert list(reader.records()) == [record for block in blocks for record in block]
        assert reader.verify() == sum(map(len, blocks))


@given(batches=st.lists(st.lists(st.lists(records, max_size=5), max_size=3), min_size=1, max_size=4))
@files
def test_appended_round_trip(tmp_path: Path, batches: list[list[list[Any]]]) -> None:
    path = tmp_path / "file.bin"
    path.unlink(missing_ok=True)
    for batch in batches:
        _append(path, *batch)
    with BlockReader(path, kind="state", keyring=KEYRING) as reader:
        assert (reader.label, reader.immutable, reader.torn_bytes) == ("label", False, 0)
        assert list(reader.blocks()) == [block for batch in batches for block in batch]


FILES_OF_FORMAT_1 = {
    True: (
        "L`6(gK|)MR00DAgcK`qY00000000316S^(hK<nY0*yeAFTEP>+9%k{4PBcQT<zsJcZDDR?b6+wrGBzzSF)cDOgO}s^"
        "e%v;>qt8TQ#KQYT%|0#k^!of+AQ47<3Y|sE0000n^S><!&F-Dze=4Foq9eH*<cm=$Pn&MF5|!Ak#qALVU|Io2r3~$;"
        "AJg4o-v&{-+2hKP+KOoPAR>ro35%^EjsO4v8lbykU1Ne}CmHnLv45W&w?Q$d48?iELGeYl$3nmfzmoHfduIViu#SxY"
        "001qyAueX1D}q!VR?FMM02W#;Ey&*+jVUrzKWkNClVXorrq@4Zr>qN1BGF{nA9Ox1(Z78;BY1A&{XPl{000000002j"
        "eU+FV"
    ),
    False: (
        "L`6(gK|)MR00DAgcK`qY00000000006S^(hK<nY0*f+w-%`;Bg599s)u*cqQwqtK?ZDDR?b6+wrGBzzSF)cDO_V|)9"
        "hwhMeUX$Y49z1e72R&*{%7C^dzJY%eq2rMp0000n*>-DI<%XvKr|q6U#Z(eBR_3jsBAM_l*_zVeEh5f7IXC`#cfBe5"
        "zIh8<IwuiV)LJ#*uZ*L4d9r2qQXJ3u1^@s68jotR5S(1yUmy&f<V_~#2o)1kfHO8G{7%s(42Q89DZDw%9jgnZA<r`"
    ),
}


@pytest.mark.parametrize("immutable", [True, False])
def test_files_of_format_1_stay_readable(tmp_path: Path, immutable: bool) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(base64.b85decode(FILES_OF_FORMAT_1[immutable]))
    with BlockReader(path, kind="raw", keyring=KEYRING, label="commands_2026-11-22") as reader:
        assert reader.immutable == immutable
        assert list(reader.blocks()) == [[{"command": "ls \udcff"}, [1, 2.5, None]], [b"\0\xff"]]


def test_a_rewritten_file_can_be_continued(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    _append(path, ["old"])
    _create(path, ["new"], immutable=False)
    _append(path, ["more"])
    assert _read(path) == ([["new"], ["more"]], 0)


def test_an_immutable_file_is_never_continued(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    _create(path, ["a"])
    with pytest.raises(StorageError, match=r"file\.bin is complete and cannot be appended to"):
        _append(path, ["b"])
    assert _read(path) == ([["a"]], 0)


def test_an_exception_in_create_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    _create(path, ["old"])
    with (
        pytest.raises(ValueError),
        BlockWriter.create(path, kind="state", label="label", keyring=KEYRING) as writer,
    ):
        writer.write(["new"])
        raise ValueError
    assert _read(path) == ([["old"]], 0)
    assert list(tmp_path.iterdir()) == [path]


def test_an_exception_in_append_keeps_the_whole_blocks(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    with (
        pytest.raises(TypeError),
        BlockWriter.append(path, kind="state", label="label", keyring=KEYRING) as writer,
    ):
        writer.write(["a"])
        writer.write([object()])
    assert _read(path) == ([["a"]], 0)


def test_one_write_a_block_and_a_sync_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, calls = tmp_path / "file.bin", []
    _append(path)
    write, sync = os.write, os.fsync

    def counted_write(fd: int, data: bytes) -> int:
        calls.append("write")
        return write(fd, data)

    def counted_sync(fd: int) -> None:
        calls.append("fsync")
        sync(fd)

    monkeypatch.setattr(os, "write", counted_write)
    monkeypatch.setattr(os, "fsync", counted_sync)
    _append(path, ["a"] * 1000, ["b"])
    assert calls == ["write", "write", "fsync"]


def test_a_footer_that_promises_another_count_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    with BlockWriter.create(path, kind="state", label="label", keyring=KEYRING) as writer:
        writer.write(["a"])
        writer._records += 1
    message = r"file\.bin holds 1 records .* says 2"
    with (
        BlockReader(path, kind="state", keyring=KEYRING) as reader,
        pytest.raises(DamagedFileError, match=message),
    ):
        reader.verify()


def test_a_second_appender_without_the_lock_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    with BlockWriter.append(path, kind="state", label="label", keyring=KEYRING) as writer:
        with pytest.raises(StorageError, match=r"file\.bin is being appended to by another process"):
            _append(path, ["b"])
        writer.write(["a"])
    assert _read(path) == ([["a"]], 0)


class Disk:
    """An `os.write` that has room for so many bytes, then fails as a full disk does: partly, then wholly."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.write = os.write

    def __call__(self, fd: int, data: bytes) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self.write(fd, data[: self.room])
        self.room -= written
        return written


@pytest.mark.parametrize("room", [0, 1, 20, 40])
def test_a_full_disk_costs_appenders_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    path = tmp_path / "file.bin"
    _append(path, ["a"])
    before = path.read_bytes()
    with BlockWriter.append(path, kind="state", label="label", keyring=KEYRING) as writer:
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", Disk(room))
            with pytest.raises(StorageError, match=r"No space left for .*file\.bin: nothing was lost; free"):
                writer.write(["b" * 100])
        assert path.read_bytes() == before
        writer.write(["c"])
    assert _read(path) == ([["a"], ["c"]], 0)


@pytest.mark.parametrize("room", [0, 50, 150])
def test_a_full_disk_leaves_no_part_of_an_immutable_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    monkeypatch.setattr(os, "write", Disk(room))
    with pytest.raises(StorageError, match="No space left"):
        _create(tmp_path / "file.bin", [bytes(range(200))])
    assert list(tmp_path.iterdir()) == []


def test_a_block_that_failed_leaves_no_hole_in_an_immutable_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.bin"
    with BlockWriter.create(path, kind="state", label="label", keyring=KEYRING) as writer:
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", Disk(10))
            with pytest.raises(StorageError):
                writer.write(["b"])
        writer.write(["c"])
    assert _read(path) == ([["c"]], 0)


def test_short_writes_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:7]))
    _append(tmp_path / "file.bin", ["a" * 100])
    assert _read(tmp_path / "file.bin") == ([["a" * 100]], 0)


def test_a_write_that_takes_nothing_does_not_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _append(tmp_path / "file.bin")
    monkeypatch.setattr(os, "write", lambda fd, data: 0)
    with pytest.raises(StorageError, match=r"file\.bin"):
        _append(tmp_path / "file.bin", ["a"])


LIMITED = """
import resource, sys
from pathlib import Path
from delta_learn.errors import StorageError
from delta_learn.storage.blockfile import BlockWriter
from delta_learn.storage.seal import Keyring
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
keyring, written = Keyring(bytes(range(32))), 0
try:
    with BlockWriter.append(Path(sys.argv[1]), kind="state", label="label", keyring=keyring) as writer:
        while True:
            writer.write([str(written) * 50])
            written += 1
except StorageError as error:
    print(written, error)
"""


def test_a_real_limit_on_file_sizes_leaves_whole_blocks(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    done = subprocess.run([sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, check=True)
    written, message = done.stdout.split(maxsplit=1)
    assert _read(path) == ([[str(n) * 50] for n in range(int(written))], 0)
    assert int(written) > 10
    assert "file.bin would pass this shell's limit on file sizes: nothing was lost" in message


APPEND = """
from delta_learn.storage.blockfile import BlockWriter
from delta_learn.storage.seal import Keyring
with BlockWriter.append(path, kind="state", label="label", keyring=Keyring(bytes(range(32)))) as writer:
    writer.write(["b" * 1000])
    writer.write(["c" * 1000])
"""

POINTS = [("write", n, moment) for n in (1, 2) for moment in ("before", "half", "after")]


@pytest.mark.parametrize(("name", "call", "moment"), [*POINTS, ("fsync", 1, "before")])
def test_kill_9_in_append_keeps_whole_blocks(tmp_path: Path, killed: Killer, name: str, call: int, moment: str) -> None:
    path = tmp_path / "file.bin"
    _append(path, ["a"])
    assert killed(APPEND, path, name, call, moment)
    whole = 2 if name == "fsync" else call - (moment != "after")
    blocks = [["a"], ["b" * 1000], ["c" * 1000]][: 1 + whole]
    found, torn = _read(path)
    assert found == blocks
    assert (torn > 0) == (moment == "half")
    _append(path, ["d"])
    assert _read(path) == ([*blocks, ["d"]], 0)


@pytest.mark.parametrize(
    ("name", "call", "moment"),
    [("fsync", 1, "before"), ("replace", 1, "before"), ("replace", 1, "after"), ("fsync", 2, "before")],
)
def test_kill_9_while_the_first_append_makes_the_file(
    tmp_path: Path, killed: Killer, name: str, call: int, moment: str
) -> None:
    path = tmp_path / "file.bin"
    assert killed(APPEND, path, name, call, moment)
    _append(path, ["d"])
    assert _read(path) == ([["d"]], 0)
    assert list(tmp_path.iterdir()) == [path]


CREATE = """
from delta_learn.storage.blockfile import BlockWriter
from delta_learn.storage.seal import Keyring
with BlockWriter.create(path, kind="state", label="label", keyring=Keyring(bytes(range(32)))) as writer:
    writer.write(["new"])
"""
WRITES = [("write", n, moment) for n in range(1, 5) for moment in ("before", "half", "after")]
SYNCS = [("fsync", 1, "before"), ("fsync", 1, "after"), ("replace", 1, "before"), ("replace", 1, "after")]


@pytest.mark.parametrize(("name", "call", "moment"), [*WRITES, *SYNCS])
def test_kill_9_in_create_leaves_old_or_new(tmp_path: Path, killed: Killer, name: str, call: int, moment: str) -> None:
    path = tmp_path / "file.bin"
    _create(path, ["old"])
    assert killed(CREATE, path, name, call, moment)
    assert _read(path) == ([["new" if (name, moment) == ("replace", "after") else "old"]], 0)
    _create(path, ["next"])
    assert _read(path) == ([["next"]], 0)
    assert list(tmp_path.iterdir()) == [path]


def test_a_cut_tail_is_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "file.bin"
    _append(path, ["a"], ["b"])
    os.truncate(path, path.stat().st_size - 1)
    with caplog.at_level(logging.WARNING):
        _append(path, ["c"])
    assert "file.bin: cut a torn tail of" in caplog.text


def test_a_large_file_is_read_block_by_block(tmp_path: Path) -> None:
    path, block = tmp_path / "file.bin", os.urandom(1 << 18)
    _create(path, *[[block]] * 32)
    tracemalloc.start()
    with BlockReader(path, kind="state", keyring=KEYRING) as reader:
        assert reader.verify() == 32
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * len(block) < path.stat().st_size / 5


def test_closing_frees_the_lock_of_an_appender(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    _append(path, ["a"])
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
