"""The same lines with and without the hooks leave the same on the screen, in the shell and in the history."""

from __future__ import annotations

import os
import re
import shutil

import pytest

STATUS = {
    "zsh": 'print -r -- $? $_ "$pipestatus" "${#jobstates}"',
    "bash": "printf '%s\\n' \"$? $_ ${PIPESTATUS[*]} $(jobs)\"",
}
COMMANDS = [
    "echo one two",
    "(exit 3)",
    "false | true | (exit 4) | cat",
    "f() { return 5; }",
    "f last argument",
    "no-such-program-here x",
    "X=5",
    "for i in a b; do false; done",
    "cat <<<here",
    ": $(exit 6)",
    "",
    "{ echo group; }",
    "! true",
    "[ 1 = 2 ]",
    "sh -c 'exit 200' sh arg",
    "sh -c 'kill -9 $$'",
    "echo it\\'s \"q\" 'r'",
    " echo leading space",
    "false",
    "cd /usr",
    "cd - >/dev/null",
]
STATE = [
    "set -o",
    "umask",
    "jobs -l",
    "env | grep -v ^_= | sort",
    "ls /proc/self/fd; ls -l /proc/self/fd | grep -c spool",
    "sh -c 'ls /proc/self/fd'",
    "(ls /proc/self/fd)",
    "ulimit -a",
    "trap -p INT; trap -p TERM; trap -p CHLD",
    "echo $- $# $0",
    "hash",
    "fc -l 1",
]
ONLY = {
    "zsh": ["setopt", "zle -l | grep -Ev '_delta_|azhw' | sort", "dirs", "alias"],  # keys: test_keys.py
    "bash": ["shopt", "history", "bind -p | wc -l", "dirs", "shopt -po"],
}


def run_twice(sandboxes, shell: str, lines: list[str], **how: str) -> list[str]:
    """The screen with and without the hooks, each after the history file was compared."""
    screens, histories = [], []
    for name in ("hooks", "plain"):
        sandbox = sandboxes(name)
        (sandbox.state / "python").write_text(f"{how.get('python', '/nowhere/python')}\n")
        history = sandbox.home / "history"
        rc = f"HISTFILE={history}\nHISTSIZE=500 SAVEHIST=500\n" + how.get("before", "")
        screen = sandbox.run(shell, *lines, before=rc, plugin=name == "hooks")
        screens.append(
            re.sub(r"\b\d{3,}\b(?= +(suspended|running|done|Killed|terminated)|\r)", "PID", screen).replace(
                "/plain/", "/hooks/"
            )
        )
        kept = history.read_bytes().replace(b"/plain/", b"/hooks/")
        histories.append(re.sub(rb"(?m)^#\d{10}$", b"#TIME", kept))  # the second run may begin a second later
    assert histories[0] == histories[1]
    return screens


def test_status_and_last_argument(another_sandbox, shell):
    lines = [line for command in COMMANDS for line in (command, STATUS[shell])]
    hooks, plain = run_twice(another_sandbox, shell, lines)
    assert hooks == plain


@pytest.mark.parametrize(
    "history", ["", "HISTCONTROL=ignoreboth", "HISTTIMEFORMAT='%s '", "HISTCONTROL=erasedups; shopt -s histappend"]
)
def test_everything_else(another_sandbox, shell, history):
    if history and shell == "zsh":
        history = "setopt hist_ignore_space hist_ignore_all_dups inc_append_history"
    timed = "TIME" in history
    lines = ["echo one", " echo two", "echo one", *([] if timed else STATE + ONLY[shell])]
    hooks, plain = run_twice(another_sandbox, shell, lines, before=history)
    assert hooks == plain


def test_background_jobs(another_sandbox, shell):
    lines = [
        "true",
        "sleep 1000 &",
        "jobs",
        "pid=$!",
        "[ $! = $pid ]; echo $?",
        "{ kill $pid; wait $pid; } 2>/dev/null; echo $?",
        "jobs",
    ]
    hooks, plain = run_twice(another_sandbox, shell, lines)
    assert hooks == plain


def test_the_last_background_process_of_a_new_zsh(zsh, another_sandbox):  # bash: shell/README.md
    hooks, plain = run_twice(
        another_sandbox, "zsh", ["true", 'echo "[${!}]"', "wait; jobs"], python=shutil.which("true")
    )
    assert hooks == plain


def test_no_child_trap_is_called_in_zsh(zsh, another_sandbox):
    lines = ["true", "sh -c 'exit 3'", "true"]
    hooks, plain = run_twice(
        another_sandbox, "zsh", lines, before="trap 'echo CHILD' CHLD", python=shutil.which("true")
    )
    assert hooks == plain


def test_matches_are_kept(bash, another_sandbox):
    lines = [": x; [[ abc =~ b(c) ]]", 'echo "${BASH_REMATCH[*]}"']
    hooks, plain = run_twice(another_sandbox, "bash", lines)
    assert hooks == plain


def test_names_begin_with_delta(sandbox, shell):
    """Nothing but what says whose it is gets into the person's variables, functions and aliases."""
    names = {
        "zsh": "print -l ${(ok)parameters} ${(ok)functions} ${(k)aliases} >",
        "bash": "{ compgen -v; compgen -A function; compgen -a; } | sort >",
    }[shell]
    found = []
    for plugin in (True, False):
        sandbox.run(shell, "true", f"{names}names", plugin=plugin)
        found.append(set((sandbox.home / "names").read_text().split()))
    # add-zle-hook-widget and its azhw: widgets are zsh's own, for what hooks the editor.
    ours = re.compile(r".*_delta_.*|add-zle-hook-widget|azhw:zle-.*")
    new = {name for name in found[0] - found[1] if not ours.fullmatch(name)}
    allowed = {
        ":train",
        ":feedback",
        ":pause",
        ":resume",
        *(["exec", "PS0", "PROMPT_COMMAND"] if shell == "bash" else []),
    }
    hook_arrays = {"preexec_functions", "precmd_functions", "zshexit_functions"}
    loaded = {"EPOCHSECONDS", "EPOCHREALTIME", "epochtime", "errnos", "sysparams", "parameters", "functions"}
    assert new <= allowed | hook_arrays | loaded | {"REPLY", "BASH_REMATCH"}, new


def test_a_prompt_does_not_wait_for_the_drain(sandbox, shell):
    """At most one drain a minute, of a generation to which nothing is written any more."""
    fifo, log = sandbox.home / "fifo", sandbox.home / "log"
    os.mkfifo(fifo)
    python = sandbox.home / "python"
    python.write_text(f'#!/bin/sh\necho "$*" >>{log}\nread line <{fifo}\n')
    python.chmod(0o755)
    (sandbox.state / "python").write_text(f"{python}\n")
    terminal = sandbox.start(shell)
    screen = terminal.type("true", "echo one", "echo two", "jobs; wait", "sh -c 'exit 3'")
    assert terminal.exit() == 3
    with fifo.open("w") as held:  # now a drain may go on: it has begun, and at the end there is another
        held.write("go\ngo\ngo\n")
    assert "python" not in screen
    recorded = sandbox.session()
    assert recorded.generations == 2
    assert recorded.endings == 1
    first = sandbox.spool / f"{recorded.name}.0"
    assert first.read_bytes().count(b"\x1e1S") == 1
    started = log.read_text().splitlines()
    assert started.count("-E -P -m delta_learn.collector.record") in (1, 2)
    assert started.count("-E -P -m delta_learn.serving.daemon") == 1
    assert len(started) <= 3


def test_a_file_that_was_drained_away_is_begun_again(sandbox, shell):
    terminal = sandbox.start(shell)
    terminal.type("echo one", "echo two")
    for path in sandbox.spool.iterdir():
        if path.suffix != ".text":
            path.unlink()
    terminal.type("echo three")
    terminal.exit()
    (path,) = [path for path in sandbox.spool.iterdir() if path.suffix not in (".text", ".0", ".1")]
    data = path.read_bytes()
    assert data.startswith(b"\x1e1H")
    assert b"echo three" in data
