"""installation/rcfile.py: one line in, once; out again, byte for byte."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.errors import UnsafeFileError
from delta_learn.installation.rcfile import MARK, add_line, hook_line, rc_file, remove_line, sourced_hook

SHELLS = [shell for shell in ("zsh", "bash") if shutil.which(shell)]
STRANGE = [
    "plain",
    "with space",
    "it's",
    "a'b''c",
    'say "hi"',
    "$HOME `id` \\",
    "new\nline",
    "tab\tbed",
    "é漢",
    "*?[a]",
    "-n",
    "'",
]


@pytest.fixture
def rc(tmp_path: Path) -> Path:
    return tmp_path / ".zshrc"


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", STRANGE)
def test_any_path_is_sourced_by_a_real_shell(tmp_path: Path, shell: str, name: str) -> None:
    hook = tmp_path / name / "delta.hook"
    hook.parent.mkdir()
    hook.write_text("echo sourced")
    rc = tmp_path / "rc"
    add_line(rc, hook)
    assert len(rc.read_text().splitlines()) == 1
    options = {"zsh": ["-f", "-o", "nounset", "-o", "errexit"], "bash": ["--norc", "-eu"]}[shell]
    done = subprocess.run([shell, *options, str(rc)], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("sourced\n", "")
    shutil.rmtree(hook.parent)
    done = subprocess.run([shell, *options, str(rc)], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_twice_adds_once(rc: Path) -> None:
    rc.write_text("alias ll='ls -l'\n")
    assert add_line(rc, Path("/hook"))
    once = rc.read_bytes()
    assert not add_line(rc, Path("/hook"))
    assert rc.read_bytes() == once
    assert rc.read_text() == f"alias ll='ls -l'\nif [ -r '/hook' ]; then . '/hook'; fi {MARK}\n"


def test_an_old_path_is_replaced_where_it_stands(rc: Path) -> None:
    rc.write_text("first\n")
    add_line(rc, Path("/old; fi/hook"))
    rc.write_text("  " + rc.read_text().replace("first\n", "") + "last")
    assert add_line(rc, Path("/new"))
    assert rc.read_text() == f"  {hook_line(Path('/new'))} {MARK}\nlast"
    assert sourced_hook(rc) == "'/new'"


@given(
    st.binary(max_size=40)
    | st.sampled_from([b"", b"\n", b"a", b"a\n", b"a\\", b"a\\\n", b"\\\\", b"\\", b"\r\n", b"\xff"])
)
def test_what_comes_out_is_what_was_there(tmp_path_factory: pytest.TempPathFactory, before: bytes) -> None:
    rc = tmp_path_factory.mktemp("rc") / "rc"
    rc.write_bytes(before)
    assert add_line(rc, Path("/hook"))
    assert remove_line(rc)
    assert rc.read_bytes() == before
    assert not remove_line(rc)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("before", ["echo a", "echo a\\", "echo a\\\n", "echo a\n", "echo a \\\\", "# note \\"])
def test_the_line_is_one_of_its_own(tmp_path: Path, shell: str, before: str) -> None:
    hook, rc = tmp_path / "hook", tmp_path / "rc"
    hook.write_text("echo sourced")
    rc.write_text(before)
    add_line(rc, hook)
    done = subprocess.run([shell, str(rc)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "sourced"


def test_lines_added_later_stay_whole(rc: Path) -> None:
    rc.write_text("no end")
    add_line(rc, Path("/hook"))
    rc.write_text(rc.read_text() + "added later\n")
    remove_line(rc)
    assert rc.read_text() == "no end\nadded later\n"


def test_a_file_made_by_us_goes_unless_it_was_used(rc: Path) -> None:
    add_line(rc, Path("/hook"))
    assert rc.stat().st_mode & 0o777 == 0o600
    remove_line(rc)
    assert not rc.exists()
    add_line(rc, Path("/hook"))
    rc.write_text(rc.read_text() + "alias x=y\n")
    remove_line(rc)
    assert rc.read_text() == "alias x=y\n"


def test_an_empty_file_of_the_person_stays(rc: Path) -> None:
    rc.touch()
    add_line(rc, Path("/hook"))
    remove_line(rc)
    assert rc.read_bytes() == b""


def test_links_are_followed_and_stay(tmp_path: Path, rc: Path) -> None:
    target = tmp_path / "dotfiles" / "zshrc"
    target.parent.mkdir()
    target.write_text("a\n")
    rc.symlink_to("dotfiles/zshrc")
    add_line(rc, Path("/hook"))
    assert rc.is_symlink()
    assert MARK in target.read_text()
    remove_line(rc)
    assert rc.is_symlink()
    assert target.read_text() == "a\n"


def test_mode_stays_and_the_time_is_new(rc: Path) -> None:
    rc.write_text("a\n")
    rc.chmod(0o644)
    os.utime(rc, (1, 1))
    add_line(rc, Path("/hook"))
    assert rc.stat().st_mode & 0o777 == 0o644
    assert rc.stat().st_mtime > 1e9  # else zsh would go on with an old ~/.zshrc.zwc
    assert [p.name for p in rc.parent.iterdir()] == [rc.name]


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_refused(rc: Path, make: object) -> None:
    make(rc)  # type: ignore[operator]
    for change in (lambda: add_line(rc, Path("/hook")), lambda: remove_line(rc)):
        with pytest.raises(UnsafeFileError, match="not a plain file"):
            change()


def test_a_file_of_another_user_is_refused(rc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rc.write_text("a\n")
    monkeypatch.setattr(os, "geteuid", lambda: rc.stat().st_uid + 1)
    with pytest.raises(UnsafeFileError, match="belongs to user id"):
        add_line(rc, Path("/hook"))
    assert rc.read_text() == "a\n"


def test_a_loop_of_links_is_refused(rc: Path) -> None:
    rc.symlink_to(rc.name)
    with pytest.raises(UnsafeFileError, match="leads nowhere"):
        add_line(rc, Path("/hook"))


def test_other_lines_are_not_ours(rc: Path) -> None:
    ours = hook_line(Path("/hook"))
    text = f"# delta_learn\necho {MARK}\n# {ours} {MARK}\nsource delta.zsh {MARK}\n{ours}\n"
    rc.write_text(text)
    assert not remove_line(rc)
    assert sourced_hook(rc) is None
    add_line(rc, Path("/hook"))
    remove_line(rc)
    assert rc.read_text() == text


def test_where_the_shells_look(home: Path, tmp_path: Path) -> None:
    environment = {"HOME": str(home), "PATH": "", "ZDOTDIR": str(tmp_path)}
    assert rc_file("bash", environment) == home / ".bashrc"
    assert rc_file("zsh", environment) == tmp_path / ".zshrc"
    assert rc_file("zsh", {"HOME": str(home), "PATH": ""}) == home / ".zshrc"


@pytest.mark.skipif("zsh" not in SHELLS, reason="zsh is not installed")
def test_a_directory_that_only_zsh_knows_is_found(home: Path, tmp_path: Path) -> None:
    (home / ".zshenv").write_text(f"echo noise; ZDOTDIR='{tmp_path}'\n")
    assert rc_file("zsh", {"HOME": str(home), "PATH": os.environ["PATH"]}) == tmp_path / ".zshrc"
