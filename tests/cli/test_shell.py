"""cli/shell.py: init, install, uninstall, doctor."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.errors import UnsafeFileError
from delta_learn.installation.checks import Check
from delta_learn.installation.hooks import hook_text
from delta_learn.paths import Paths
from delta_learn.storage.lock import exclusive

Run = Callable[..., Result]


@pytest.mark.parametrize("shell", ["zsh", "bash"])
def test_init_prints_the_hook_and_nothing_else(run: Run, paths: Paths, home: Path, shell: str) -> None:
    result = run("init", shell)
    assert result.stdout == hook_text(shell)
    assert result.stderr == ""
    assert paths.python.exists()
    assert paths.spool.is_dir()
    assert not (home / f".{shell}rc").exists()


def test_init_of_another_shell_is_a_usage_error(run: Run, paths: Paths) -> None:
    for arguments in (["init", "fish"], ["init"], ["install", "--shell", "fish"]):
        result = run(*arguments)
        assert result.exit_code == 2
        assert not paths.state.exists()
    assert "is not zsh or bash" in result.stderr


def test_install_says_what_matters_in_five_lines(run: Run, home: Path, paths: Paths) -> None:
    result = run("install", "--shell", "zsh", "--shell", "bash")
    lines = result.stdout.splitlines()
    assert len(lines) == 5
    assert all(len(line) <= 240 for line in lines)
    for line, words in zip(
        lines,
        [
            ("new shell", "~/.zshrc", "~/.bashrc", "directory", "exit status", "VIRTUAL_ENV"),
            (str(paths.training.relative_to(home)), str(paths.state.relative_to(home))),
            ("delta-learn pause", ":pause"),
            ("delta-learn review",),
            ("delta-learn forget",),
        ],
        strict=True,
    ):
        assert all(word in line for word in words), line
    assert result.stderr == ""


def test_a_login_shell_that_never_reads_bashrc_is_a_sixth_line(run: Run, home: Path) -> None:
    (home / ".bash_profile").write_text("umask 22\n")
    result = run("install", "--shell", "bash")
    assert len(result.stdout.splitlines()) == 5
    (line,) = result.stderr.splitlines()
    assert ".bash_profile" in line
    assert (home / ".bash_profile").read_text() == "umask 22\n"


def test_uninstall_keeps_the_data_where_nobody_can_be_asked(run: Run, paths: Paths, home: Path) -> None:
    (home / ".zshrc").write_text("mine")
    run("install", "--shell", "zsh")
    Store.open(paths).add([CommandEntry("ls", timestamp=1e9)])
    result = run("uninstall", stdin="y\n")
    assert (home / ".zshrc").read_text() == "mine"
    assert "~/.zshrc" in result.stdout
    assert "stays" in result.stdout
    assert len(Store.open(paths).entries()) == 1
    assert "No start file" in run("uninstall").stdout


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("answer", "left"), [("y\n", False), ("n\n", True), ("\n", True)])
def test_uninstall_asks_once_on_a_terminal(run: Run, paths: Paths, answer: str, left: bool) -> None:
    run("install")
    assert "Delete" in run("uninstall", stdin=answer).stdout
    assert paths.key.exists() is left
    assert ("Delete" in run("uninstall", stdin="n\n").stdout) is left


def test_purge_says_that_all_is_gone(run: Run, paths: Paths) -> None:
    run("install")
    result = run("uninstall", "--purge")
    assert "deleted" in result.stdout
    assert "stays in" not in result.stdout
    assert not paths.home.exists()
    assert not paths.state.exists()


def test_a_start_file_that_cannot_be_changed_is_one_sentence(run: Run, home: Path) -> None:
    (home / ".zshrc").mkdir()
    with pytest.raises(UnsafeFileError):
        run("install", "--shell", "zsh")
    command = [sys.executable, "-m", "delta_learn", "install", "--shell", "zsh"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_doctor_is_a_table_and_what_to_do(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = [Check("key", "ok", "whole"), Check("spool", "warning", "old", "run it")]
    monkeypatch.setattr("delta_learn.installation.doctor.examine", lambda paths: checks)
    result = run("doctor")
    assert result.exit_code == 0
    assert "spool: run it" in result.stdout.splitlines()
    assert json.loads(run("doctor", "--json").stdout)[0] == {"name": "key", "state": "ok", "what": "whole", "mend": ""}
    checks.append(Check("disk", "problem", "full", "make room"))
    for arguments in (["doctor"], ["doctor", "--json"]):
        assert run(*arguments).exit_code == 1


def test_doctor_looks_for_the_server(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("delta_learn.installation.doctor.examine", lambda paths: [])
    paths = Paths.from_environment()
    assert "none runs; the next prompt starts it" in run("doctor").stdout
    with exclusive(paths.server_lock, "a server that hangs"):
        result = run("doctor")
    assert result.exit_code == 1
    assert "does not answer" in result.stdout
    assert "delta-learn serve --stop" in result.stdout
