"""What only bash does: history options, PROMPT_COMMAND, traps, and records of several writes."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.usefixtures("bash")


def test_ctrl_x_ctrl_e(sandbox):
    editor = sandbox.home / "editor"
    editor.write_text("#!/bin/sh\nprintf 'echo edited\\n' >\"$1\"\n")
    editor.chmod(0o755)
    terminal = sandbox.start("bash", before=f"EDITOR={editor}")
    terminal.type("echo one")
    for _ in range(2):
        start = len(terminal.screen)
        terminal.send("echo draft\x18\x05")
        terminal.wait_for("ready> ", start)
    terminal.type("echo two")
    terminal.exit()
    recorded = sandbox.session()
    assert [text for text in recorded.texts if "draft" in text] == []
    assert sandbox.results() == [("echo one", 0), ("echo edited", None), ("echo edited", None), ("echo two", 0)]
    assert [command.end is None for command in recorded.commands] == [False, True, True, False, True]


REPEATS = ["echo one", "echo one", "echo two", "(exit 3)", "(exit 3)", "echo one", "echo one"]


@pytest.mark.parametrize(
    "control",
    ["", "ignoredups", "ignoreboth", "ignorespace", "erasedups", "ignoredups:erasedups", "ignoreboth:erasedups"],
)
def test_repeats_are_commands(sandbox, control):
    sandbox.run("bash", *REPEATS, before=f"HISTCONTROL={control}")
    assert sandbox.texts() == REPEATS
    assert [status for _, status in sandbox.results()] == [0, 0, 0, 3, 3, 0, 0]


@pytest.mark.parametrize(
    "control", ["", "ignoredups", "ignoreboth", "ignorespace", "erasedups", "ignoreboth:erasedups"]
)
def test_a_leading_space_is_never_recorded(sandbox, control):
    terminal = sandbox.start("bash", before=f"HISTCONTROL={control}")
    terminal.type(
        " echo s0", "echo one", " echo s1", " echo s2", "echo two", " echo s3", "echo three", "(exit 3)", " echo s4 3"
    )
    terminal.exit()
    assert sandbox.texts() == ["echo one", "echo two", "echo three", "(exit 3)"]


def test_exit_with_a_leading_space(sandbox):
    terminal = sandbox.start("bash", before="HISTCONTROL=ignoreboth")
    terminal.type("echo one")
    terminal.exit(" exit")
    assert sandbox.session().results == [("echo one", 0)]


def test_ignored_patterns_are_not_recorded(sandbox):
    sandbox.run(
        "bash", "ls a", "echo one", "ls b", "ls b", "echo two", "ls c", "echo two", before="HISTIGNORE='ls*:pwd'"
    )
    assert sandbox.texts() == ["echo one", "echo two", "echo two"]


def test_ignored_repeats(sandbox):
    sandbox.run("bash", "echo one", "echo two", "echo two", "ls x", "echo two", before="HISTIGNORE='&:ls*'")
    assert sandbox.texts()[:2] == ["echo one", "echo two"]
    assert set(sandbox.texts()) == {"echo one", "echo two"}


def test_without_history_nothing_is_recorded(sandbox):
    screen = sandbox.run("bash", "echo one", "(exit 3)", "echo two", before="HISTSIZE=0")
    assert "one" in screen
    assert sandbox.sessions() == []


@pytest.mark.parametrize("control", ["", "ignoredups", "ignoreboth", "erasedups"])
def test_history_turned_off_and_on(sandbox, control):
    lines = ["echo one", "set +o history", "echo secret", "echo history", "set -o history", "echo two"]
    sandbox.run("bash", *lines, before=f"HISTCONTROL={control}")
    assert sandbox.texts() == ["echo one", "set +o history", "echo two"]


def test_the_history_list_cleared(sandbox):
    sandbox.run("bash", "echo one", "history -c", "echo two", "echo three", "history -r", "echo four")
    texts = sandbox.texts()
    assert [text for text in texts if "history" not in text] == ["echo one", "echo two", "echo three", "echo four"]


def test_a_small_history(sandbox):
    lines = [f"echo {number}" for number in range(9)]
    sandbox.run("bash", *lines, "echo 8", before="HISTSIZE=2 HISTCONTROL=ignoredups")
    assert sandbox.texts() == [*lines, "echo 8"]


def test_history_shared_with_another_shell(sandbox):
    share = 'PROMPT_COMMAND="history -a; history -n"'
    first = sandbox.start("bash", before=share)
    second = sandbox.start("bash", before=share)
    first.type("echo first 1")
    second.type("echo second 1")
    first.type("", "echo first 2", "")
    second.type("echo second 2", "", "echo second 2")
    first.type("echo first 3")
    first.exit()
    second.exit()
    assert [recorded.texts for recorded in sandbox.sessions()] == [
        ["echo first 1", "echo first 2", "echo first 3", "exit"],
        ["echo second 1", "echo second 2", "echo second 2", "exit"],
    ]


def test_history_expansion_is_recorded_as_it_ran(sandbox):
    terminal = sandbox.start("bash")
    terminal.type("echo one", "!!", "!echo:s/one/two/", "!nothing-like-this", "^two^three")
    terminal.exit()
    assert sandbox.texts() == ["echo one", "echo one", "echo two", "echo three"]


@pytest.mark.parametrize("place", ["before", "after"])
def test_an_exit_trap_still_runs(sandbox, place):
    trap = """trap 'status=$?; echo "bye $status" >bye; echo '\\''it'\\'' ran >>bye' EXIT"""
    terminal = sandbox.start("bash", **{place: trap})
    terminal.type("(cd /; exit 2)", "echo one")
    assert terminal.exit("exit 7") == 7
    assert (sandbox.home / "bye").read_text() == "bye 7\nit ran\n"
    assert sandbox.session().results[:2] == [("(cd /; exit 2)", 2), ("echo one", 0)]
    assert sandbox.session().over == (place == "before")


def test_a_subshell_that_exits_does_not_end_the_session(sandbox):
    sandbox.run("bash", "(exit 3)", "x=$(exit 4)", "( (exit 5) ) | cat", "coproc { exit 6; }", "wait; true")
    recorded = sandbox.session()
    assert len(recorded.commands) == 6
    assert recorded.endings == 1


def test_a_debug_trap_stays(sandbox):
    terminal = sandbox.start("bash", before="trap 'printf %s\\\\n \"$BASH_COMMAND\" >>debug.log' DEBUG")
    terminal.type("echo one", "true | cat", "trap -p DEBUG")
    terminal.exit()
    log = (sandbox.home / "debug.log").read_text().splitlines()
    assert {"echo one", "true", "cat", "trap -p DEBUG", "exit"} <= set(log)
    assert sandbox.texts() == ["echo one", "true | cat", "trap -p DEBUG"]


@pytest.mark.parametrize("functrace", ["", "set -T; "])
def test_what_a_debug_trap_prints_is_not_recorded(sandbox, functrace):
    terminal = sandbox.start("bash", before=f"{functrace}trap 'echo \"DEBUG $BASH_COMMAND\"' DEBUG")
    terminal.type("echo one", "(exit 3)")
    terminal.exit()
    assert "command not found" not in terminal.screen
    assert sandbox.results() == [("echo one", 0), ("(exit 3)", 3)]


def test_prompt_variables_turned_off_later(sandbox):
    screen = sandbox.run("bash", "echo one", "shopt -u promptvars", "echo two", "(exit 3)")
    assert "_delta" not in screen
    assert sandbox.session().texts == ["echo one", "shopt -u promptvars", "echo two", "(exit 3)"]  # and not `exit`


def test_without_prompt_variables(sandbox):
    terminal = sandbox.start("bash", before="shopt -u promptvars")
    terminal.type("echo one", "(exit 3)", "echo one")
    terminal.exit()
    assert "_delta" not in terminal.screen
    assert sandbox.session().results[:3] == [("echo one", 0), ("(exit 3)", 3), ("echo one", 0)]


def test_exported_variables_and_functions_stay_home(sandbox, another_sandbox):
    for place, lines in (("before", []), ("after", []), ("typed", ["set -a"])):
        how = {} if place == "typed" else {place: "set -a"}
        lines = [*lines, "echo one", "env | grep -c delta_", "declare -xF"]
        screens = [
            another_sandbox(f"{place}{plugin}").run("bash", *lines, plugin=plugin, **how) for plugin in (True, False)
        ]
        assert screens[0] == screens[1], place


def test_exec_sees_the_status_before(sandbox):
    terminal = sandbox.start("bash")
    terminal.type("(exit 3)")
    assert terminal.exit('exec sh -c "exit $?"') == 3


def test_comments_and_syntax_errors_are_whole_records(sandbox):
    sandbox.run("bash", "# a comment", "echo )", "echo two")
    texts = sandbox.texts()
    assert texts[-1] == "echo two"
    assert set(texts) <= {"# a comment", "echo )", "echo two"}


def test_a_restricted_shell_says_nothing(sandbox, another_sandbox):
    lines, how = ["echo one", "(exit 3)"], {"argv": ["bash", "-r"]}
    assert sandbox.run("bash", *lines, **how) == another_sandbox("plain").run("bash", *lines, plugin=False, **how)


def test_a_history_that_is_emptied_is_not_made_up(sandbox):
    terminal = sandbox.start("bash")
    terminal.type("echo one", "HISTSIZE=0", "echo two")
    terminal.exit()
    assert set(sandbox.session().texts) <= {"echo one", "HISTSIZE=0"}
    assert sandbox.session().texts[0] == "echo one"


def test_the_exit_trap_of_the_person_is_not_left_in_the_spool(sandbox):
    terminal = sandbox.start("bash", before=f"trap ': {'x' * 200} goodbye; echo bye' EXIT")
    terminal.type("true")
    assert not [path for path in sandbox.spool.iterdir() if b"goodbye" in path.read_bytes()]
    terminal.exit()
    assert "bye" in terminal.screen
