"""never: the lines that must not be suggested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from delta_learn.cli.output import echo_json, plural

if TYPE_CHECKING:
    from delta_learn.collector.store import Store


def register(app: typer.Typer) -> None:
    """Add this file's command to `app`."""
    app.command()(never)


def never(
    command: Annotated[str | None, typer.Argument(help="A whole line, quoted.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Suggest COMMAND again.")] = False,
    show: Annotated[bool, typer.Option("--list", help="Show what is never suggested.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """Never suggest COMMAND again, however often it is typed."""
    from delta_learn.collector.store import Store

    # A misspelt option must not end up on the list: a line that begins with a dash comes after `--`.
    if show == (command is not None) or (show and remove) or (as_json and not show):
        raise typer.BadParameter("give a COMMAND (with --remove: suggest it again), or --list [--json].")
    store = Store.open()
    if command is None:
        _list(store, as_json=as_json)
    elif remove:
        _remove(store, command)
    else:
        _add(store, command)


def _list(store: Store, *, as_json: bool) -> None:
    from delta_learn.collector.never import never_lines
    from delta_learn.collector.normalize import visible

    lines = sorted(never_lines(store))
    if as_json:
        echo_json({"never": lines})
        return
    for line in lines:
        typer.echo(visible(line))
    typer.echo(f"{plural(len(lines), 'line')} never suggested.", err=True)


def _add(store: Store, command: str) -> None:
    from delta_learn.collector.never import add_never

    typer.echo("It is never suggested again." if add_never(store, command) else "It was not suggested anyway.")


def _remove(store: Store, command: str) -> None:
    from delta_learn.collector.never import remove_never
    from delta_learn.errors import DeltaError

    if not remove_never(store, command):
        raise DeltaError("This line is not on the list; `delta-learn never --list` shows what is.")
    typer.echo("It may be suggested again.")
