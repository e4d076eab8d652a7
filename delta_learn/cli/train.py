"""train: the night's work, now or when its conditions hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from delta_learn.cli.output import bars, echo_json, progress, table, tell
from delta_learn.cli.processes import Gpus, Nodes, OnCpu, Rendezvous
from delta_learn.cli.replay import comparison

if TYPE_CHECKING:
    from collections.abc import Callable

    from delta_learn.nightly.night import Night
    from delta_learn.trainer.launch import Processes


def register(app: typer.Typer) -> None:
    """Add this file's command to `app`."""
    app.command()(train)


def train(
    nightly: Annotated[
        bool,
        typer.Option("--nightly", help="Train only if the conditions of a night hold; else say why and exit 0."),
    ] = False,
    now: Annotated[
        bool, typer.Option("--now", help="Train whatever the conditions say (the default without --nightly).")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the conditions and change nothing.")] = False,
    background: Annotated[
        bool, typer.Option("--background", help="Start it, say where its log is, and come back at once.")
    ] = False,
    due: Annotated[
        str | None, typer.Option("--due", hidden=True, help="Do nothing unless the night from HH:MM on is due.")
    ] = None,
    gpus: Gpus = None,
    processes: OnCpu = None,
    nodes: Nodes = 1,
    rendezvous: Rendezvous = "",
    help_out: Annotated[
        bool,
        typer.Option(
            "--join", help="Only help the training of another machine, which was started with the same --nodes."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Train a personal model, replay your newest commands, deploy it only if it saves keystrokes."""

    from delta_learn.trainer.launch import Processes

    asked = Processes(gpus, processes, nodes, rendezvous)

    def run() -> Night:
        return _night(asked, nightly=nightly and not now, dry_run=dry_run, as_json=as_json)

    if help_out:
        _join(asked)
        return
    if background:
        _start(asked.options())
        return
    night = run() if due is None else _scheduled(due, run)
    if night is None:
        return
    if as_json:
        echo_json(night.to_json())
    else:
        _print(night, conditions=dry_run or nightly)


def _join(asked: Processes) -> None:
    from delta_learn.config import Config
    from delta_learn.nightly.learning import join
    from delta_learn.paths import Paths

    paths = Paths.from_environment()
    join(paths.checkpoints, paths.key, Config.load(paths.config).train, asked)


def _night(asked: Processes, *, nightly: bool, dry_run: bool, as_json: bool) -> Night:
    from delta_learn.collector.drain import open_store
    from delta_learn.config import Config
    from delta_learn.nightly.pipeline import run_night

    store = open_store()
    with progress() as display:
        return run_night(
            store,
            Config.load(store.paths.config),
            nightly=nightly,
            dry_run=dry_run,
            processes=asked,
            say=lambda text: tell(display, text, err=as_json),
            on_progress=bars(display),
        )


def _scheduled(at: str, run: Callable[[], Night]) -> Night | None:
    from delta_learn.installation.schedule.clock import TimeOfDay
    from delta_learn.nightly.scheduled import run_scheduled
    from delta_learn.paths import Paths

    return run_scheduled(Paths.from_environment(), TimeOfDay.parse(at), run)


def _start(options: list[str]) -> None:
    from delta_learn.nightly.background import start_training
    from delta_learn.paths import Paths

    run = start_training(Paths.from_environment(), *options)
    what = f"A training runs already: {run.busy}" if run.busy else f"Training runs in the background (pid {run.pid})"
    typer.echo(f"{what}; its log is {run.log}, and `:train status` or `delta-learn status` says when it is done.")


def _print(night: Night, *, conditions: bool) -> None:
    if conditions:
        rows = [[fact.name, "yes" if fact.met else "no", fact.reason] for fact in night.conditions]
        typer.echo(table(["condition", "met", "because"], rows, left=True))
    if night.skipped:
        typer.echo(night.skipped)
    if night.replay is None or night.decision is None:
        return
    typer.echo("In this table delta is the new model, deployed is what predicted until now.")
    typer.echo(comparison(night.replay))
    typer.echo(f"Gate: {'passed' if night.decision.deploy else 'not passed'}.")
    for reason in night.decision.reasons:
        typer.echo(f"  {reason}")
    typer.echo(f"{night.version} is deployed." if night.decision.deploy else "What predicted until now stays.")
