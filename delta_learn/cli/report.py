"""report: one page about what was recorded, learnt and saved."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from delta_learn.cli.output import with_tilde


def register(app: typer.Typer) -> None:
    """Add this file's command to `app`."""
    app.command()(report)


def report(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file; by default one in the state directory.")
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Show it in the browser, too.")] = False,
) -> None:
    """Write an HTML page: data and keystrokes saved over time, models and the gate, habits, secrets replaced."""
    from delta_learn.paths import Paths
    from delta_learn.report.write import write_report

    path = write_report(Paths.from_environment(), output)
    typer.echo(f"The report is in {with_tilde(path)}.")
    if open_ and not webbrowser.open(path.as_uri()):
        typer.echo("No browser could be started here: open the file yourself.", err=True)
