"""delta-learn: the command line; every command is a thin call of a library function."""

from __future__ import annotations

import os
import sys

import typer

from delta_learn import __version__
from delta_learn.cli import (
    config,
    data,
    models,
    never,
    predict,
    pretrain,
    recording,
    replay,
    report,
    schedule,
    serve,
    shell,
    teach,
    train,
    why,
)
from delta_learn.errors import DeltaError

app = typer.Typer(
    name="delta-learn",
    help="Learns from your shell history on your own machine and shows the next command before you type it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # rich costs 100 ms at --help
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (
    shell,
    data,
    recording,
    teach,
    never,
    train,
    schedule,
    predict,
    why,
    serve,
    pretrain,
    replay,
    report,
    models,
    config,
):
    module.register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"delta-learn {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", help="Print the version.", is_eager=True, callback=_print_version),
) -> None:
    """Take the options that stand before a command; the callback of each acts on it."""


def main() -> None:
    """Entry point: errors of ours become one sentence on stderr and exit status 1."""
    os.umask(0o077)
    try:
        app()
    except DeltaError as error:
        print(f"delta-learn: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except BrokenPipeError:  # `| head` has seen enough; keep Python's own flush at exit from complaining
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
