"""shell/prompt.bash: keys that bring a suggestion into the line, on real terminals."""

from __future__ import annotations

import os
import shlex
import socket
import sys

import pytest

from delta_learn.installation.hooks import hook_text
from tests.shell.fakeserver import publish

pytestmark = pytest.mark.usefixtures("bash", "started")

PROMPT = "ready> "
NEXT, PREVIOUS, WORD, NEVER = "\x1bn", "\x1bp", "\x1bw", "\x18n"
LEFT, CLEAR = "\x02", "\x15"
STARTED = "-E -P -m delta_learn.serving.daemon"
ALPHA = [("echo alpha", "s"), ("echo beta", ""), ("echo gamma", "")]


@pytest.fixture
def server(server):
    """A server that answers only what it is told to, and `ALPHA` for the empty line."""
    server.answers[""] = ALPHA
    server.knows_beginnings = False
    return server


def start(sandbox, *, environment=None, **how):
    return sandbox.start("bash", environment={"TERM": "xterm", **(environment or {})}, **how)


def press(terminal, keys: str, line: str) -> None:
    """Press keys and wait until `line` stands at a prompt."""
    begin = len(terminal.screen)
    terminal.send(keys)
    terminal.wait_for(PROMPT + line, begin)


def enter(terminal, keys: str, output: str) -> None:
    """Press keys and Enter, and wait until what then ran has printed just `output`."""
    begin = len(terminal.screen)
    terminal.send(keys + "\r")
    terminal.wait_for(f"\r\n{output}\r\n{PROMPT}", begin)


def feedback(sandbox) -> list[dict[str, str]]:
    names = ("sequence", "time", "event", "shown", "typed", "saved", "probability", "source", "version", "after")
    found = []
    for path in sorted(sandbox.spool.iterdir()):
        for record in path.read_bytes().split(b"\x1e1")[1:]:
            if record.startswith(b"F"):
                fields = record.rstrip(b" ")[1:-1].decode().split("\0")
                found.append(dict(zip(names, (f.replace("\x1en", "\n") for f in fields), strict=True)))
    return found


@pytest.mark.parametrize(
    ("keys", "output"),
    [
        ([NEXT], "alpha"),
        ([NEXT, NEXT], "beta"),
        ([PREVIOUS], "gamma"),
        ([NEXT, NEXT, PREVIOUS], "alpha"),
        ([NEXT, NEXT, NEXT, NEXT, "echo typed"], "typed"),
        ([NEXT, PREVIOUS, "echo typed"], "typed"),
        ([NEXT, NEXT, NEXT, NEXT, NEXT], "alpha"),
        ([NEXT, " more", NEXT], "alpha more"),
        ([NEXT, CLEAR, NEXT], "alpha"),
    ],
)
def test_keys_go_round_the_suggestions(sandbox, server, keys, output):
    terminal = start(sandbox)
    enter(terminal, "".join(keys), output)
    assert server.buffers()[0] == ""


@pytest.mark.parametrize("prefix", ["echo ", "echo ä", "echo 'ä ö' "])
def test_what_stands_behind_the_cursor_stays(sandbox, server, prefix):
    server.answers[prefix] = [(prefix + "bc ü", ""), (prefix + "ef", "")]
    text = prefix.removeprefix("echo ").replace("'", "")
    terminal = start(sandbox)
    for times, inserted in (1, "bc ü"), (2, "ef"), (3, ""):
        enter(terminal, prefix + " tail" + LEFT * 5 + NEXT * times + "!", f"{text}{inserted}! tail")
    assert set(server.buffers()) == {prefix}
    assert (server.asked[0].fields[1:], server.asked[1].fields[1]) == (
        ("bash " + server.asked[0].fields[1].split()[1], str(terminal.pid)),
        str(sandbox.home),
    )


def test_words(sandbox, server):
    server.answers["ec"] = [('echo  one --two="a  b"; echo x', "")]
    terminal = start(sandbox)
    for times, line in (1, "echo "), (2, "echo  one "), (3, 'echo  one --two="a '), (4, 'echo  one --two="a  b"; '):
        press(terminal, CLEAR + "ec" + WORD * times, line)
    enter(terminal, WORD * 2, "one --two=a  b\r\nx")


def test_words_after_a_suggestion_are_those_of_the_next(sandbox, server):
    server.answers["echo alpha"] = [("echo alpha again", "")]
    terminal = start(sandbox)
    enter(terminal, NEXT + WORD, "alpha again")
    server.answers["echo "] = [("echo other", "")]
    enter(terminal, WORD + NEXT, "other")


@pytest.mark.parametrize("text", ["echo 'a  b' \"$((1 + 1))\" | cat; true", "echo ~+ *", "echo ä=/x:y"])
def test_tab_on_an_empty_line_takes_the_only_suggestion(sandbox, server, text):
    server.answers[""] = [(text, ""), ("echo gone", "d")]
    terminal = start(sandbox)
    begin = len(terminal.screen)
    terminal.send("\t!")
    terminal.wait_for(text + "!", begin)  # as it is, and nothing behind it


def test_tab_on_an_empty_line_lists_the_suggestions(sandbox, server):
    server.answers[""] = [("make one", ""), ("echo two words", ""), ("rm three", "d")]
    terminal = start(sandbox)
    begin = len(terminal.screen)
    terminal.send("\t\t")
    listed = terminal.wait_for(PROMPT, begin)
    assert listed.split("\r\n")[1].split("  ") == ["make one", "     echo two words"] or (
        listed.split() == ["make", "one", "echo", "two", "words"]
    )
    assert server.buffers() == [""]


def test_tab_inserts_no_common_beginning(sandbox, server):
    terminal = start(sandbox)
    enter(terminal, "\t", "alpha")


def test_tab_is_as_ever_on_any_other_line_and_where_there_is_nothing(sandbox, server):
    (sandbox.home / "only-file").touch()
    server.answers[""] = []
    terminal = start(sandbox, after="PATH=/nowhere")
    enter(terminal, "echo o\t", "only-file ".rstrip())
    assert server.buffers() == []
    begin = len(terminal.screen)
    terminal.send("\t\t")
    terminal.wait_for("possibilities", begin)
    assert server.buffers() == [""] * 2


def test_a_completion_of_the_empty_line_that_is_the_persons(sandbox, server):
    terminal = start(sandbox, after="complete -E -W 'echo\\ mine'")
    begin = len(terminal.screen)
    terminal.send("\t\r")
    terminal.wait_for("mine", begin)
    assert server.asked == []


def test_what_destroys_takes_two_keys(sandbox, server):
    server.answers[""] = [("echo gone", "sd"), ("echo alpha", "")]
    terminal = start(sandbox)
    press(terminal, NEXT, "")
    assert "delta_learn: the next press inserts `echo gone`.\r\n" in terminal.screen
    enter(terminal, "echo typed", "typed")
    press(terminal, NEXT + PREVIOUS + NEXT, "")
    enter(terminal, NEXT, "gone")
    enter(terminal, PREVIOUS, "alpha")
    enter(terminal, PREVIOUS + PREVIOUS + "echo typed", "typed")


DEFAULTS = {
    "emacs": (NEXT, PREVIOUS, WORD),
    "vi": ("\x18\x0e", "\x18\x10", "\x18\x17"),
}


@pytest.mark.parametrize("mode", DEFAULTS)
def test_keys_of_both_modes(sandbox, server, mode):
    following, previous, word = DEFAULTS[mode]
    terminal = start(sandbox, before=f"set -o {mode}")
    enter(terminal, following, "alpha")
    enter(terminal, previous, "gamma")
    enter(terminal, word + "typed", "typed")


def test_escape_stays_a_key_in_vi_mode(sandbox, server):
    terminal = start(sandbox, before="set -o vi")
    enter(terminal, "echo ab\x1b0wx", "b")
    assert server.asked == []


@pytest.mark.parametrize("mode", ["emacs", "vi"])
def test_keys_that_the_person_chooses(sandbox, server, mode):
    names = {"NEXT": r"\C-t \eo", "PREVIOUS": r"\e[1;3A", "WORD": r"\C-g", "NEVER": r""}
    variables = "\n".join(f"DELTA_{name}_KEYS='{keys}'" for name, keys in names.items())
    terminal = start(sandbox, after=f'set -o {mode}\nbind \'"\\C-t": "mine"\'\n{variables}\nshopt -s failglob nullglob')
    for keys, output in ("\x14", "alpha"), ("\x1bo", "alpha"), ("\x1b[1;3A", "gamma"), ("\x07typed", "typed"):
        enter(terminal, keys, output)


MINE = {
    "macro": r"""bind '"\en": "echo mine"'""",
    "command": r"""bind -x '"\en": READLINE_LINE="echo mine"'""",
    "function": r"""bind '"\en": previous-history'""",
}


@pytest.mark.parametrize("place", ["before", "after", "inputrc"])
@pytest.mark.parametrize("mine", MINE)
def test_no_key_is_taken_that_the_person_uses(sandbox, server, place, mine):
    if place == "inputrc":
        with (sandbox.home / "inputrc").open("a") as file:
            file.write(r'"\en": "echo mine"')
    terminal = start(sandbox, **({place: MINE[mine]} if place != "inputrc" else {}))
    enter(terminal, "echo mine", "mine")
    enter(terminal, NEXT, "mine")
    enter(terminal, PREVIOUS, "gamma")


def test_a_prefix_is_not_taken_either(sandbox, server):
    terminal = start(sandbox, before='bind \'"\\C-x": "echo mine"\'')
    enter(terminal, "\x18", "mine")


def test_a_later_binding_stays(sandbox, server):
    terminal = start(sandbox)
    terminal.type('bind \'"\\en": "echo mine"\'', "true")
    enter(terminal, NEXT, "mine")


@pytest.mark.parametrize("place", ["before", "after", "environment"])
def test_it_can_be_turned_off(sandbox, server, started, place):
    how = {"environment": {"DELTA_PROMPT": "off"}} if place == "environment" else {place: "DELTA_PROMPT=off"}
    (sandbox.state / "run" / "address").unlink()
    terminal = start(sandbox, **how)
    terminal.type("bind -q non-incremental-forward-search-history >keys; complete -p -E 2>/dev/null >>keys; true")
    assert "\\en" in (sandbox.home / "keys").read_text()
    assert "_delta" not in (sandbox.home / "keys").read_text()
    terminal.exit()
    assert STARTED not in started.read_text()


def test_it_can_be_turned_off_at_the_prompt(sandbox, server):
    terminal = start(sandbox)
    terminal.type("DELTA_PROMPT=off")
    enter(terminal, NEXT + "echo typed" + NEXT, "typed")
    assert server.asked == []


def test_a_server_is_started_once(sandbox, started):
    terminal = start(sandbox)
    enter(terminal, NEXT + "echo typed" + NEXT, "typed")
    terminal.type("jobs")
    terminal.exit()
    lines = started.read_text().splitlines()
    assert lines.count(STARTED) == 1
    assert "Done" not in terminal.screen
    assert "[1]" not in terminal.screen


def test_a_server_that_was_killed_is_started_again(sandbox, started, tmp_path):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(os.fspath(tmp_path / "left"))
    publish(sandbox.state, tmp_path / "left")
    terminal = start(sandbox)
    assert started.read_text() == ""  # there is a socket
    enter(terminal, NEXT + "echo typed" + NEXT + NEXT, "typed")
    terminal.exit()
    assert started.read_text().splitlines().count(STARTED) == 1


@pytest.mark.parametrize(
    "reply", [b"", b"\x1e2H1\0\n", b"\x1e1A2\0many\n", b"\x1e1H0.1\0\n\x1e1A1\x001\0echo x\0\0\0\n"]
)
def test_a_server_that_does_not_answer(sandbox, server, started, reply):
    server.reply = lambda frame: reply
    terminal = start(sandbox)
    enter(terminal, NEXT + "echo typed" + PREVIOUS + WORD + NEVER, "typed")
    assert "delta_learn" not in terminal.screen
    server.reply = server.answer
    enter(terminal, NEXT, "alpha")  # and it recovers
    terminal.exit()
    assert started.read_text().count(STARTED) == 0


@pytest.mark.parametrize("missing", ["python", "client"])
def test_without_a_program_to_ask_with(sandbox, server, missing):
    terminal = start(sandbox)
    (sandbox.state / missing).write_text("/nowhere/at/all\n")
    enter(terminal, NEXT + "echo typed", "typed")
    (sandbox.state / missing).unlink()
    enter(terminal, NEXT + "echo typed", "typed")
    assert server.asked == []


def test_private_lines_and_pauses_are_not_asked_about(sandbox, server):
    terminal = start(sandbox)
    enter(terminal, " echo secret" + NEXT + WORD, "secret")
    enter(terminal, " echo secret\x01" + NEXT, "secret")
    terminal.type(":pause")
    enter(terminal, NEXT + "echo typed", "typed")
    terminal.type(":resume")
    (sandbox.state / "paused").touch()
    enter(terminal, NEXT + "echo typed" + NEXT, "typed")
    assert server.asked == []
    (sandbox.state / "paused").unlink()
    enter(terminal, NEXT, "alpha")


def test_never_again(sandbox, server):
    terminal = start(sandbox)
    press(terminal, NEXT + NEXT, "echo beta")
    press(terminal, NEVER, "")
    assert "delta_learn: `echo beta` is never suggested again.\r\n" in terminal.screen
    assert [frame.fields[1:] for frame in server.of("N")] == [("echo beta",)]
    enter(terminal, "echo typed" + NEVER, "typed")  # nothing is shown
    enter(terminal, NEXT + "!" + NEVER, "alpha!")  # it is the person's line by now
    assert len(server.of("N")) == 1


def test_a_text_is_not_evaluated(sandbox, server):
    server.answers[""] = [("echo '$(touch x)' `touch x` \x1b[31m\x07* !! ~", "")]
    terminal = start(sandbox)
    for keys in (NEXT, WORD * 5, "\t"):
        begin = len(terminal.screen)
        terminal.send(keys)
        terminal.wait_for("echo '$(touch x)' `touch x`", begin)
        terminal.send(CLEAR)
    terminal.type("true")
    assert not (sandbox.home / "x").exists()
    assert "\x1b[31m" not in terminal.screen


LONG = "echo " + "x" * 1000


@pytest.mark.parametrize(
    ("keys", "output", "expected"),
    [
        ([NEXT], "alpha", {"event": "accepted", "shown": "echo alpha", "typed": "0", "saved": "9"}),
        ([NEXT, NEXT], "beta", {"event": "accepted", "shown": "echo beta", "typed": "0", "saved": "7"}),
        (["echo a", NEXT], "alpha", {"event": "accepted", "shown": "echo alpha", "typed": "6", "saved": "3"}),
        ([NEXT, "!"], "alpha!", {"event": "part", "shown": "echo alpha", "typed": "0", "saved": "9"}),
        ([NEXT, "\x7f\x7f\x7f"], "al", {"event": "part", "shown": "echo alpha", "typed": "0", "saved": "6"}),
        ([WORD, "typed"], "typed", {"event": "part", "shown": "echo alpha", "typed": "0", "saved": "4"}),
        ([WORD, WORD], "alpha", {"event": "part", "shown": "echo alpha", "typed": "0", "saved": "8"}),
        ([NEXT, CLEAR, "true; echo typed"], "typed", {"event": "overridden", "typed": "0", "saved": "-1"}),
        ([NEXT, PREVIOUS, "echo typed"], "typed", {"event": "overridden", "shown": "echo alpha", "saved": "-2"}),
        ([NEXT, PREVIOUS, "echo alpha"], "alpha", {"event": "typed", "shown": "echo alpha", "saved": "-2"}),
        ([NEXT, " and", NEXT], "alpha and more", {"event": "accepted", "typed": "4", "saved": "13"}),
        (["\t"], "alpha", {"event": "accepted", "shown": "echo alpha", "typed": "0", "saved": "9"}),
    ],
)
def test_what_became_of_a_suggestion(sandbox, server, keys, output, expected):
    server.answers |= {"echo a": ALPHA[:1], "echo alpha and": [("echo alpha and more", "")]}
    terminal = start(sandbox)
    enter(terminal, "echo before", "before")
    enter(terminal, " echo private", "private")
    enter(terminal, "".join(keys), output)
    enter(terminal, "echo next", "next")
    terminal.exit()
    (record,) = feedback(sandbox)
    assert {name: record[name] for name in expected} == expected
    assert record["sequence"] == "1"
    assert record["time"].isdigit()
    assert [record[name] for name in ("probability", "source", "version", "after")] == [
        "0.500", "history", "model-7", "echo before",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "keys", "output"),
    [
        (LONG, [NEXT], LONG.removeprefix("echo ")),  # too long
        ("echo alpha", [NEXT, "\x01 "], "alpha"),  # private by now
        ("echo alpha", [NEXT + CLEAR + ":pause\r", "echo typed"], "typed"),
        ("echo alpha", ["echo typed"], "typed"),
    ],
    ids=["long", "private", "paused", "not asked"],
)
def test_where_there_is_nothing_to_say_of_it(sandbox, server, text, keys, output):
    server.answers[""] = [(text, "")]
    terminal = start(sandbox)
    *keys, last = keys
    for key in keys:
        press(terminal, key, "")
    enter(terminal, last, output)
    enter(terminal, "echo next", "next")
    terminal.exit()
    assert feedback(sandbox) == []


def test_a_line_that_is_given_up_has_no_feedback(sandbox, server):
    terminal = start(sandbox)
    press(terminal, NEXT, "echo alpha")
    terminal.interrupt()
    enter(terminal, "echo alpha", "alpha")
    terminal.exit()
    assert feedback(sandbox) == []


def test_feedback_speaks_of_the_last_suggestion(sandbox, server, started):
    (sandbox.home / "python").write_text(
        f'#!/bin/sh\ncase "$*" in *" -m delta_learn "*) echo "$DELTA_SUGGESTION|$DELTA_SUGGESTION_AFTER|$*" ;;'
        f' *-S*) exec {shlex.quote(sys.executable)} "$@" ;; esac\n'
    )
    terminal = start(sandbox)
    enter(terminal, ":feedback helpful", "||-E -P -m delta_learn feedback helpful")
    enter(terminal, "echo before", "before")
    press(terminal, NEXT + NEXT + CLEAR, "")
    enter(terminal, ":feedback unhelpful", "echo beta|echo before|-E -P -m delta_learn feedback unhelpful")
    enter(terminal, ":train feedback no", "echo beta|echo before|-E -P -m delta_learn feedback -- no")


def test_status_and_last_argument_stay(sandbox, server):
    terminal = start(sandbox)
    for keys in (NEXT + PREVIOUS, WORD + CLEAR, NEXT + NEVER + CLEAR):
        terminal.type("(exit 3) one two")
        terminal.type("f() { return 5; }", "f last")
        enter(terminal, keys + "echo $? $_ ${PIPESTATUS[*]}", "5 last 5")


SETTINGS = [
    "set -u", "set -e", "set -C", "set -f", "set -T", "set -a", "shopt -s failglob", "shopt -s nocasematch",
    "shopt -s nullglob", "shopt -s localvar_inherit", "shopt -s compat44", "IFS=", "IFS=_e0", "set -o posix",
    "alias read=false local=false printf=false builtin=false IFS=false", "readonly text line IFS_",
    "trap 'true' DEBUG", "PROMPT_COMMAND=(true true)", "set -o noclobber",
]  # fmt: skip


@pytest.mark.parametrize("place", ["before", "typed"])
@pytest.mark.parametrize("setting", SETTINGS)
def test_settings_under_which_plugins_break(sandbox, server, setting, place):
    server.answers[""] = [("echo 'a *  b_e0'", ""), ("Echo other", "")]
    if setting == "set -o posix" and place == "before":
        pytest.skip("the hooks do not load")
    terminal = start(sandbox, before=setting if place == "before" else "")
    if place == "typed":
        terminal.type(setting)
    state = (
        "set +o >{0}; shopt >>{0}; compgen -v | grep -Ev '^(_|_delta.*|BASH.*|FUNCNAME)$' >>{0}; env >{0}.env; echo end"
    )
    enter(terminal, state.format("one"), "end")
    enter(terminal, NEXT * 3 + PREVIOUS * 2, "a *  b_e0")
    press(terminal, WORD, "echo ")
    terminal.send(CLEAR + "\t\t")
    enter(terminal, CLEAR + state.format("two"), "end")
    assert "\nREADLINE_LINE=" not in (sandbox.home / "two.env").read_text()
    for name in ("one", "two"):
        assert "_delta" not in (sandbox.home / f"{name}.env").read_text().replace("_delta_restore", "")
    assert (sandbox.home / "one").read_text() == (sandbox.home / "two").read_text()
    assert terminal.exit("set +e; exit 7") == 7


def test_a_trace_shows_the_call_only(sandbox, server):
    terminal = start(sandbox, before="BASH_XTRACEFD=2")
    terminal.type("set -x")
    begin = len(terminal.screen)
    press(terminal, NEXT + NEXT + NEXT, "echo gamma")
    assert terminal.screen[begin:].count("+ ") == terminal.screen[begin:].count("+ _delta_cycle 1") == 3


def test_read_by_eval(sandbox, server):
    (sandbox.home / "hook").write_text(hook_text("bash"))
    (sandbox.home / "prompt.bash").write_text("echo a stranger\n")
    terminal = start(sandbox, before='alias local=false\neval "$(<~/hook)"', plugin=False)
    enter(terminal, NEXT, "alpha")
    assert "stranger" not in terminal.screen
