"""What only zsh does: start records while a command runs, history options, widgets, traps."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.usefixtures("zsh")


def test_the_start_is_written_before_the_command_runs(sandbox):
    terminal = sandbox.start("zsh")
    terminal.begin("""sh -c 'echo be""gun; exec cat'""")
    running = sandbox.session()
    assert running.results == [("""sh -c 'echo be""gun; exec cat'""", None)]
    terminal.interrupt()
    terminal.exit()
    assert sandbox.results() == [("""sh -c 'echo be""gun; exec cat'""", 130)]


def test_edit_command_line(sandbox):
    editor = sandbox.home / "editor"
    editor.write_text("#!/bin/sh\nprintf 'echo edited\\necho lines\\n' >\"$1\"\n")
    editor.chmod(0o755)
    widget = "autoload -Uz edit-command-line; zle -N edit-command-line; bindkey '^X^E' edit-command-line"
    terminal = sandbox.start("zsh", before=f"EDITOR={editor}; {widget}")
    start = len(terminal.screen)
    terminal.send("echo draft\x18\x05")
    terminal.wait_for("lines", start)
    terminal.type("", "echo two")
    terminal.exit()
    assert sandbox.results() == [("echo edited\necho lines", 0), ("echo two", 0)]


@pytest.mark.parametrize(
    "options",
    ["hist_ignore_dups", "hist_ignore_all_dups", "hist_save_no_dups", "hist_expire_dups_first", "hist_find_no_dups"],
)
def test_repeats_are_commands(sandbox, options):
    lines = ["echo one", "echo one", "echo two", "(exit 3)", "(exit 3)", "echo one"]
    sandbox.run("zsh", *lines, before=f"setopt {options}")
    assert sandbox.texts() == lines


@pytest.mark.parametrize(
    "options",
    [
        "",
        "hist_ignore_space",
        "hist_ignore_space hist_reduce_blanks",
        "hist_ignore_space hist_no_store",
        "no_bang_hist",
    ],
)
@pytest.mark.parametrize("size", ["", "HISTSIZE=0 SAVEHIST=0", "HISTSIZE=1", "unset HISTFILE HISTSIZE SAVEHIST"])
def test_a_leading_space_is_never_recorded(sandbox, options, size):
    lines = ["echo one", " echo s1", "echo two", "   echo s2", " echo s3", "echo three"]
    sandbox.run("zsh", *lines, before=f"setopt {options}\n{size}")
    assert sandbox.texts() == ["echo one", "echo two", "echo three"]


def test_exit_with_a_leading_space(sandbox):
    terminal = sandbox.start("zsh")
    terminal.type("echo one")
    terminal.exit(" exit")
    assert sandbox.session().results == [("echo one", 0)]


def test_ignored_patterns_are_not_recorded(sandbox):
    lines = ["ls", "ls a b", "lsof -v >/dev/null 2>&1", "pwd", "echo pwd", "[ x = x ]", "echo '*'"]
    sandbox.run("zsh", *lines, before="HISTORY_IGNORE='(ls|ls *|pwd|\\[ *)'")
    assert sandbox.texts() == ["lsof -v >/dev/null 2>&1", "echo pwd", "echo '*'"]


@pytest.mark.parametrize("pattern", ["(", "[", "*(", "((#s)"])
def test_a_broken_pattern_breaks_nothing(sandbox, another_sandbox, pattern):
    lines = ["echo one", "(exit 3)"]
    before = f"HISTORY_IGNORE='{pattern}'"
    assert sandbox.run("zsh", *lines, before=before) == another_sandbox("plain").run(
        "zsh", *lines, before=before, plugin=False
    )


def test_history_expansion_is_recorded_as_it_ran(sandbox):
    sandbox.run("zsh", "echo one", "!!", "!echo:s/one/two/", "!nothing-like-this", "^two^three")
    assert sandbox.texts() == ["echo one", "echo one", "echo two", "echo three"]


def test_aliases_are_recorded_as_typed(sandbox):
    sandbox.run("zsh", "ll x", "echo A", before="alias ll='echo expanded'; alias -g A='| cat'")
    assert sandbox.texts() == ["ll x", "echo A"]


def test_a_subshell_that_exits_does_not_end_the_session(sandbox):
    sandbox.run("zsh", "(exit 3)", "x=$(exit 4)", "( (exit 5) ) | cat", "coproc { exit 6 }", "wait", "cat <(exit 1)")
    recorded = sandbox.session()
    assert len(recorded.commands) == 7
    assert recorded.endings == 1


def test_an_exit_function_still_runs(sandbox):
    terminal = sandbox.start("zsh", before='zshexit() { print -r -- "bye $?" >>bye }; TRAPEXIT() { print trap >>bye }')
    terminal.type("echo one")
    assert terminal.exit("exit 7") == 7
    assert (sandbox.home / "bye").read_text() == "trap\nbye 7\n"
    assert sandbox.session().over


def test_a_suspended_command_ends_when_the_prompt_returns(sandbox):
    terminal = sandbox.start("zsh")
    terminal.begin("""sh -c 'echo be""gun; exec cat'""")
    start = len(terminal.screen)
    terminal.send("\x1a")
    terminal.wait_for("ready> ", start)
    terminal.type("kill %1; wait")
    terminal.exit()
    assert sandbox.results()[0] == ("""sh -c 'echo be""gun; exec cat'""", 148)


@pytest.mark.parametrize("trap", ["trap 'print DEBUG' DEBUG", "TRAPDEBUG() { print DEBUG }"])
def test_a_debug_trap_hears_only_how_the_hooks_begin(sandbox, another_sandbox, trap):
    lines = ["echo one", "(exit 3)"]
    without = another_sandbox("plain").run("zsh", *lines, plugin=False, after=trap)
    heard = sandbox.run("zsh", *lines, before="DELTA_PROMPT=off", after=trap).count("DEBUG") - without.count("DEBUG")
    hooks = 2 * (len(lines) + 1) + 1  # each begins and ends, and so does `exit`
    assert heard <= 3 * hooks  # the status is saved, the options are set, the trap is put aside


def test_hooks_of_another_are_called_with_the_status(sandbox):
    precmd = 'report() { print -r -- "[$? $pipestatus]" }; precmd_functions+=(report)'
    screen = sandbox.run("zsh", "(exit 3)", "false | true | (exit 4)", after=precmd)
    assert "[3 3]" in screen
    assert "[4 1 0 4]" in screen


def test_a_restricted_shell_says_nothing(sandbox, another_sandbox):
    lines = ["echo one", "(exit 3)"]
    without = another_sandbox("plain").run("zsh", *lines, plugin=False, after="setopt restricted")
    assert sandbox.run("zsh", *lines, after="setopt restricted") == without


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_small_history_of_functions(sandbox, place):
    sandbox.run("zsh", "echo one", "f() { echo f }", "f", "echo two", **{place: "setopt hist_no_functions; HISTSIZE=2"})
    assert sandbox.texts() == ["echo one", "f() { echo f }", "f", "echo two"]
