"""init, install, uninstall, doctor: the hooks in the person's shells."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated

import typer

from delta_learn.cli import output
from delta_learn.cli.output import echo_json, plural, table, with_tilde

if TYPE_CHECKING:
    from delta_learn.installation.checks import Check
    from delta_learn.installation.install import Installed, Uninstalled
    from delta_learn.paths import Paths

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_SHELLS = "zsh or bash"


def register(app: typer.Typer) -> None:
    """Add this file's commands to `app`."""
    app.command()(init)
    app.command()(install)
    app.command()(uninstall)
    app.command()(doctor)


def _known_shell(value: str) -> str:
    from delta_learn.installation.hooks import SHELLS

    if value not in SHELLS:
        raise typer.BadParameter(f"{value!r} is not {_SHELLS}.")
    return value


def _known_shells(values: list[str] | None) -> list[str]:
    return [_known_shell(value) for value in values or []]


def init(shell: Annotated[str, typer.Argument(help=f"{_SHELLS}.", callback=_known_shell)]) -> None:
    """Print the hook, for `eval "$(delta-learn init zsh)"` in a start file."""
    from delta_learn.installation.hooks import hook_text, prepare_state
    from delta_learn.paths import Paths

    text = hook_text(shell)
    prepare_state(Paths.from_environment())
    typer.echo(text, nl=False)


def install(
    shell: Annotated[
        list[str] | None,
        typer.Option(help=f"{_SHELLS}; repeat for both. Default: those on this machine.", callback=_known_shells),
    ] = None,
) -> None:
    """Record what you type from the next shell on: one line in your shell's start file."""
    from delta_learn.config import Config
    from delta_learn.installation.install import install as install_hooks
    from delta_learn.paths import Paths

    paths = Paths.from_environment()
    done = install_hooks(paths, shell or ())
    typer.echo(_installed(done, paths, Config.load(paths.config).collect.environment))
    if done.login_file:
        typer.echo(
            f"delta-learn: bash reads {with_tilde(done.login_file)} in a login shell, and that never sources "
            f"~/.bashrc: add `[ -r ~/.bashrc ] && . ~/.bashrc` to it.",
            err=True,
        )


def _installed(done: Installed, paths: Paths, variables: tuple[str, ...]) -> str:
    files = " and ".join(with_tilde(path) for path in done.rc_files.values())
    names = ", ".join(variables) or "no variable"
    return "\n".join(
        [
            f"From your next new shell on ({files}) each command is recorded with directory, times, exit status, "
            f"git branch and {names}; secrets are replaced first.",
            f"It lies in {with_tilde(paths.training)}, sealed with the key in {with_tilde(paths.state)}; "
            "nothing leaves this machine.",
            "Pause: `delta-learn pause --for 1h` and `delta-learn resume` for all shells, `:pause` in one.",
            "Review: `delta-learn review` shows what is kept; `delta-learn doctor` tries it out.",
            "Forget: `delta-learn forget PATTERN`, or `--since 2h`; `delta-learn uninstall` ends it all.",
        ]
    )


def uninstall(
    purge: Annotated[bool, typer.Option("--purge", help="Delete all that was recorded and learnt, too.")] = False,
) -> None:
    """Take the hooks out of your shells; your data stays unless you say otherwise."""
    from delta_learn.installation.install import has_data
    from delta_learn.installation.install import uninstall as remove_hooks
    from delta_learn.paths import Paths

    paths = Paths.from_environment()
    if not purge and has_data(paths) and output.on_terminal():
        purge = typer.confirm("Delete what was recorded and learnt, too?", default=False)
    typer.echo(_uninstalled(remove_hooks(paths, purge=purge), paths, kept=not purge and has_data(paths)))


def _uninstalled(done: Uninstalled, paths: Paths, *, kept: bool) -> str:
    files = " and ".join(with_tilde(path) for path in done.rc_files)
    lines = [f"The line is out of {files}." if files else "No start file had a line of delta_learn."]
    lines.append("Running shells record nothing from now on; no new one will.")
    if done.scheduled:
        lines.append(f"Nothing trains by itself any more: the entry is out of {' and '.join(done.scheduled)}.")
    if done.drained:
        lines.append(f"{plural(done.drained, 'command')} that waited went to the data set.")
    if kept:
        lines.append(
            f"What was recorded stays in {with_tilde(paths.training)}, its key in {with_tilde(paths.state)}; "
            "`delta-learn uninstall --purge` deletes both."
        )
    elif done.purged:
        lines.append("What was recorded and learnt is deleted.")
    return "\n".join([*lines, "The program itself stays until you remove it: `pip uninstall delta-learn`."])


def doctor(as_json: Json = False) -> None:
    """Look at everything, type two commands into a real zsh and bash, and say what is wrong and how to mend it."""
    from delta_learn.installation.doctor import examine
    from delta_learn.paths import Paths

    paths = Paths.from_environment()
    checks = [*examine(paths), _server(paths)]
    if as_json:
        echo_json([dataclasses.asdict(check) for check in checks])
    else:
        rows = [[check.name, check.state, check.what] for check in checks]
        typer.echo(table(["check", "state", "what"], rows, left=True))
        for check in checks:
            if check.mend:
                typer.echo(f"{check.name}: {check.mend}")
    if any(check.state == "problem" for check in checks):
        raise typer.Exit(1)


def _server(paths: Paths) -> Check:
    """The server of the prompt: none is no fault, one that does not answer is."""
    from delta_learn.installation.checks import Check
    from delta_learn.serving.client import is_alive
    from delta_learn.storage.lock import holder

    running = holder(paths.server_lock)
    if running is None:
        return Check("server", "ok", "none runs; the next prompt starts it")
    if is_alive(paths):
        return Check("server", "ok", f"pid {running.pid} answers")
    return Check("server", "problem", f"pid {running.pid} does not answer", "run `delta-learn serve --stop`")
