"""Settings under which plugins break: the same lines give the same screen as without the hooks, and are recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

AUTOSUGGESTIONS = Path("/usr/share/zsh-autosuggestions/zsh-autosuggestions.zsh")

ZSH_OPTIONS = [
    "ksh_arrays", "sh_word_split", "sh_glob", "ksh_glob", "ignore_braces", "ignore_close_braces", "no_unset",
    "no_clobber", "warn_create_global", "warn_nested_var", "all_export", "glob_subst", "null_glob", "csh_null_glob",
    "no_nomatch", "no_glob", "no_case_match", "no_case_glob", "rc_expand_param", "rc_quotes", "csh_junkie_loops",
    "csh_junkie_quotes", "csh_junkie_history", "no_bad_pattern", "no_short_loops", "no_equals", "magic_equal_subst",
    "ksh_autoload", "no_function_argzero", "c_bases", "octal_zeroes", "ksh_zero_subscript", "ksh_typeset",
    "posix_aliases", "posix_builtins", "posix_identifiers", "posix_strings", "posix_argzero", "posix_cd",
    "posix_jobs", "posix_traps", "no_multibyte", "no_multios", "path_dirs", "sh_file_expansion", "sh_nullcmd",
    "sh_option_letters", "traps_async", "local_options", "local_traps", "no_hup", "no_monitor", "no_bg_nice",
    "no_bang_hist", "hist_reduce_blanks", "hist_ignore_all_dups", "hist_save_no_dups", "hist_no_functions",
    "hist_no_store", "share_history", "inc_append_history", "inc_append_history_time", "extended_history",
    "no_prompt_percent", "prompt_subst", "prompt_bang", "mark_dirs", "numeric_glob_sort", "glob_dots",
    "glob_star_short", "extended_glob", "no_bare_glob_qual", "chase_links", "continue_on_error",
    "no_debug_before_cmd", "err_return", "print_exit_value", "pipe_fail", "single_line_zle", "no_aliases",
    "interactive_comments", "bsd_echo", "rematch_pcre", "bash_rematch", "alias_func_def", "typeset_silent",
    "typeset_to_unset", "auto_cd", "auto_pushd", "cdable_vars", "brace_ccl", "clobber_empty", "dvorak",
]  # fmt: skip

BASH_SETTINGS = [
    "set -u", "set -e", "set -C", "set -f", "set -o pipefail", "set -T", "set -E", "set +B", "set +m", "set +H",
    "set -b", "shopt -s failglob", "shopt -s nullglob", "shopt -s nocasematch", "shopt -s nocaseglob",
    "shopt -s dotglob", "shopt -s extglob", "shopt -s lithist", "shopt -u cmdhist", "shopt -u expand_aliases",
    "shopt -u sourcepath", "shopt -s xpg_echo", "shopt -s lastpipe", "shopt -s localvar_inherit",
    "shopt -s localvar_unset", "shopt -s histappend", "shopt -s checkjobs", "shopt -s autocd",
    "shopt -s inherit_errexit", "shopt -s compat43", "shopt -s compat44", "shopt -s shift_verbose",
    "shopt -s assoc_expand_once", "shopt -s globstar", "set -o vi", "set -uef", "IFS=", "IFS=0123456789", "IFS=_",
    "IFS=:/.", "unset IFS", "CDPATH=/:/usr", "LC_ALL=C", "HISTTIMEFORMAT='%F %T '", "GLOBIGNORE='*'", "TIMEFORMAT=x",
    "HISTCMD=7", "unset HOSTNAME USER",
]  # fmt: skip

ALIASED = (
    "print local read builtin emulate typeset return printf echo fc trap set shift unset eval umask "
    "zmodload syswrite sysopen exec disown"
)


def compare(sandboxes, shell: str, lines: list[str], **how: str) -> None:
    """The screen is that of a shell without the hooks, and the lines are recorded."""
    with_hooks, without = sandboxes("hooks"), sandboxes("plain")
    expected = without.run(shell, *lines, plugin=False, **how).replace("/plain/", "/hooks/")
    assert with_hooks.run(shell, *lines, **how) == expected
    assert with_hooks.texts() == lines


@pytest.mark.parametrize("place", ["before", "typed"])
@pytest.mark.parametrize("option", ZSH_OPTIONS)
def test_zsh_records_under_any_option(zsh, another_sandbox, option, place):
    lines = [
        "echo one",
        "(exit 3)",
        "cd /",
        "false | true",
        "x=(a b); echo 'a  *  b'",
        "for i in 1 2; do echo $i; done",
        "setopt",
        "typeset -x | grep -v zle_bracketed_paste",  # the editor's, which is loaded earlier
    ]
    if place == "typed":
        compare(another_sandbox, "zsh", ["echo", f"setopt {option}", *lines])
    else:
        compare(another_sandbox, "zsh", lines, before=f"setopt {option}")


@pytest.mark.parametrize("place", ["before", "after", "typed"])
@pytest.mark.parametrize("setting", BASH_SETTINGS)
def test_bash_records_under_any_setting(bash, another_sandbox, setting, place):
    lines = [
        "echo one",
        "cd /",
        "false || true",
        "true | (exit 0)",
        "echo 'a  *  b'",
        "for i in 1 2; do echo $i; done",
        "set -o; shopt; env",
    ]
    if place == "typed":
        compare(another_sandbox, "bash", ["echo", setting, *lines])
    else:
        compare(another_sandbox, "bash", lines, **{place: setting})


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("setting", ["set -u", "set -e", "set -eu -o pipefail"])
def test_zsh_survives_errors(zsh, another_sandbox, place, setting):
    lines = ["echo one", "true && true", "false || true", "if false; then :; fi", "cd /", "echo $options[errexit]"]
    compare(another_sandbox, "zsh", lines, **{place: setting})


@pytest.mark.parametrize("place", ["before", "after", "typed"])
def test_bash_in_posix_mode_says_nothing(bash, another_sandbox, place):
    lines = ["echo one", "cd /", "false || true", "(exit 3)", "echo $?"]
    with_hooks, without = another_sandbox("hooks"), another_sandbox("plain")
    how = {}
    if place == "typed":
        lines.insert(0, "set -o posix")
    else:
        how = {place: "set -o posix"}
    assert with_hooks.run("bash", *lines, **how) == without.run("bash", *lines, plugin=False, **how)


@pytest.mark.parametrize("mode", [["--posix"], ["--login"], ["--restricted"]])
def test_bash_started_otherwise_says_nothing(bash, another_sandbox, mode):
    with_hooks, without = another_sandbox("hooks"), another_sandbox("plain")
    argv = ["bash", *mode, "-i"]
    for sandbox in (with_hooks, without):
        (sandbox.home / ".bash_profile").write_text(". ~/.bashrc\n")
        sandbox.environment["ENV"] = str(sandbox.home / ".bashrc")
    lines = ["echo one", "(exit 3)", "echo $?"]
    screen = with_hooks.run("bash", *lines, argv=argv)
    assert screen == without.run("bash", *lines, argv=argv, plugin=False).replace("/plain/", "/hooks/")
    if mode == ["--login"]:
        assert with_hooks.texts() == lines


def test_a_shell_that_ends_at_errors_ends_at_errors_only(sandbox, shell):
    terminal = sandbox.start(shell, after="set -e")
    terminal.type("echo one", "false || true", "cd /", "", "echo two")
    assert terminal.exit("(exit 3)") == 3
    recorded = sandbox.session()
    assert recorded.texts[:4] == ["echo one", "false || true", "cd /", "echo two"]


@pytest.mark.parametrize("place", ["before", "after"])
def test_aliased_builtins(another_sandbox, shell, place):
    aliases = "\n".join(f"alias {name}='command false {name}'" for name in ALIASED.split())
    lines = ["\\echo one", "\\cd /", "command printf 'a b\\n'", "(\\exit 3)"]
    compare(another_sandbox, shell, lines, **{place: aliases})


@pytest.mark.parametrize("place", ["before", "after"])
def test_functions_named_like_builtins(another_sandbox, shell, place):
    names = ["cd", "echo", "print", "fc", "history"]
    functions = "\n".join(f"{name}() {{ builtin {name} \"$@\"; builtin printf 'mine\\n'; }}" for name in names)
    compare(another_sandbox, shell, ["echo one", "cd /", "echo two"], **{place: functions})


@pytest.mark.parametrize(
    "names",
    ["name flags command text format root git head", "start us rs lf record header names now fields until python"],
)
def test_read_only_variables_of_the_same_name(another_sandbox, shell, names):
    before = "\n".join(f"readonly {name}=mine" for name in names.split())
    compare(another_sandbox, shell, ["echo one", "cd /", "echo 'two\\x'"], before=before)


def test_integer_variables_of_the_same_name(another_sandbox, shell):
    names = "name flags command text format root git head start us rs lf record header names now fields until python"
    compare(another_sandbox, shell, ["echo one", "cd /", "echo 'two'"], before=f"typeset -i {names}")


def test_traced(sandbox, shell):
    terminal = sandbox.start(shell)
    screen = terminal.type("set -x", "echo one", "(exit 3)", "set +x", "true")
    terminal.exit()
    assert sandbox.results() == [("set -x", 0), ("echo one", 0), ("(exit 3)", 3), ("set +x", 0), ("true", 0)]
    assert sum("delta" in line for line in screen.splitlines()) <= 5 * 6  # what stands before xtrace can be turned off


def test_no_error_trap_is_called_by_the_hooks(another_sandbox, shell):
    name = {"zsh": "ZERR", "bash": "ERR"}[shell]
    compare(another_sandbox, shell, ["echo one", "(exit 3)", "cd /", "true"], before=f"trap 'echo TRAPPED' {name}")


def test_no_error_trap_is_called_by_the_hooks_with_damaged_state(another_sandbox, shell):
    name = {"zsh": "ZERR", "bash": "ERR"}[shell]
    break_it = "rm -f $DELTA_STATE_HOME/{python,variables}"
    compare(another_sandbox, shell, ["echo one", "(exit 3)", "true"], before=f"{break_it}\ntrap 'echo TRAPPED' {name}")


def test_exit_after_a_failure_calls_no_error_trap(bash, another_sandbox):
    compare(another_sandbox, "bash", ["echo one", "(exit 3)"], before="trap 'echo TRAPPED' ERR")


# bash


HOOKS_OF_OTHERS = [
    "PROMPT_COMMAND='printf P%s\\\\n $?; '",
    "PROMPT_COMMAND='printf P%s\\\\n $?;\n'",
    "PROMPT_COMMAND=('printf P%s\\\\n $?' 'printf Q%s,%s\\\\n $? $_')",
    "PROMPT_COMMAND[3]='printf P%s\\\\n $?'",
    "PROMPT_COMMAND=()",
    'prompt() { local s=$?; printf \'P%s %s %s\\n\' $s "${PIPESTATUS[*]}" "$_"; }; PROMPT_COMMAND=prompt',
    "PROMPT_COMMAND='PS1=\"ready> \"'",
    'PROMPT_COMMAND=\'printf "P%s\\n" "$_"\'',
    "PS0='starting\\n'",
    "trap 'echo bye $?' EXIT",
]
"""Set before the hooks are read: afterwards they would replace them."""
SETTINGS = [
    "trap 'echo \"D $BASH_COMMAND\" >>debug.log' DEBUG",
    "HISTSIZE=5",
    "HISTSIZE=-1",
    "HISTFILESIZE=3",
    "unset HISTFILE",
    "export HISTSIZE",
    "HISTIGNORE='nothing*'",
    "HISTCONTROL=ignorespace",
    "HISTCONTROL=erasedups",
    "HISTCONTROL=ignoreboth:erasedups",
    "history -s planted",
    "trap 'echo hup' HUP; trap '' QUIT; trap 'echo usr' USR1",
]


@pytest.mark.parametrize(
    ("setting", "place"),
    [*((setting, "before") for setting in HOOKS_OF_OTHERS + SETTINGS), *((setting, "after") for setting in SETTINGS)],
)
def test_bash_with_hooks_of_others(bash, another_sandbox, setting, place):
    lines = [
        "echo one",
        "(exit 3)",
        "cd /",
        "false | true",
        "echo $? $_",
        "for i in 1 2; do echo $i; done",
        "cat <<<x",
        "true | cat",
    ]
    compare(another_sandbox, "bash", lines, **{place: setting})


# zsh


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize(
    "setting",
    [
        "precmd() { print -r -- P $? $pipestatus $_ }; preexec() { print -r -- X $? $# }",
        "typeset -ga precmd_functions preexec_functions; a() { print -r -- A $? $pipestatus; false }; "
        "b() { print -r -- B $? }; precmd_functions+=(a b); preexec_functions+=(a b)",
        "autoload -Uz add-zsh-hook; a() { print -r -- A $? $pipestatus }; add-zsh-hook precmd a; "
        "add-zsh-hook preexec a; add-zsh-hook zshexit a; add-zsh-hook chpwd a",
        "typeset -gaU precmd_functions preexec_functions zshexit_functions",
        "zshexit() { print -r -- bye $? }",
        "zshaddhistory() { return 0 }",
        "HISTSIZE=5 SAVEHIST=3 HISTFILE=~/.history",
        "TRAPINT() { return $(( 128 + $1 )) }; TRAPUSR1() { : }",
        "TRAPEXIT() { print bye }",
        "disable -r function; disable fc",
        "alias -g ONE=TWO; alias -s txt=cat",
        "READNULLCMD=: NULLCMD=:",
        "periodic() { print -r -- periodic }; PERIOD=1000",
        "fpath=()",
        "RPROMPT='%?' ; setopt transient_rprompt",
    ],
)
def test_zsh_with_hooks_of_others(zsh, another_sandbox, setting, place):
    lines = [
        "echo one",
        "(exit 3)",
        "cd /",
        "false | true",
        "print $? $_",
        "for i in 1 2; do echo $i; done",
        "true | cat",
    ]
    compare(another_sandbox, "zsh", lines, **{place: setting})


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.skipif(not AUTOSUGGESTIONS.exists(), reason="zsh-autosuggestions is not installed")
def test_zsh_autosuggestions(zsh, sandbox, place):
    terminal = sandbox.start("zsh", **{place: f"ZSH_AUTOSUGGEST_STRATEGY=history\n. {AUTOSUGGESTIONS}"})
    terminal.type("echo one", "(exit 3)", "cd /", "echo one")
    terminal.exit()
    assert sandbox.results() == [("echo one", 0), ("(exit 3)", 3), ("cd /", 0), ("echo one", 0)]
