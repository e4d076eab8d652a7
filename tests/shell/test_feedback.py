"""shell/feedback.zsh: what became of suggestions, and what `:feedback` speaks of. For bash: test_prompt_bash.py."""

from __future__ import annotations

import pytest

from tests.shell.fakeserver import ALPHA
from tests.shell.screen import start_zsh

pytestmark = pytest.mark.usefixtures("zsh")

RIGHT, WORD, PART, NEXT, PREVIOUS, NEVER, KILL = "\x1b[C", "\x1bf", "\x1b[1;5C", "\x1bn", "\x1bp", "\x18n", "\x15"
NAMES = ("sequence", "time", "event", "shown", "typed", "saved", "probability", "source", "version", "after")


def feedback(sandbox) -> list[dict[str, str]]:
    return [dict(zip(NAMES, fields, strict=True)) for fields in sandbox.session().feedback]


def press(terminal, *keys: str) -> None:
    """Press keys one after the other, each when what came before has been drawn, and something to take is there."""
    for key in keys:
        if key in (RIGHT, WORD, PART):
            terminal.wait_until(lambda: terminal.line()[0][:1] != "?" and terminal.line()[1] != "", "a suggestion")
        terminal.send(key)
        terminal.settle()


@pytest.fixture
def terminal(sandbox, server):
    server.answers[""] = [(ALPHA, "s"), ("echo beta", "")]
    server.answers["echo alpha and"] = [("echo alpha and more", "s")]
    terminal = start_zsh(sandbox)
    terminal.wait_line("", ALPHA)
    return terminal


@pytest.mark.parametrize(
    ("keys", "output", "expected"),
    [
        ([RIGHT], "alpha", {"event": "accepted", "shown": ALPHA, "typed": "0", "saved": "9"}),
        (["ec", RIGHT], "alpha", {"event": "accepted", "shown": ALPHA, "typed": "2", "saved": "7"}),
        ([NEXT, RIGHT], "beta", {"event": "accepted", "shown": "echo beta", "typed": "0", "saved": "7"}),
        ([RIGHT, "!"], "alpha!", {"event": "part", "shown": ALPHA, "typed": "0", "saved": "9"}),
        ([RIGHT, "\x7f\x7f\x7f"], "al", {"event": "part", "shown": ALPHA, "typed": "0", "saved": "6"}),
        ([WORD, "typed"], "typed", {"event": "part", "shown": ALPHA, "typed": "0", "saved": "4"}),
        ([WORD, PART], "alpha", {"event": "part", "shown": ALPHA, "typed": "0", "saved": "8"}),
        (["e", WORD, "al", RIGHT], "alpha", {"event": "part", "shown": ALPHA, "typed": "3", "saved": "5"}),
        ([RIGHT, " and", RIGHT], "alpha and more", {"event": "accepted", "typed": "4", "saved": "13"}),
        ([RIGHT, KILL, "echo typed"], "typed", {"event": "part", "shown": ALPHA, "typed": "0", "saved": "4"}),
        ([RIGHT, KILL, "print typed"], "typed", {"event": "overridden", "shown": ALPHA, "typed": "0", "saved": "-1"}),
        (["print typed"], "typed", {"event": "overridden", "shown": ALPHA, "typed": "0", "saved": "0"}),
        ([NEXT, PREVIOUS, "print typed"], "typed", {"event": "overridden", "shown": ALPHA, "saved": "-2"}),
        (["echo alpha"], "alpha", {"event": "typed", "shown": ALPHA, "typed": "0", "saved": "0"}),
    ],
)
def test_what_became_of_a_suggestion(sandbox, terminal, keys, output, expected):
    terminal.send(" echo private")
    terminal.enter("private")
    terminal.wait_line("", ALPHA)
    press(terminal, *keys)
    terminal.enter(output)
    record, *more = feedback(sandbox)
    assert more == []
    assert {name: record[name] for name in expected} == expected
    assert record["sequence"] == "0"
    assert record["time"].isdigit()
    assert [record[name] for name in ("probability", "source", "version", "after")] == [
        "0.500",
        "history",
        "model-7",
        "",
    ]


def test_the_line_before(sandbox, terminal):
    terminal.send("print before; :")
    terminal.enter("before")
    terminal.send(" print private")
    terminal.enter("private")
    terminal.wait_line("", ALPHA)
    press(terminal, RIGHT)
    terminal.enter("alpha")
    assert feedback(sandbox)[-1]["after"] == "print before; :"


@pytest.mark.parametrize("given_up", [[RIGHT], [WORD], ["ec"], [NEXT]])
def test_a_line_that_is_given_up_has_no_feedback(sandbox, terminal, given_up):
    press(terminal, *given_up)
    terminal.interrupt_line()
    terminal.wait_line("", ALPHA)
    press(terminal, "ec", RIGHT)
    terminal.enter("alpha")
    (record,) = feedback(sandbox)
    assert [record[name] for name in ("event", "typed", "saved")] == ["accepted", "2", "7"]


@pytest.mark.parametrize("first", [" print private", ":pause", ":feedback helpful"])
def test_where_there_is_nothing_to_say_of_it(sandbox, terminal, server, first):
    server.answers.clear()
    terminal.run(first)
    terminal.run("print unseen")
    terminal.run(":resume")
    terminal.run("print unseen")
    assert feedback(sandbox) == []


def test_turned_off_there_is_none(sandbox, terminal):
    terminal.run("DELTA_PROMPT=off")
    terminal.run("print one")
    terminal.run("print two")
    assert [record["sequence"] for record in feedback(sandbox)] == ["0"]


def test_control_characters_in_what_a_server_says_of_itself(sandbox, server):
    server.answers[""] = [("echo a", "s")]
    usual = server.answer
    server.reply = lambda frame: usual(frame).replace(b"history", b"his\x1ento\x1eery")
    terminal = start_zsh(sandbox)
    terminal.wait_line("", "echo a")
    press(terminal, RIGHT)
    terminal.enter("a")
    assert feedback(sandbox)[0]["source"] == "hisntoery"


def test_feedback_speaks_of_the_last_suggestion(sandbox, server):
    python = sandbox.home / "python"
    python.write_text(
        '#!/bin/sh\ncase "$*" in *" delta_learn "*) echo "$DELTA_SUGGESTION|$DELTA_SUGGESTION_AFTER|$6" ;; esac\n'
    )
    python.chmod(0o755)
    (sandbox.state / "python").write_text(f"{python}\n")
    server.answers[""] = [(ALPHA, "s"), ("echo beta", "")]
    terminal = start_zsh(sandbox)
    terminal.wait_line("", ALPHA)
    terminal.run("print before")
    terminal.wait_line("", ALPHA)
    press(terminal, NEXT, ":")
    terminal.send("feedback helpful")
    terminal.enter("echo beta|print before|helpful")
