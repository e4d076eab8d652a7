"""schedule: who starts the night, and when."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from delta_learn.cli.output import echo_json

if TYPE_CHECKING:
    from delta_learn.installation.schedule.schedule import Schedule

_WHO = {"systemd": "systemd (delta-learn.timer)", "cron": "your crontab"}


def register(app: typer.Typer) -> None:
    """Add this file's commands to `app`."""
    group = typer.Typer(help="Have the night's training started by itself.", no_args_is_help=True)
    group.command("install")(install)
    group.command("show")(show)
    group.command("remove")(remove)
    app.add_typer(group, name="schedule")


def install(
    at: Annotated[
        str | None, typer.Option(help="Time of day, HH:MM; becomes the setting schedule.at. Default: that setting.")
    ] = None,
    way: Annotated[
        Literal["systemd", "cron"] | None, typer.Option("--with", help="Who starts it. Default: what works here.")
    ] = None,
) -> None:
    """Train every night by itself, where there is enough to learn; a missed night is made up for."""
    from delta_learn.config import Config, from_mapping, read_settings, with_setting
    from delta_learn.installation.schedule.clock import TimeOfDay
    from delta_learn.installation.schedule.schedule import install_schedule
    from delta_learn.installation.settings import change_setting
    from delta_learn.paths import Paths

    paths = Paths.from_environment()
    settings = read_settings(paths.config)
    if at is not None:
        settings = with_setting(settings, "schedule.at", str(TimeOfDay.parse(at)))
    config = from_mapping(Config, settings, where=str(paths.config)).schedule
    done = install_schedule(paths, config, way)
    if at is not None:
        change_setting(paths, "schedule.at", at)
    typer.echo(_installed(done))
    _warn_of_silent_cron(done)


def _installed(done: Schedule) -> str:
    lines = [
        f"A night is due every day from {done.at} on: {_WHO[done.way]} looks once an hour and starts it once a day.",
        "One that was missed, or found you at work, is made up for. `delta-learn schedule remove` ends it.",
    ]
    if done.way == "systemd":
        lines.append("systemd does so while you are logged in; with `loginctl enable-linger`, always.")
    return "\n".join(lines)


def _warn_of_silent_cron(done: Schedule) -> None:
    from delta_learn.installation.schedule.crontab import daemon_runs

    if done.way == "cron" and daemon_runs() is False:
        typer.echo("delta-learn: no cron is seen running here: nothing will be started until one does.", err=True)


def show(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Say who starts the night, and when it comes next."""
    from delta_learn.installation.schedule.schedule import installed_schedule, next_training
    from delta_learn.paths import Paths

    paths = Paths.from_environment()
    schedule = installed_schedule(paths)
    coming = next_training(paths, schedule, time.time()) if schedule else None
    if as_json:
        echo_json({"way": schedule and schedule.way, "at": schedule and str(schedule.at), "next": coming})
    elif schedule is None:
        typer.echo("Nothing starts the training by itself: run `delta-learn schedule install`.")
    else:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(coming))
        typer.echo(
            f"A night is due every day from {schedule.at} on, by {_WHO[schedule.way]}; the next can begin {when}."
        )


def remove() -> None:
    """Train only when you say so."""
    from delta_learn.installation.schedule.schedule import remove_schedule
    from delta_learn.paths import Paths

    who = " and ".join(_WHO[way] for way in remove_schedule(Paths.from_environment()))
    typer.echo(f"Nothing starts the training by itself any more: {who} did." if who else "Nothing was scheduled.")
