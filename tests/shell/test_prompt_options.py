"""Settings of zsh under which plugins break: suggestions come, are taken and leave nothing, and no message is seen."""

from __future__ import annotations

import shlex

import pytest

from delta_learn.installation.hooks import hook_text
from tests.shell.fakeserver import ALPHA
from tests.shell.screen import start_zsh

pytestmark = pytest.mark.usefixtures("zsh")

RIGHT, WORD, PART, NEXT, PREVIOUS, NEVER = "\x1b[C", "\x1bf", "\x1b[1;5C", "\x1bn", "\x1bp", "\x18n"

OPTIONS = [
    "ksh_arrays", "sh_word_split", "sh_glob ksh_glob", "ignore_braces", "no_unset", "err_return", "all_export",
    "warn_create_global warn_nested_var", "glob_subst no_nomatch", "null_glob", "no_glob", "rc_expand_param",
    "ksh_typeset", "posix_builtins", "posix_identifiers", "posix_aliases", "posix_traps", "no_multibyte", "c_bases",
    "local_traps local_options", "traps_async", "no_clobber", "no_bad_pattern", "extended_glob no_case_match",
    "prompt_subst prompt_bang", "no_short_loops", "no_function_argzero ksh_autoload", "typeset_to_unset", "no_equals",
    "no_prompt_cr", "no_beep", "pipe_fail", "no_monitor", "ksh_arrays sh_word_split no_unset",
]  # fmt: skip

OTHERS = {
    "errexit": "set -e",
    "aliases": "for name in local builtin emulate zle typeset bindkey trap; do alias $name='command false'; done",
    "functions": "print() { builtin print mine }; zle_() { : }",
    "IFS": "IFS=_e0",
    "no fpath": "path_of() { : }; autoload -Uz add-zle-hook-widget; add-zle-hook-widget -h >/dev/null; fpath=()",
    "read-only": "typeset -r text=1 place=1 style=1 map=1 key=1 rest=1",
    "integers": "typeset -i text place style map key rest now hook chunk frame fields",
    "hook of old": "zle-line-init() { : }; zle -N zle-line-init; zle-keymap-select() { : }; zle -N zle-keymap-select",
    "traps": "TRAPZERR() { print -r -- ZERR }; TRAPUSR1() { : }",
    "C locale": "LC_ALL=C",
}


def walk(terminal, server) -> None:
    """Look at a suggestion, go to another and back, take it by part and word, run it; and give up a line."""
    terminal.wait_line("", ALPHA)
    for keys, line in (
        ("e", ("e", "cho alpha")), (NEXT, ("e", "cho beta")), (PREVIOUS, ("e", "cho alpha")),
        (PART, ("echo ", "alpha")), (WORD, (ALPHA, "")),
    ):  # fmt: skip
        terminal.send(keys)
        terminal.wait_line(*line)
        terminal.settle()
    terminal.enter("alpha")
    terminal.wait_line("", ALPHA)
    terminal.interrupt_line()
    terminal.wait_line("", ALPHA)
    terminal.send(RIGHT)
    terminal.wait_line(ALPHA)
    terminal.run()
    terminal.wait_line("", ALPHA)


def check(terminal, first: int = 0) -> None:
    """Nothing is on the screen but what was typed and what that printed."""
    expected = ("ready>", "ready> echo alpha", "alpha")
    assert [
        row for row in terminal.everything()[first:] if row not in expected and not row.startswith("settled ")
    ] == []
    assert terminal.everything().count("ready> echo alpha") == 3


@pytest.fixture
def two(server):
    server.answers[""] = [(ALPHA, "s"), ("echo beta", "")]
    return server


@pytest.mark.parametrize("options", OPTIONS)
def test_options_before(sandbox, two, options):
    terminal = start_zsh(sandbox, f"setopt {options}")
    walk(terminal, two)
    check(terminal)
    assert [record[2] for record in sandbox.session().feedback] == ["part", "accepted"]


@pytest.mark.parametrize(
    "options", ["ksh_arrays sh_word_split no_unset", "sh_glob ksh_glob", "ignore_braces", "no_glob"]
)
def test_options_typed(sandbox, two, options):
    terminal = start_zsh(sandbox)
    terminal.run(f"setopt {options}")
    walk(terminal, two)
    assert terminal.everything()[0].startswith("ready> setopt")
    check(terminal, 1)


@pytest.mark.parametrize("what", OTHERS)
def test_others(sandbox, two, what):
    terminal = start_zsh(sandbox, OTHERS[what])
    walk(terminal, two)
    check(terminal)


def test_a_trace_shows_nothing_of_ours(sandbox, two):
    terminal = start_zsh(sandbox)
    terminal.run("PS4=+; set -x")
    walk(terminal, two)
    rows = [row for row in terminal.everything() if row.startswith("+")]
    assert [row for row in rows if not row.endswith(ALPHA)] == []


def test_read_by_eval(sandbox, two):
    (sandbox.home / "hook").write_text(hook_text("zsh"))
    terminal = start_zsh(
        sandbox, f'setopt ksh_arrays\nalias local=false\neval "$(<{shlex.quote(str(sandbox.home / "hook"))})"'
    )
    walk(terminal, two)
    check(terminal)
