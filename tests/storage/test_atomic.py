"""atomic.py: strict checks, and old or new content whatever happens."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from delta_learn.errors import StorageError, UnsafeFileError
from delta_learn.storage import atomic
from delta_learn.storage.atomic import (
    check_private,
    create_file,
    open_private,
    private_directory,
    remove_file,
    replace_file,
)

Killer = Callable[[str, Path, str, int, str], bool]


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _write(path: Path, content: bytes) -> None:
    with replace_file(path) as file:
        file.write(content)


def _only_file(path: Path) -> bool:
    return [p.name for p in path.parent.iterdir()] == [path.name]


def test_directories_are_made_private_under_any_umask(tmp_path: Path) -> None:
    os.umask(0)
    deep = tmp_path / "a" / "b" / "c"
    assert private_directory(deep) == deep
    assert [_mode(p) for p in (deep, deep.parent, deep.parent.parent)] == [0o700] * 3


def test_files_are_made_private_under_any_umask(tmp_path: Path) -> None:
    os.umask(0)
    path = tmp_path / "new" / "file"
    _write(path, b"x")
    assert (_mode(path), _mode(path.parent)) == (0o600, 0o700)


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_directories_that_others_can_write_are_refused(tmp_path: Path, mode: int) -> None:
    directory = tmp_path / "shared"
    directory.mkdir()
    directory.chmod(mode)
    with pytest.raises(UnsafeFileError, match=r"shared is open to other users .*chmod go-rwx .*shared"):
        private_directory(directory)
    with pytest.raises(UnsafeFileError):
        _write(directory / "file", b"x")
    assert list(directory.iterdir()) == []


def test_a_file_in_the_place_of_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="file is not a directory"):
        private_directory(tmp_path / "file")
    with pytest.raises(StorageError, match="below"):
        private_directory(tmp_path / "file" / "below")


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_files_that_others_can_write_are_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "with space"
    path.write_bytes(b"")
    path.chmod(mode)
    with pytest.raises(UnsafeFileError, match=r"with space is open .*`chmod go-rwx '.*with space'`"):
        check_private(path)
    path.chmod(0o644)
    check_private(path)


def test_what_belongs_to_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"")
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(UnsafeFileError, match=rf"file belongs to user id {owner}.*chown {owner + 1} "):
        check_private(path)
    with pytest.raises(UnsafeFileError, match=f"belongs to user id {owner}"):
        private_directory(tmp_path)


def test_symbolic_links_are_refused(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"")
    (tmp_path / "link").symlink_to("target")
    with pytest.raises(UnsafeFileError, match="link is a symbolic link"):
        check_private(tmp_path / "link")


def test_a_fifo_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo", 0o600)
    with pytest.raises(UnsafeFileError, match="fifo is not a plain file"):
        check_private(tmp_path / "fifo")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="absent"):
        check_private(tmp_path / "absent")


def test_descriptors_are_not_inherited_and_not_leaked(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"")
    fd = open_private(path)
    assert not os.get_inheritable(fd)
    os.close(fd)
    path.chmod(0o666)
    with pytest.raises(UnsafeFileError):
        open_private(path)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)


def test_replacing_shows_the_old_content_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    _write(path, b"old")
    with replace_file(path) as file:
        file.write(b"new" * 100_000)
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new" * 100_000
    assert _only_file(path)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_leaves_the_old_content_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "file"
    _write(path, b"old")
    with pytest.raises(error), replace_file(path) as file:
        file.write(b"half")
        raise error
    assert path.read_bytes() == b"old"
    assert _only_file(path)


@pytest.mark.parametrize("name", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_content_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = tmp_path / "file"
    _write(path, b"old")

    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, name, full)
    with pytest.raises(StorageError, match=r"No space left for .*file: nothing was lost; free some space"):
        _write(path, b"new")
    assert path.read_bytes() == b"old"
    assert _only_file(path)


def test_an_error_of_another_file_in_the_block_names_that_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="source"), replace_file(tmp_path / "file") as file:
        file.write((tmp_path / "source").read_bytes())


def test_content_and_name_are_synced_in_that_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, calls = tmp_path / "file", []
    sync, replace = os.fsync, os.replace

    def fsync(fd: int) -> None:
        calls.append("directory" if stat.S_ISDIR(os.fstat(fd).st_mode) else "file")
        sync(fd)

    def rename(source: Path, target: Path) -> None:
        calls.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", rename)
    _write(path, b"x")
    assert calls == ["file", "rename", "directory"]
    calls.clear()
    create_file(tmp_path / "other", b"x")
    assert calls == ["file", "rename", "directory"]
    calls.clear()
    remove_file(path)
    assert calls == ["directory"]


def test_creating_never_replaces(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert create_file(path, b"first")
    assert not create_file(path, b"second")
    assert path.read_bytes() == b"first"
    assert _only_file(path)


def test_a_creator_that_comes_second_between_look_and_lock_loses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, flock = tmp_path / "file", fcntl.flock

    def slow(fd: int, operation: int) -> None:
        path.write_bytes(b"first")
        flock(fd, operation)

    monkeypatch.setattr(atomic.fcntl, "flock", slow)
    assert not create_file(path, b"second")
    assert path.read_bytes() == b"first"
    assert _only_file(path)


def test_a_writer_that_waited_does_not_touch_what_the_first_one_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, flock, opened = tmp_path / "file", fcntl.flock, []

    def while_another_renames(fd: int, operation: int) -> None:
        if not opened:
            os.write(fd, b"first")
            (tmp_path / ".file.tmp").rename(path)
        opened.append(fd)
        flock(fd, operation)

    monkeypatch.setattr(atomic.fcntl, "flock", while_another_renames)
    with replace_file(path) as file:
        assert path.read_bytes() == b"first"
        file.write(b"second")
    assert len(opened) == 2
    assert path.read_bytes() == b"second"


def test_writers_of_one_file_take_turns(tmp_path: Path) -> None:
    path = tmp_path / "file"

    def write(letter: bytes) -> None:
        for _ in range(30):
            _write(path, letter * 5000)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, [b"a", b"b"]))
    assert path.read_bytes() in (b"a" * 5000, b"b" * 5000)
    assert _only_file(path)


REPLACE = """
from delta_learn.storage.atomic import replace_file
with replace_file(path) as file:
    file.write(b"new" * 1000)
"""


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("name", ["fsync", "replace"])
def test_kill_9_leaves_old_or_new_and_the_next_write_cleans_up(
    tmp_path: Path, killed: Killer, name: str, moment: str
) -> None:
    path = tmp_path / "file"
    _write(path, b"old" * 2000)
    assert killed(REPLACE, path, name, 1, moment)
    assert path.read_bytes() == (b"new" * 1000 if (name, moment) == ("replace", "after") else b"old" * 2000)
    assert _only_file(path) == ((name, moment) == ("replace", "after"))
    _write(path, b"next")
    assert path.read_bytes() == b"next"
    assert _only_file(path)
