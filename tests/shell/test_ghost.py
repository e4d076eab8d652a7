"""shell/prompt.zsh and ghost.zsh: the suggestion behind the line, as a person sees it."""

from __future__ import annotations

import os

import pytest

from delta_learn.serving.protocol import answer, frames
from tests.shell.fakeserver import ALPHA
from tests.shell.screen import begin, ghosts, start_zsh

pytestmark = pytest.mark.usefixtures("zsh")

RIGHT, ESCAPE, INTERRUPT, LEFT = "\x1b[C", "\x1b", "\x03", "\x02"


@pytest.fixture
def terminal(sandbox, alpha):
    """At a prompt at which ALPHA is suggested."""
    return begin(sandbox)


def test_the_empty_prompt_and_each_key(terminal, server):
    server.answers["echo b"] = [("echo beta", "s")]
    assert terminal.colour() == "brightblack"
    terminal.send("ec")
    terminal.wait_line("ec", "ho alpha")
    terminal.send("ho b")
    terminal.wait_line("echo b", "eta")
    terminal.send("z")
    terminal.check_line("echo bz")


def test_what_is_asked(sandbox, server):
    terminal = start_zsh(sandbox)
    server.wait_for("P")
    for number, key in enumerate("ab ", start=1):
        terminal.send(key)
        server.wait_for("Q", number)
        terminal.settle()
    terminal.enter("zsh: command not found: ab")
    server.wait_for("P", 2)
    greeting, *asked = server.asked
    assert greeting.fields[1:] == ("zsh 5.9", str(terminal.pid)) or greeting.fields[1].startswith("zsh ")
    here = str(sandbox.home)
    assert [(frame.kind, *frame.fields) for frame in asked if frame.kind in "PQ"] == [
        ("P", "1", here), ("Q", "2", here, "a"), ("Q", "3", here, "ab"), ("Q", "4", here, "ab "), ("P", "5", here),
    ]  # fmt: skip
    assert greeting.fields[0] == sandbox.session().name


def test_what_is_not_sure_enough_is_not_shown(sandbox, server):
    server.answers[""] = [("echo alpha", ""), ("echo beta", "s")]
    begin(sandbox, ghost="echo beta")


def test_an_answer_to_an_older_line(terminal, server):
    server.answers |= {"l": [("ls alpha", "s")], "lx": [("lx alpha", "s")]}
    server.wedged = True
    terminal.send("l")
    server.wait_for("Q")
    terminal.send("x")
    terminal.check_line("lx")
    server.reply = lambda frame: server.answer(frame) if frame.fields[2:] == ("l",) else b""
    server.release()
    server.wait_for("Q", 2)
    terminal.check_line("lx")


def test_an_answer_to_an_older_line_that_still_fits(terminal, server):
    server.answers["l"] = [("ls alpha", "s")]
    server.wedged = True
    terminal.send("l")
    server.wait_for("Q")
    terminal.send("s")
    terminal.check_line("ls")
    server.reply = lambda frame: server.answer(frame) if frame.fields[2:] == ("l",) else b""
    server.release()
    terminal.wait_line("ls", " alpha")
    assert server.wait_for("Q", 2)[1].fields[2] == "ls"


def test_an_answer_to_a_line_that_was_given_up(terminal, server):
    """What is known of the present line stays."""
    server.wedged = True
    terminal.send("l")
    server.wait_for("Q")
    terminal.send("\x7f")
    terminal.wait_line("", ALPHA)
    terminal.check_line("", ALPHA)
    begin = len(terminal.screen)
    server.release()
    terminal.read_for(0.1)
    assert terminal.screen[begin:] == ""  # nothing was drawn
    assert server.buffers() == ["l"]


def test_an_answer_that_nobody_waits_for(terminal, server):
    server.wedged = True
    terminal.send("l")
    server.wait_for("Q")
    for number in ("0", "1", "77", "*", ""):
        server.say(frames(answer(number, [("ls alpha", "s", 0.5, "history")])))
    terminal.check_line("l")


def test_one_request_at_a_time_while_keys_come_fast(terminal, server):
    """30 keys a second, and a server that needs as long as three keys for each answer."""
    server.delay = 0.1
    text = "echo the quick brown fox jumps over dogs"
    for key in text:
        terminal.send(key)
        terminal.read_for(1 / 30)
    terminal.check_line(text)
    assert server.most_unanswered == 1
    assert 2 <= len(server.buffers()) < len(text)
    terminal.enter(text.removeprefix("echo "))


def test_nothing_is_drawn_while_more_keys_are_waiting(terminal, server):
    begin = len(terminal.screen)
    terminal.send("echo alp")
    terminal.wait_line("echo alp", "ha")
    assert "o alpha" not in terminal.screen[begin:]
    server.wait_for("Q")
    assert server.buffers() == ["echo alp"]


def test_nothing_is_drawn_behind_what_was_pasted(terminal, server):
    server.answers |= {"echo al": [(ALPHA, "s")], "echo alp": [(ALPHA, "s")]}
    terminal.send("\x1b[200~echo al\x1b[201~")
    terminal.check_line("echo al")
    assert server.buffers() == []
    terminal.send("p")
    terminal.wait_line("echo alp", "ha")


@pytest.mark.parametrize("typed", ["", "e", "echo a"])
def test_enter_leaves_nothing(terminal, typed):
    terminal.send(typed)
    terminal.wait_line(typed, ALPHA.removeprefix(typed))
    terminal.run()
    terminal.wait_line("", ALPHA)
    assert ghosts(terminal) == 1
    assert terminal.rows()[0] == f"ready> {typed}".rstrip()


TRAPS = {
    "none": "",
    "function": "TRAPINT() { print mine >>~/trapped; return $(( 128 + $1 )) }",
}


@pytest.mark.parametrize("trap", TRAPS)
def test_interrupt_leaves_nothing(sandbox, alpha, trap):
    """And the traps of the person work as without us, as do precmd functions, which a trap can stop."""
    terminal = begin(sandbox, TRAPS[trap] + "\nprecmd() { print precmd >>~/called }")
    keep = "functions TRAPINT >~/{0}; trap >>~/{0}"
    terminal.run(keep.format("one"))
    for typed in ("", "ec"):
        terminal.wait_line("", ALPHA)
        terminal.send(typed)
        terminal.wait_line(typed, ALPHA.removeprefix(typed))
        called = (sandbox.home / "called").read_text()
        terminal.interrupt_line()
        terminal.wait_line("", ALPHA)
        assert ghosts(terminal) == 1
        if trap == "none":
            assert len((sandbox.home / "called").read_text()) > len(called)
    terminal.run(keep.format("two"))
    assert (sandbox.home / "one").read_text() == (sandbox.home / "two").read_text()
    if trap != "none":
        assert set((sandbox.home / "trapped").read_text().split()) == {"mine"}


def test_a_trap_of_another_form_is_not_touched(sandbox, alpha):
    terminal = begin(sandbox, "trap 'print mine >>~/trapped' INT")
    terminal.send(INTERRUPT)
    terminal.run("trap >~/traps")
    assert "trap -- 'print mine >> ~/trapped' INT" in (sandbox.home / "traps").read_text()


@pytest.mark.parametrize("typed", ["", "echo a"])
@pytest.mark.parametrize("long", [False, True])
def test_another_size_of_the_window_leaves_nothing(sandbox, server, typed, long):
    text = ALPHA + " beta" * 20 * long  # several rows
    server.answers[""] = [(text, "s")]
    terminal = start_zsh(sandbox)
    terminal.wait_line("", text[:53])
    terminal.send(typed)
    terminal.wait_line(typed, text[len(typed) : 53])
    for columns, rows in ((40, 12), (75, 8), (60, 20)):
        terminal.resize(columns, rows)
        terminal.settle()
    terminal.run()
    terminal.wait_until(lambda: "alpha" in terminal.line()[1], "the next suggestion")
    assert ghosts(terminal) == 1


def test_private_lines(terminal, server):
    terminal.send(" ")
    terminal.check_line(" ")
    terminal.send("echo alph")
    terminal.check_line(" echo alph")
    assert server.buffers() == []
    terminal.send("\x01\x04")
    terminal.wait_line("", "echo alph")
    terminal.send("\x05")
    terminal.wait_line("echo alph", "a")


def test_paused(sandbox, terminal, server):
    for pause, resume in ((":pause", ":resume"), ("touch $DELTA_STATE_HOME/paused", "rm $DELTA_STATE_HOME/paused")):
        terminal.send(f"{pause}; print done")
        terminal.enter("done")
        prompts = len(server.of("P"))
        terminal.send("echo al")
        terminal.check_line("echo al")
        terminal.enter("al")
        assert "echo al" not in server.buffers()
        assert len(server.of("P")) == prompts
        terminal.run(f"{resume} >/dev/null")
        terminal.wait_line("", ALPHA)


@pytest.mark.parametrize("place", ["before", "after", "environment", "typed"])
def test_it_can_be_turned_off(sandbox, alpha, place):
    if place == "typed":
        terminal = begin(sandbox)
        terminal.send("DELTA_PROMPT=off; print done")
        terminal.enter("done")
    elif place == "environment":
        terminal = start_zsh(sandbox, environment={"DELTA_PROMPT": "off"})
    else:
        terminal = start_zsh(sandbox, **{place: "DELTA_PROMPT=off"})
    prompts = len(alpha.of("P"))
    terminal.send("echo al")
    terminal.check_line("echo al")
    terminal.enter("al")
    terminal.send("bindkey -L | grep -c _delta; zle -la | grep -c 'zle-line'")
    terminal.enter("0" if place != "typed" else "3")
    assert "echo al" not in alpha.buffers()
    assert len(alpha.of("P")) == prompts
    if place == "typed":
        terminal.run("unset DELTA_PROMPT")
        terminal.wait_line("", ALPHA)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("what", ["spool", "socket"])
def test_what_belongs_to_another_user_is_not_used(sandbox, alpha, what):
    os.chown(sandbox.spool if what == "spool" else alpha.path, 65534, 65534)
    terminal = start_zsh(sandbox)
    terminal.send("echo al")
    terminal.check_line("echo al")
    terminal.enter("al")
    assert alpha.connected == 0


def test_a_text_cannot_move_the_cursor(sandbox, server):
    text = "echo '\x1b[31mred\x07\x9b2J\x1b]0;title\x07\x08\x7f\x00end'"
    server.answers[""] = [(text, "s")]
    shown = "echo '[31mred2J]0;titleend'"
    terminal = begin(sandbox, ghost=shown)
    terminal.send(RIGHT)
    terminal.wait_line(shown)
    terminal.enter(shown[6:-1])
    assert "\x1b[31m" not in terminal.screen
    assert "\x1b]0;" not in terminal.screen
    assert "\x9b" not in terminal.screen


def test_a_text_is_not_evaluated(sandbox, server):
    text = "echo '$(touch x)' `touch x` $(touch x) %F{red} !! \\e[31m ~ *"
    server.answers[""] = [(text, "s")]
    terminal = begin(sandbox, "setopt prompt_subst prompt_bang", ghost=text[:53])
    terminal.send("\x1bf\x1b[1;5C" + "\x15")
    terminal.wait_line("", text[:53])
    terminal.send(RIGHT)
    terminal.settle()
    assert not (sandbox.home / "x").exists()


def test_long_texts_are_not_shown(sandbox, server):
    server.answers[""] = [("echo " + "x" * 996, "s"), (ALPHA, "s")]
    begin(sandbox)


def test_colours(sandbox, server):
    server.answers[""] = [("rm alpha", "sd")]
    terminal = begin(sandbox, "DELTA_HIGHLIGHT_STYLE=fg=green DELTA_ARMED_STYLE=fg=blue", ghost="rm alpha")
    assert terminal.colour() == "green"
    terminal.send(RIGHT)
    terminal.wait_until(lambda: terminal.colour() == "blue", "the other colour")


@pytest.mark.parametrize("failing", ["zle-line-init", "zle-line-finish", "zle-line-pre-redraw", "zle-isearch-update"])
@pytest.mark.parametrize("place", ["before", "after", "typed"])
def test_hooks_of_the_person(sandbox, alpha, failing, place):
    """They are called, they may fail, and they may come later."""
    hook = f"{failing}() {{ print mine >>~/called; return 1 }}; zle -N {failing}"
    terminal = begin(sandbox, **({place: hook} if place != "typed" else {}))
    if place == "typed":
        terminal.run(hook)
        terminal.run("true")
        terminal.wait_line("", ALPHA)
    terminal.send("ec")
    terminal.wait_line("ec", "ho alpha")
    terminal.send("\x12")
    terminal.wait_until(lambda: any(row.startswith("bck-i-search: _") for row in terminal.rows()), "the search")
    assert ghosts(terminal) == 0
    terminal.send("\x07")
    terminal.wait_until(lambda: terminal.line()[0] == "ec", "the line")
    terminal.send("\x15echo typed")
    terminal.enter("typed")
    terminal.wait_line("", ALPHA)
    assert ghosts(terminal) == 1
    assert "mine" in (sandbox.home / "called").read_text()


def test_no_widget_of_zsh_is_replaced_and_no_key_bound_twice(sandbox, alpha):
    terminal = begin(sandbox)
    keep = "for w in ${(k)widgets}; do print -r -- $w $widgets[$w]; done | sort >~/widgets%d; bindkey -L >~/keys%d"
    for number in (1, 2):
        terminal.run(keep % (number, number))
        terminal.wait_line("", ALPHA)
    for name in ("widgets", "keys"):
        assert (sandbox.home / f"{name}1").read_text() == (sandbox.home / f"{name}2").read_text()
    widgets = dict(line.split(" ", 1) for line in (sandbox.home / "widgets1").read_text().splitlines())
    ours = {name for name, what in widgets.items() if "_delta" in what or "azhw" in what}
    assert len(ours) > 8
    assert all(name.startswith(("_delta_", "zle-")) for name in ours)


def test_nothing_is_left_open(terminal, server):
    """Neither in the shell, whatever happens to the connection, nor in what it starts."""
    for ending in ("none", "killed", "prompt"):
        if ending == "killed":
            server.kill()
            server.start_again()
        terminal.run("print $(print -l /proc/$$/fd/*(N) | wc -l) $(ls /proc/self/fd | wc -l) open")
        terminal.wait_line("", ALPHA)
    rows = [row for row in terminal.rows() if row.endswith(" open") and row[0].isdigit()]
    assert len(rows) == 3
    assert len(set(rows)) == 1
    assert rows[0].split()[1] == "4"
