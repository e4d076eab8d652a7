"""Beside zsh-autosuggestions and zsh-syntax-highlighting, loaded before or after ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shell.fakeserver import ALPHA
from tests.shell.screen import begin

pytestmark = pytest.mark.usefixtures("zsh")

SHARE = Path("/usr/share")
AUTOSUGGESTIONS = SHARE / "zsh-autosuggestions" / "zsh-autosuggestions.zsh"
HIGHLIGHTING = SHARE / "zsh-syntax-highlighting" / "zsh-syntax-highlighting.zsh"
RIGHT, WORD, NEXT = "\x1b[C", "\x1bf", "\x1bn"

places = pytest.mark.parametrize("place", ["before", "after"])
suggesting = pytest.mark.skipif(not AUTOSUGGESTIONS.exists(), reason="zsh-autosuggestions is not installed")
highlighting = pytest.mark.skipif(not HIGHLIGHTING.exists(), reason="zsh-syntax-highlighting is not installed")


@suggesting
@places
def test_the_empty_prompt_is_ours_and_the_rest_goes_on(sandbox, alpha, place):
    terminal = begin(sandbox, **{place: f". {AUTOSUGGESTIONS}"})
    terminal.send("ec")
    terminal.wait_line("ec", "ho alpha")
    terminal.send(RIGHT)
    terminal.wait_line(ALPHA)
    terminal.enter("alpha")
    terminal.wait_line("", ALPHA)
    terminal.send(RIGHT)
    terminal.wait_line(ALPHA)
    terminal.run()
    assert terminal.rows()[:4] == ["ready> echo alpha", "alpha", "ready> echo alpha", "alpha"]


@suggesting
@places
@pytest.mark.parametrize("strategy", ["history", "(history completion)", "'history completion'", "(delta history)", ""])
def test_the_strategy_comes_first_and_the_others_stay(sandbox, alpha, place, strategy):
    alpha.answers |= {"print": [("print one from delta", "s")], "print z": []}
    chosen = f"\nZSH_AUTOSUGGEST_STRATEGY={strategy}" if strategy else ""
    terminal = begin(sandbox, **{place: f". {AUTOSUGGESTIONS}{chosen}"})
    terminal.run("print zeta from history; print -r -- $ZSH_AUTOSUGGEST_STRATEGY")
    names = strategy.strip("()'") or "history"
    assert terminal.rows()[-2] == ("delta " + names.removeprefix("delta ")).strip()
    terminal.wait_line("", ALPHA)
    terminal.send("print")
    terminal.wait_line("print", " one from delta")
    terminal.send(" z")
    terminal.wait_line("print z", "eta from history; print -r -- $ZSH_AUTOSUGGEST")
    terminal.send("\x15")
    terminal.wait_line("", ALPHA)
    terminal.run("print zeta from history")
    terminal.wait_line("", ALPHA)


@suggesting
def test_words_of_the_empty_prompt(sandbox, alpha):
    terminal = begin(sandbox, after=f". {AUTOSUGGESTIONS}")
    terminal.send(WORD)
    terminal.wait_line("echo ", "alpha")
    terminal.wait_until(lambda: terminal.colour() == "brightblack", "the colour")
    terminal.send(WORD)
    terminal.enter("alpha")


@suggesting
def test_what_it_clears_comes_again(sandbox, alpha):
    terminal = begin(sandbox, after=f". {AUTOSUGGESTIONS}")
    terminal.settle()
    terminal.send("\x1b[A")  # there is no line before
    terminal.settle()
    terminal.wait_line("", ALPHA)  # it clears at the keys of `settle`, too


@suggesting
def test_what_destroys_is_no_suggestion_of_others(sandbox, server):
    server.answers[""] = [("rm alpha", "sd")]
    terminal = begin(sandbox, ghost="rm alpha", after=f". {AUTOSUGGESTIONS}")
    terminal.send("r")
    terminal.check_line("r")
    terminal.send("m")
    server.wait_for("Q")
    terminal.read_for(0.2)  # it goes through another process
    terminal.check_line("rm")


@suggesting
@pytest.mark.parametrize("state", ["stopped", "killed", "wedged"])
def test_its_own_suggestions_come_without_a_server(sandbox, alpha, state):
    terminal = begin(sandbox, after=f". {AUTOSUGGESTIONS}")
    terminal.run("print zeta from history")
    terminal.wait_line("", ALPHA)
    alpha.wedged = state == "wedged"
    {"stopped": alpha.stop, "killed": alpha.kill, "wedged": lambda: None}[state]()
    terminal.send("print z")
    terminal.wait_line("print z", "eta from history")


@suggesting
def test_asked_without_a_process_of_its_own(sandbox, alpha):
    terminal = begin(sandbox, after=f". {AUTOSUGGESTIONS}\nunset ZSH_AUTOSUGGEST_USE_ASYNC")
    terminal.send("ec")
    terminal.wait_line("ec", "ho alpha")
    alpha.stop()
    terminal.send("ho b")
    terminal.check_line("echo b")
    alpha.resume()
    terminal.enter("b")


@suggesting
@pytest.mark.parametrize("line", [" echo al", "echo al"])
def test_private_lines_are_not_told(sandbox, alpha, line):
    terminal = begin(sandbox, after=f". {AUTOSUGGESTIONS}")
    if line[0] != " ":
        terminal.run(":pause")
    terminal.send(line)
    terminal.check_line(line)
    assert not any("al" in buffer for buffer in alpha.buffers())


@highlighting
@places
def test_highlighting_stays(sandbox, alpha, place):
    terminal = begin(sandbox, **{place: f". {HIGHLIGHTING}"})
    assert terminal.colour() == "brightblack"
    terminal.send("echo '")
    terminal.check_line("echo '")
    row = terminal.model.buffer[terminal.model.cursor.y]
    assert row[len("ready> ")].fg == "green"  # the command is known
    assert row[len("ready> echo ")].fg in ("brown", "yellow")  # a quote
    terminal.send("\x7f")
    terminal.wait_line("echo ", "alpha")
    terminal.wait_until(lambda: terminal.colour() == "brightblack", "our colour")
    assert row[len("ready> ")].fg == "green"
    terminal.send(RIGHT)
    terminal.wait_line(ALPHA)
    terminal.send("\x01\x05")
    terminal.settle()
    alpha_row = terminal.model.buffer[0]
    assert {alpha_row[len("ready> echo ") + place].fg for place in range(5)} == {"default"}  # ours is gone
    terminal.enter("alpha")
    assert {terminal.model.buffer[0][len("ready> echo ") + place].fg for place in range(5)} == {"default"}


@suggesting
@highlighting
@places
@pytest.mark.parametrize("files", [(AUTOSUGGESTIONS, HIGHLIGHTING), (HIGHLIGHTING, AUTOSUGGESTIONS)])
def test_both(sandbox, alpha, place, files):
    terminal = begin(sandbox, **{place: "\n".join(f". {file}" for file in files)})
    terminal.send("ec")
    terminal.wait_line("ec", "ho alpha")
    terminal.wait_until(lambda: terminal.colour() == "brightblack", "the colour")
    terminal.send(RIGHT)
    terminal.wait_line(ALPHA)
    terminal.enter("alpha")
    terminal.wait_line("", ALPHA)
    terminal.interrupt_line()
    terminal.wait_line("", ALPHA)
    assert sum("alpha" in row for row in terminal.everything()) == 3


def test_entries_of_others_survive(sandbox, alpha):
    other = "mark() { region_highlight+=('0 2 underline memo=other') }; zle -N mark; bindkey '^Xm' mark"
    show = "show() { print -r -- $region_highlight >~/regions }; zle -N show; bindkey '^Xr' show"
    terminal = begin(sandbox, after=f"{other}\n{show}")
    terminal.send("ec")
    terminal.wait_line("ec", "ho alpha")
    terminal.send("\x18m" + "ho a")
    terminal.wait_line("echo a", "lpha")
    regions = sandbox.home / "regions"
    for keys, ours in (("\x18r", 1), (RIGHT + "\x18r", 0)):
        terminal.send(keys)
        terminal.settle()
        assert regions.read_text().count("underline memo=other") == 1
        assert regions.read_text().count("memo=delta") == ours
