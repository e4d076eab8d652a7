"""shell/keys.zsh: the keys that take a suggestion, and those that stay the person's."""

from __future__ import annotations

import pytest

from tests.shell.fakeserver import ALPHA
from tests.shell.screen import begin, start_zsh

pytestmark = pytest.mark.usefixtures("zsh")

RIGHT, END, WORD, PART = "\x1b[C", "\x1b[F", "\x1bf", "\x1b[1;5C"
NEXT, PREVIOUS, NEVER = "\x1bn", "\x1bp", "\x18n"
VI_WORD, VI_NEXT, VI_PREVIOUS = "\x18\x17", "\x18\x0e", "\x18\x10"
THREE = [("echo alpha", "s"), ("echo beta", ""), ("print gamma", "")]
BOUND = "bindkey -M {0} -- '{1}' mine; zle -N mine; mine() {{ BUFFER='print mine'; CURSOR=10 }}"


@pytest.fixture
def three(server):
    server.answers[""] = THREE
    return server


@pytest.mark.parametrize("key", [RIGHT, END, "\x05", "\x1bOC", "\x1bOF", "\x1b[4~", "\x1b[8~"])
@pytest.mark.parametrize("typed", ["", "ec"])
def test_all_of_it(sandbox, three, key, typed):
    terminal = begin(sandbox)
    terminal.send(typed)
    terminal.wait_line(typed, ALPHA.removeprefix(typed))
    terminal.send(key)
    terminal.wait_line(ALPHA)
    terminal.enter("alpha")


def test_word_by_word(sandbox, server):
    text = 'echo  one --two="a  b"; print x'
    server.answers[""] = [(text, "s")]
    terminal = begin(sandbox, ghost=text)
    for taken in ("echo ", "echo  one ", 'echo  one --two="a ', 'echo  one --two="a  b"; ', text[:-1], text):
        terminal.send(WORD)
        terminal.wait_line(taken, text.removeprefix(taken).rstrip())
    terminal.enter("x")


def test_part_by_part(sandbox, server):
    text = "cat src/my_lib/a-b.c --x=1,2"
    server.answers[""] = [(text, "s")]
    terminal = begin(sandbox, ghost=text)
    for taken in ("cat ", "cat src/", "cat src/my_", "cat src/my_lib/", "cat src/my_lib/a-", "cat src/my_lib/a-b.",
                  "cat src/my_lib/a-b.c ", "cat src/my_lib/a-b.c --", "cat src/my_lib/a-b.c --x="):  # fmt: skip
        terminal.send(PART)
        terminal.wait_line(taken, text.removeprefix(taken).lstrip() if not taken[-1:].isspace() else text[len(taken) :])


def test_in_the_middle_of_a_word(sandbox, three):
    terminal = begin(sandbox)
    terminal.send("ec" + WORD)
    terminal.wait_line("echo ", "alpha")
    terminal.send("a" + PART)
    terminal.wait_line(ALPHA)


def test_other_suggestions(sandbox, three):
    terminal = begin(sandbox)
    for key, ghost in (NEXT, "echo beta"), (NEXT, "print gamma"), (NEXT, ALPHA), (PREVIOUS, "print gamma"):
        terminal.send(key)
        terminal.wait_line("", ghost)
    terminal.send("pr")
    terminal.wait_line("pr", "int gamma")
    terminal.send(RIGHT)
    terminal.enter("gamma")


def test_other_suggestions_for_what_is_typed(sandbox, three):
    terminal = begin(sandbox)
    terminal.send("echo ")
    terminal.wait_line("echo ", "alpha")
    three.wait_for("Q")
    terminal.settle()
    for key, ghost in (PREVIOUS, "beta"), (PREVIOUS, "alpha"), (NEXT, "beta"):
        terminal.send(key)
        terminal.wait_line("echo ", ghost)


def test_those_that_are_not_shown_unasked(sandbox, server):
    server.answers[""] = [("echo beta", "")]
    terminal = start_zsh(sandbox)
    server.wait_for("P")
    terminal.check_line("")
    terminal.send(NEXT)
    terminal.wait_line("", "echo beta")


def test_never_again(sandbox, three):
    terminal = begin(sandbox)
    terminal.send("e")
    terminal.wait_line("e", "cho alpha")
    three.wait_for("Q")
    terminal.settle()
    three.answers[""] = [("echo beta", "s")]
    terminal.send(NEVER)
    terminal.wait_line("e", "cho beta")
    assert [frame.fields[1:] for frame in three.of("N")] == [(ALPHA,)]


def test_never_again_while_a_request_is_under_way(sandbox, three):
    terminal = begin(sandbox)
    three.wedged = True
    terminal.send("e")
    three.wait_for("Q")
    terminal.send(NEVER)
    three.wait_for("N")
    terminal.check_line("e")
    three.answers[""] = []
    three.release()
    terminal.check_line("e")


def test_never_reaches_a_server_that_came_back(sandbox, three):
    terminal = begin(sandbox)
    three.kill()
    terminal.settle()
    three.start_again()
    terminal.send(NEVER)
    assert three.wait_for("N")[0].fields[1] == ALPHA


@pytest.mark.parametrize("keys", [RIGHT, END, WORD, PART, NEXT + PREVIOUS + RIGHT])
@pytest.mark.parametrize("typed", ["", "echo "])
def test_what_destroys_takes_one_key_more(sandbox, server, keys, typed):
    server.answers[""] = [("echo gone", "sd"), ("echo beta", "")]
    warning = "This cannot be undone: the same key again takes it."
    terminal = begin(sandbox, ghost="echo gone")
    for ending in ("enter", "key"):
        terminal.send(typed)
        terminal.wait_line(typed, "echo gone".removeprefix(typed))
        if keys in (WORD, PART) and not typed:
            terminal.send(keys)
            terminal.wait_line("echo ", "gone")
        terminal.settle()
        terminal.send(keys)
        terminal.wait_until(lambda: warning in terminal.rows(), "the warning")
        terminal.wait_until(lambda: terminal.line()[1].endswith("gone"), "the line")
        if ending == "enter":
            terminal.run()
            terminal.wait_line("", "echo gone")
            assert "gone" not in [row.strip() for row in terminal.everything()]
    terminal.send(RIGHT)
    terminal.wait_line("echo gone")
    terminal.enter("gone")


def test_what_destroys_is_asked_about_again_after_another_key(sandbox, server):
    server.answers[""] = [("echo gone", "sd")]
    terminal = begin(sandbox, ghost="echo gone")
    terminal.send(RIGHT)
    terminal.wait_until(lambda: len(terminal.rows()) == 2, "the warning")
    terminal.send("e")
    terminal.wait_line("e", "cho gone")
    terminal.send(RIGHT)
    terminal.wait_until(lambda: len(terminal.rows()) == 2, "the warning")
    terminal.wait_line("e", "cho gone")


@pytest.mark.parametrize(
    ("keys", "output"),
    [
        (f"echo ab\x02{RIGHT}c", "abc"),
        ("cho ab\x01e\x05c", "abc"),
        (f"echo ab cd\x01{WORD}xy ", "xy ab cd"),
        (f"echo abcd\x01\x1b7{RIGHT}X", "abXcd"),
        (f"echo ab cd\x01\x1b2{WORD}X ", "ab X cd"),
    ],
)
def test_where_nothing_is_shown_keys_do_what_they_did(sandbox, server, keys, output):
    terminal = start_zsh(sandbox)
    terminal.send(keys)
    terminal.enter(output)


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("mode", ["emacs", "viins"])
@pytest.mark.parametrize("key", ["^[[C", "^E", "^[[1;5C", "^Xn", "^X"])
def test_no_key_is_taken_that_the_person_uses(sandbox, three, place, mode, key):
    how = {place: f"bindkey -{mode[0]}; " + BOUND.format(mode, key)}
    terminal = begin(sandbox, **how)
    terminal.send(key.replace("^[", "\x1b").replace("^X", "\x18").replace("^E", "\x05") + ("n" if key == "^X" else ""))
    terminal.wait_until(lambda: terminal.line()[0].startswith("print mine"), "the person's own")
    assert three.of("N") == []


@pytest.mark.parametrize("key", ["^[f", "^[n", "^[p"])
def test_no_key_is_taken_that_types_a_text(sandbox, three, key):
    terminal = begin(sandbox, f"bindkey -s '{key}' 'print mine'")
    terminal.send(key.replace("^[", "\x1b"))
    terminal.wait_line("print mine")


def test_a_later_binding_stays(sandbox, three):
    terminal = begin(sandbox)
    terminal.run(BOUND.format("emacs", "^[[C"))
    terminal.wait_line("", ALPHA)
    terminal.send(RIGHT)
    terminal.wait_line("print mine")
    terminal.run()
    terminal.wait_line("", ALPHA)
    terminal.send(RIGHT)
    terminal.wait_line("print mine")


def test_keys_that_frameworks_bind_as_zsh_does(sandbox, three):
    terminal = begin(sandbox, "bindkey '^[[F' end-of-line; bindkey '^[[1;5C' forward-word")
    terminal.send(PART)
    terminal.wait_line("echo ", "alpha")
    terminal.send(END)
    terminal.wait_line(ALPHA)


@pytest.mark.parametrize("mode", ["emacs", "vi"])
def test_keys_that_the_person_chooses(sandbox, three, mode):
    names = {"ACCEPT": "^T ^[o", "WORD": "^[[1;3A", "PART": "^O", "NEXT": "^G", "PREVIOUS": "^Y", "NEVER": ""}
    variables = "\n".join(f"DELTA_{name}_KEYS='{keys}'" for name, keys in names.items())
    terminal = begin(
        sandbox, after=f"bindkey -{mode[0]}\nbindkey -s '^T' 'print mine'; bindkey '^O' undo\n{variables}\nIFS=0"
    )
    for keys, line in (
        ("\x14", (ALPHA, "")), ("\x1bo", (ALPHA, "")), ("\x1b[1;3A", ("echo ", "alpha")), ("\x0f", ("echo ", "alpha")),
        ("\x07", ("", "echo beta")), ("\x19", ("", ALPHA)),
    ):  # fmt: skip
        terminal.send(keys)
        terminal.wait_line(*line)
        if line[0]:
            terminal.send("\x15")
            terminal.wait_line("", ALPHA)
    terminal.send(NEVER)
    terminal.settle()
    assert three.of("N") == []


@pytest.mark.parametrize("name", ["ACCEPT", "WORD", "PART", "NEXT", "PREVIOUS", "NEVER"])
def test_no_keys_at_all(sandbox, three, name):
    key = {"ACCEPT": RIGHT, "WORD": WORD, "PART": PART, "NEXT": NEXT, "PREVIOUS": PREVIOUS, "NEVER": NEVER}[name]
    terminal = begin(sandbox, f"DELTA_{name}_KEYS=")
    terminal.send(key)
    terminal.settle()
    assert three.of("N") == []
    assert terminal.line()[0] in ("", ";5C", "n")  # as far as zsh takes the end of the key for letters
    terminal.send("\x15")
    terminal.wait_line("", ALPHA)
    terminal.send(RIGHT if name != "ACCEPT" else WORD)
    terminal.wait_line(*((ALPHA, "") if name != "ACCEPT" else ("echo ", "alpha")))


def test_keys_of_vi_mode(sandbox, three):
    terminal = begin(sandbox, "bindkey -v")
    for keys, line in (
        (VI_NEXT, ("", "echo beta")), (VI_PREVIOUS, ("", ALPHA)), (VI_WORD, ("echo ", "alpha")), (RIGHT, (ALPHA, "")),
    ):  # fmt: skip
        terminal.send(keys)
        terminal.wait_line(*line)
    terminal.send("\x15")
    terminal.wait_line("", ALPHA)
    terminal.send(NEVER)
    three.wait_for("N")


def test_escape_and_a_letter_in_a_hurry_in_vi_mode(sandbox, three):
    """What was typed as two keys is not taken for one of ours."""
    terminal = begin(sandbox, "bindkey -v")
    terminal.send("echo abcb\x1bFbiX")  # Escape, Fb: back to the b before
    terminal.enter("aXbcb")


def test_a_completion_still_completes(sandbox, three):
    (sandbox.home / "only-file").touch()
    terminal = begin(sandbox)
    terminal.send("echo o\t")
    terminal.wait_line("echo only-file ")
