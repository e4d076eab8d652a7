"""collector/spoolfiles.py: which files there are, and what may be done to them while shells write."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from delta_learn.collector.spoolfiles import clear, drop_oldest, read_session, remove_scratch, sessions, wipe
from delta_learn.errors import StorageError

NOT_A_PROCESS = 2**22 + 1


def names(spool: Path) -> list[list[str]]:
    return [[file.path.name for file in files] for files in sessions(spool)]


def test_sessions_are_old_to_new_and_generations_in_their_order(spool: Path) -> None:
    for name in ("zsh-20-1-5.9", "zsh-20-1-5.10", "bash-3-2-1.0", "zsh-20-1-5.2"):
        (spool / name).touch(0o600)
    assert names(spool) == [["bash-3-2-1.0"], ["zsh-20-1-5.2", "zsh-20-1-5.9", "zsh-20-1-5.10"]]


def test_a_file_without_a_header_is_judged_by_its_name(spool: Path) -> None:
    now = int(time.time() * 1e6)
    for pid in (os.getpid(), NOT_A_PROCESS, 9_999_999_999):
        (spool / f"zsh-{now}-{pid}-1.0").touch(0o600)
    finished = {file.file.pid: file.finished for files in sessions(spool) for file in read_session(files)}
    assert finished == {os.getpid(): False, NOT_A_PROCESS: True, 9_999_999_999: True}


def test_what_a_shell_appends_after_the_reading_stays(spool: Path, fake_shell: Any) -> None:
    shell = fake_shell(spool)
    shell.run("one")
    (read,) = read_session(*sessions(spool))
    shell.run("two")
    assert clear(spool, [read]) == {shell.path: 0}
    (later,) = read_session(*sessions(spool))
    assert [begun.text for begun in later.generation.begun] == [b"two"]
    assert len(later.generation.ends) == 1


@pytest.mark.parametrize("goes_on", [False, True])
def test_a_shell_that_said_it_is_over_may_go_on(spool: Path, fake_shell: Any, goes_on: bool) -> None:
    shell = fake_shell(spool)
    shell.run("one")
    shell.exit()
    (read,) = read_session(*sessions(spool))
    if goes_on:
        shell.run("two")
    clear(spool, [read])
    assert shell.path.exists() is goes_on
    if goes_on:
        assert b"two" in shell.path.read_bytes()
        assert b"one" not in shell.path.read_bytes()


def test_a_file_that_was_wiped_is_not_written_again(
    spool: Path, fake_shell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = fake_shell(spool)
    shell.run("one")
    wipe(*read_session(*sessions(spool)))
    monkeypatch.setattr(os, "pwrite", None)
    (read,) = read_session(*sessions(spool))
    wipe(read)
    assert read.generation.begun == []


def test_another_file_under_the_name_is_not_wiped(spool: Path, fake_shell: Any) -> None:
    shell = fake_shell(spool)
    shell.run("one")
    (read,) = read_session(*sessions(spool))
    shell.path.rename(spool / "aside")
    shell.path.write_bytes(b"new" * 100)
    wipe(read)
    assert shell.path.read_bytes() == b"new" * 100


def test_a_wipe_that_was_interrupted_tears_nothing(spool: Path, fake_shell: Any) -> None:
    shell = fake_shell(spool)
    shell.run("one")
    shell.run("two")
    whole = shell.path.read_bytes()
    header = whole.index(b"\n") + 1
    for wiped in range(header, len(whole)):
        shell.path.write_bytes(whole[:header] + bytes(wiped - header) + whole[wiped:])
        (read,) = read_session(*sessions(spool))
        assert read.generation.torn <= 1, "an end of record may be left of it"
        assert read.generation.wiped is (wiped > header)
        assert {begun.text for begun in read.generation.begun} <= {b"one", b"two"}


def test_the_oldest_sessions_go_until_the_rest_fits(spool: Path) -> None:
    for began in (1, 2, 3):
        for generation in (0, 1):
            (spool / f"zsh-{began}-1-1.{generation}").write_bytes(bytes(100))
    assert drop_oldest(spool, 600) == 0
    left = dict.fromkeys(spool.iterdir(), 50)
    assert drop_oldest(spool, 300, left) == 0
    assert drop_oldest(spool, 400) == 1
    assert names(spool) == [[f"zsh-{n}-1-1.{g}" for g in (0, 1)] for n in (2, 3)]
    assert drop_oldest(spool, 0, dict.fromkeys(spool.iterdir(), 0)) == 0, "nothing in it is undrained"
    assert drop_oldest(spool, 0) == 2
    assert names(spool) == []


def test_a_spool_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="nowhere"):
        sessions(tmp_path / "nowhere")


def test_the_scratch_of_a_bash_that_is_gone_is_removed(spool: Path) -> None:
    now = int(time.time() * 1e6)
    gone, fresh = spool / f"bash-{now}-{NOT_A_PROCESS}-1.text", spool / f"bash-{now}-{NOT_A_PROCESS}-2.text"
    alive, stranger = spool / f"bash-{now}-{os.getpid()}-3.text", spool / "notes.text"
    for path in (gone, alive, stranger, fresh):
        path.touch(0o600)
        if path is not fresh:
            os.utime(path, (1e9, 1e9))
    remove_scratch(spool)
    assert sorted(spool.iterdir()) == sorted([alive, stranger, fresh])
