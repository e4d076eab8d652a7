"""config list|get|set|unset|path: the settings, checked before they are written."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from delta_learn.cli.output import echo_json

if TYPE_CHECKING:
    from delta_learn.paths import Paths

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(help="A setting as `config list` shows it.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands to `app`."""
    config = typer.Typer(help="Look at and change the settings.", no_args_is_help=True, rich_markup_mode=None)
    config.command("list")(list_)
    config.command()(get)
    config.command("set", context_settings={"ignore_unknown_options": True})(set_)
    config.command()(unset)
    config.command()(path)
    app.add_typer(config, name="config")


def _paths() -> Paths:
    from delta_learn.paths import Paths

    return Paths.from_environment()


def list_(as_json: Json = False) -> None:
    """All settings; those that differ from their default are marked."""
    from delta_learn.config import Config

    config = Config.load(_paths().config)
    if as_json:
        echo_json(dataclasses.asdict(config))
        return
    defaults = dict(_flat(dataclasses.asdict(Config())))
    for name, value in _flat(dataclasses.asdict(config)):
        typer.echo(f"{name} = {json.dumps(value)}{'' if value == defaults[name] else '   (yours)'}")


def _flat(settings: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    for section, values in settings.items():
        for name, value in values.items():
            yield f"{section}.{name}", value


def get(name: Name, as_json: Json = False) -> None:
    """One setting, or all of a section."""
    from delta_learn.config import Config

    value = Config.load(_paths().config).get(name)
    typer.echo(value if isinstance(value, str) and not as_json else json.dumps(value))


def set_(
    name: Name, value: Annotated[str, typer.Argument(help="JSON, or a plain word: '[\"~/private\"]', 12, base.")]
) -> None:
    """Change a setting."""
    from delta_learn.config import Config
    from delta_learn.installation.settings import change_setting

    paths = _paths()
    change_setting(paths, name, value)
    typer.echo(f"{name} = {json.dumps(Config.load(paths.config).get(name))}")


def unset(name: Name) -> None:
    """Give a setting its default again."""
    from delta_learn.config import Config
    from delta_learn.installation.settings import reset_setting

    paths = _paths()
    reset_setting(paths, name)
    if name.count(".") > 1:
        typer.echo(f"{name} is gone.")
    else:
        typer.echo(f"{name} = {json.dumps(Config.load(paths.config).get(name))}")


def path() -> None:
    """Where the settings lie."""
    typer.echo(str(_paths().config))
