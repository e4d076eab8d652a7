"""What neither shell records, and that it then says nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time

import pytest


def test_a_leading_space_is_not_recorded(sandbox, shell):
    options = {"zsh": "setopt hist_ignore_space", "bash": "HISTCONTROL=ignorespace"}[shell]
    terminal = sandbox.start(shell)
    terminal.type(" echo s1", "\x16\techo s2", "echo one", " echo s3", " echo one")
    terminal.type(options, " echo s4", "echo two", " echo s5", " echo two", "echo three")
    terminal.exit()
    assert sandbox.texts() == ["echo one", options, "echo two", "echo three"]


def test_pause_and_resume_in_this_shell(sandbox, shell):
    terminal = sandbox.start(shell)
    terminal.type("echo one")
    assert "records nothing until" in terminal.type(":pause")
    terminal.type("echo secret", "echo two")
    assert "records again" in terminal.type(":resume")
    terminal.type("echo three")
    terminal.exit()
    assert sandbox.results() == [("echo one", 0), ("echo three", 0)]


def test_pause_in_all_shells(sandbox, shell):
    paused = sandbox.state / "paused"
    terminal = sandbox.start(shell)
    terminal.type("echo one")
    for held in ("", f"{int(time.time()) + 3600}\n", "not a number\n"):
        paused.write_text(held)
        terminal.type("echo secret")
    assert "delta-learn resume" in terminal.type(":resume")
    paused.write_text(f"{int(time.time()) - 2}\n")
    terminal.type("echo two")
    assert "delta-learn resume" not in terminal.type(":resume")
    paused.unlink()
    terminal.type("echo three")
    terminal.exit()
    assert sandbox.results() == [("echo one", 0), ("echo two", 0), ("echo three", 0)]


def test_exit_while_paused_is_not_recorded(sandbox, shell):
    terminal = sandbox.start(shell)
    terminal.type("echo one", ":pause")
    terminal.exit()
    assert sandbox.session().results == [("echo one", 0)]


def test_teaching_is_not_recorded(sandbox, shell):
    log = sandbox.home / "log"
    python = sandbox.home / "python"
    python.write_text(f'#!/bin/sh\necho "$DELTA_SESSION $*" >>{log}\n')
    python.chmod(0o755)
    (sandbox.state / "python").write_text(f"{python}\n")
    terminal = sandbox.start(shell)
    terminal.type("echo one", ":train 'a b' c", ":train add x y", ":feedback helpful", ":train status", ":train now")
    assert "usage" in terminal.type(":train")
    assert "usage" in terminal.type(":feedback maybe")
    terminal.type("echo two")
    terminal.exit()
    assert sandbox.texts() == ["echo one", "echo two"]
    module = f"{sandbox.session().name} -E -P -m delta_learn "
    asked = [line.removeprefix(module) for line in log.read_text().splitlines() if line.startswith(module)]
    assert asked == ["teach -- a b c", "add -- x y", "feedback helpful", "status --short", "train --background"]


def test_scripts_are_not_recorded(sandbox, shell):
    sandbox.write_rc(shell)
    script = sandbox.home / "script"
    script.write_text(f". '{sandbox.hook(shell)}'\necho one\n(exit 3)\necho two\n")
    for argv in ([shell, str(script)], [shell, "-c", f". '{sandbox.hook(shell)}'; echo one; true; echo two"]):
        done = subprocess.run(
            argv, env=sandbox.environment, cwd=sandbox.home, capture_output=True, text=True, check=True
        )
        assert (done.stdout, done.stderr) == ("one\ntwo\n", "")
    # No terminal, but interactive: rc files are read.
    done = subprocess.run(
        [shell, "-i", "-c", "echo one; true"],
        env=sandbox.environment, cwd=sandbox.home, capture_output=True, text=True, check=True,
        stdin=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    assert done.stdout == "one\n"
    assert sandbox.sessions() == []


@pytest.mark.parametrize(
    ("environment", "author"),
    [({"DELTA_AUTHOR": "robot 1"}, "robot 1"), ({"CLAUDECODE": "1"}, "CLAUDECODE"), ({"CLAUDECODE": ""}, "")],
)
def test_agents_are_named(sandbox, shell, environment, author):
    sandbox.run(shell, "echo one", environment=environment)
    assert [header[5] for header in sandbox.session().headers] == [author] * sandbox.session().generations


def test_without_a_spool_nothing_is_made_and_nothing_said(sandbox, shell):
    without = sandbox.run(shell, "echo one", "(exit 3)", "echo $?", plugin=False)
    shutil.rmtree(sandbox.state)
    assert sandbox.run(shell, "echo one", "(exit 3)", "echo $?") == without
    assert not sandbox.state.exists()


def test_a_spool_that_vanishes_is_not_made_again(sandbox, shell):
    terminal = sandbox.start(shell)
    terminal.type("echo one", "echo two")
    shutil.rmtree(sandbox.state)
    screen = terminal.type("echo three", "(exit 3)", "echo $?")
    terminal.exit()
    assert "\n3\r" in screen
    assert "delta" not in screen
    assert "No such" not in screen
    assert not sandbox.state.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_the_spool_of_another_user_stays_empty(sandbox, shell):
    without = sandbox.run(shell, "echo one", plugin=False)
    os.chown(sandbox.spool, 65534, 65534)
    assert sandbox.run(shell, "echo one") == without
    assert list(sandbox.spool.iterdir()) == []


@pytest.mark.parametrize("damage", ["missing", "empty", "no newline", "nowhere", "not executable"])
def test_with_the_package_gone_nothing_is_said(sandbox, another_sandbox, shell, damage):
    lines = ["echo one", "(exit 3)", "echo $?"]
    without = another_sandbox("without").run(shell, *lines, plugin=False)
    python = sandbox.state / "python"
    if damage == "missing":
        python.unlink()
        (sandbox.state / "variables").unlink()
    else:
        texts = {
            "empty": "",
            "no newline": "/bin/true",
            "nowhere": "/no/such/python\n",
            "not executable": f"{python}\n",
        }
        python.write_text(texts[damage])
    assert sandbox.run(shell, *lines) == without
    assert sandbox.texts() == lines


def test_sourced_twice_records_once(sandbox, shell):
    source = f". '{sandbox.hook(shell)}'"
    sandbox.run(shell, "echo one", source, "echo two", after=source)
    assert sandbox.results() == [("echo one", 0), (source, 0), ("echo two", 0)]


def test_no_file_can_be_read_by_others(sandbox, shell):
    terminal = sandbox.start(shell, before="umask 000")
    terminal.type("echo one", "echo two")
    modes = {path.stat().st_mode & 0o777 for path in sandbox.spool.iterdir() if path.suffix != ".text"}
    assert re.search(r"\n0{3,4}\r", terminal.type("umask"))
    terminal.exit()
    assert modes == {0o600}


def test_the_scratch_file_cannot_be_read_by_others(sandbox, bash):
    sandbox.run(bash, "echo one", before="umask 000")
    assert {path.stat().st_mode & 0o777 for path in sandbox.spool.glob("*.text")} <= {0o600}


def test_a_slow_prompt_is_not_part_of_the_command(sandbox, shell):
    clock = "zmodload zsh/datetime\n" if shell == "zsh" else ""
    define = {
        "zsh": "prompts() { print $EPOCHREALTIME >>times }; precmd_functions+=(prompts)",
        "bash": "PROMPT_COMMAND='echo $EPOCHREALTIME >>times'",
    }
    sandbox.run(shell, "true", "true", before=clock + define[shell])
    times = [float(line) * 1e6 for line in (sandbox.home / "times").read_text().split()]
    ends = [command.end for command in sandbox.session().commands[:-1]]
    assert len(times) == len(ends) + 1
    assert all(end <= prompt for end, prompt in zip(ends, times[1:], strict=True))
