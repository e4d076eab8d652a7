"""shell/ghost.zsh where the line is more than one line, or something else has the keys: menus, searches, questions."""

from __future__ import annotations

import pytest

from tests.shell.fakeserver import ALPHA
from tests.shell.screen import begin, ghosts

pytestmark = pytest.mark.usefixtures("zsh")

RIGHT, ESCAPE, INTERRUPT, LEFT = "\x1b[C", "\x1b", "\x03", "\x02"


@pytest.fixture
def terminal(sandbox, alpha):
    """At a prompt at which ALPHA is suggested."""
    return begin(sandbox)


COMPLETIONS = {
    "menu": "zmodload zsh/complist; MENUSELECT=0",
    "list": "setopt no_auto_menu",
    "system": "autoload -Uz compinit; compinit -D -u; zstyle ':completion:*' menu select",
    "below": "setopt no_always_last_prompt",
}


@pytest.mark.parametrize("completion", COMPLETIONS)
def test_menus_leave_nothing(sandbox, alpha, completion):
    for name in ("ab1", "ab2"):
        (sandbox.home / name).touch()
    alpha.answers["echo ab"] = [("echo ab alpha", "s")]
    terminal = begin(sandbox, COMPLETIONS[completion])
    terminal.send("echo a")
    terminal.wait_line("echo a", "lpha")
    alpha.wedged = True
    terminal.send("\t\t")
    terminal.wait_until(lambda: "ab1  ab2" in terminal.rows(), "the list")
    alpha.release()
    terminal.wait_line("echo ab", " alpha")
    if completion != "below":
        assert "ab1  ab2" in terminal.rows()[-2:]  # what comes late does not take it away
    terminal.send("\t")
    terminal.wait_until(lambda: terminal.line() == ("echo ab1", "") or completion in ("list", "below"), "the first")
    terminal.send("\t\x15echo done")
    terminal.enter("done")
    terminal.wait_line("", ALPHA)
    assert ghosts(terminal) == 1


def test_a_list_below_the_line_leaves_nothing_above_it(sandbox, alpha):
    for name in ("ab1", "ab2"):
        (sandbox.home / name).touch()
    alpha.answers["echo ab"] = [("echo ab alpha", "s")]
    terminal = begin(sandbox, "setopt no_always_last_prompt no_auto_menu")
    terminal.send("echo ab")
    terminal.wait_line("echo ab", " alpha")
    terminal.send("\t")
    terminal.wait_until(lambda: "ab1  ab2" in terminal.rows(), "the list")
    terminal.check_line("echo ab")
    assert ghosts(terminal) == 0


@pytest.mark.parametrize("options", ["", "no_always_last_prompt"])
def test_a_completion_is_gone_on_from(sandbox, alpha, options):
    for name in ("file-ab1", "file-ab2"):
        (sandbox.home / name).touch()
    alpha.answers["echo file-ab"] = [("echo file-ab alpha", "s")]
    terminal = begin(sandbox, f"unsetopt list_ambiguous\nsetopt {options}")
    terminal.send("echo f")
    terminal.check_line("echo f")
    terminal.send("\t")
    terminal.wait_line("echo file-ab", " alpha")
    assert "file-ab1  file-ab2" in terminal.rows()
    assert ghosts(terminal) == 1


def test_a_message_stays_when_an_answer_changes_nothing(terminal, server):
    server.answers["l"] = []
    server.wedged = True
    terminal.send("l")
    server.wait_for("Q")
    terminal.check_line("l")
    server.release()
    terminal.read_for(0.1)
    assert terminal.rows() == ["ready> l", "settled 2."]


def test_an_answer_in_the_first_moment_of_a_search(terminal, server):
    server.wedged = True
    terminal.send("ec")
    server.wait_for("Q")
    terminal.send("\x12")
    terminal.wait_until(lambda: "bck-i-search: _" in terminal.rows(), "the search")
    server.release()
    terminal.read_for(0.1)
    assert terminal.rows()[-2:] == ["ready> ec", "bck-i-search: _"]


def test_search_in_the_history_shows_nothing(terminal, server):
    terminal.run("print bet")
    terminal.wait_line("", ALPHA)
    server.wedged = True
    terminal.send("p")
    server.wait_for("Q")
    terminal.send("\x7f")
    terminal.wait_line("", ALPHA)
    terminal.send("\x12")
    terminal.wait_until(lambda: "bck-i-search: _" in terminal.rows(), "the search")
    assert ghosts(terminal) == 0
    server.answers["p"] = server.answers["print bet"] = [("print bet alpha", "s")]
    terminal.send("prin")
    terminal.wait_until(lambda: "bck-i-search: prin_" in terminal.rows(), "the search")
    server.release()
    for more in ("t", " "):
        terminal.send(more)
        terminal.wait_until(lambda more=more: f"search: print{more.strip()}" not in terminal.rows(), "the search")
    terminal.wait_until(lambda: "bck-i-search: print _" in terminal.rows(), "the search")
    assert ghosts(terminal) == 0
    terminal.send("\x05")  # takes it: not typed, so nothing is shown
    terminal.check_line("print bet")
    terminal.send("\x15")
    terminal.wait_line("", ALPHA)


@pytest.mark.parametrize("keys", ["\x1b[A", "\x10", "\x1b<"])
def test_lines_from_the_history_show_nothing(terminal, server, keys):
    server.answers["echo one"] = server.answers["echo one "] = [("echo one alpha", "s")]
    terminal.run("echo one")
    terminal.wait_line("", ALPHA)
    asked = server.buffers()
    terminal.send(keys)
    terminal.check_line("echo one")
    assert server.buffers() == asked
    terminal.send(" ")
    terminal.wait_line("echo one ", "alpha")


def test_several_lines_in_one(terminal, server):
    text = "for i in 1 2; do\necho $i; done"
    server.answers["f"] = server.answers["for i in 1 2; do\n"] = [(text, "s")]
    terminal.send("f")
    terminal.wait_until(lambda: terminal.rows() == ["ready> for i in 1 2; do", "echo $i; done"], "both lines")
    terminal.send("or i in 1 2; do\x1b\r")
    terminal.wait_line("?", "echo $i; done")
    terminal.interrupt_line()
    terminal.wait_line("", ALPHA)
    assert not any("echo $i" in row for row in terminal.everything())
    terminal.send("f")
    terminal.wait_until(lambda: "echo $i; done" in terminal.rows(), "both lines")
    terminal.send(RIGHT)
    terminal.enter("2")
    assert sum("echo $i" in row for row in terminal.everything()) == 1


def test_further_lines_of_a_command_show_nothing(terminal, server):
    terminal.send("for i in 1 2; do\r")
    terminal.wait_line("?more> ")
    terminal.send("echo ")
    terminal.check_line("?more> echo ")
    assert "echo " not in server.buffers()
    terminal.send("$i; done")
    terminal.enter("2")
    terminal.wait_line("", ALPHA)


def test_vi_mode(sandbox, alpha):
    alpha.answers["echo b"] = [("echo beta", "s")]
    terminal = begin(sandbox, "bindkey -v; KEYTIMEOUT=1")
    terminal.send(ESCAPE)
    terminal.wait_line("")
    terminal.check_line("")
    terminal.send("i")
    terminal.wait_line("", ALPHA)
    terminal.send("echo b")
    terminal.wait_line("echo b", "eta")
    terminal.send(ESCAPE)
    terminal.wait_line("echo ", "b")
    terminal.check_line("echo ", "b")
    terminal.send("A")
    terminal.wait_line("echo b", "eta")
    terminal.send(RIGHT)
    terminal.enter("beta")


def test_only_behind_the_end_of_the_line(terminal, server):
    server.answers["echo ab"] = [("echo ab alpha", "s")]
    terminal.send("echo ab")
    terminal.wait_line("echo ab", " alpha")
    terminal.send(LEFT)
    terminal.check_line("echo a", "b")
    terminal.send(RIGHT)
    terminal.wait_line("echo ab", " alpha")


OTHER_EDITORS = {
    "vared": "x=; vared -p 'more> ' x",
    "read": "read 'x?more> '",
    "read -s": "read -s 'x?more> '; print",
    "read -q": "read -q 'x?more> '; print",
    "select": "PS3='more> '; select x in one; do break; done",
    "password": "sh -c 'stty -echo; printf \"more> \"; read x; stty echo'; print",
}


@pytest.mark.parametrize("editor", OTHER_EDITORS)
def test_other_lines_than_commands_show_nothing(terminal, server, editor):
    terminal.send(OTHER_EDITORS[editor])
    terminal.settle()
    terminal.send("\r")
    terminal.wait_until(lambda: terminal.line()[0].startswith("?more> "), "the question")
    terminal.send("e" if editor != "read -q" else "")
    terminal.wait_until(lambda: terminal.line()[0][-1] in ("e" if editor in ("vared", "read", "select") else " "), "e")
    assert terminal.line()[1] == ""
    assert ghosts(terminal) == 0
    terminal.send("\x15\x7f1\r" if editor == "select" else "\r" if editor != "read -q" else "n")
    terminal.wait_line("", ALPHA)
    assert set(server.buffers()) <= {OTHER_EDITORS[editor]}
    assert ghosts(terminal) == 1
