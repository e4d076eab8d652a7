"""predict: the most probable next lines, with what they are based on."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from delta_learn.cli.output import echo_json, table


def register(app: typer.Typer) -> None:
    """Add this file's command to `app`."""
    app.command()(predict)


def predict(
    prefix: Annotated[str, typer.Option(help="What has been typed so far.")] = "",
    cwd: Annotated[
        Path | None, typer.Option(help="Directory; by default the last one recorded, else this one.")
    ] = None,
    previous: Annotated[
        list[str] | None,
        typer.Option(help="A command just run; repeat for several, oldest first. Default: the last recorded."),
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what comes next."""
    from delta_learn.collector.drain import open_store
    from delta_learn.collector.normalize import visible
    from delta_learn.serving.prediction import open_predictor, present_context

    store = open_store()
    predictor = open_predictor(store, say=lambda text: typer.echo(text, err=True))
    context = present_context(store.entries(), str(cwd.absolute()) if cwd else None, previous, here=str(Path.cwd()))
    start = time.perf_counter()
    suggestions = predictor.suggest(prefix, context, k)
    latency = (time.perf_counter() - start) * 1000
    if as_json:
        rows = [{"command": s.command, "probability": round(s.probability, 6), "source": s.source} for s in suggestions]
        echo_json({"suggestions": rows, "latency_ms": round(latency, 3)})
    elif suggestions:
        typer.echo(
            table(
                ["command", "probability", "from"],
                [[visible(s.command), f"{s.probability:.3f}", s.source] for s in suggestions],
            )
        )
    else:
        typer.echo("Nothing to suggest yet; run `delta-learn import` first.", err=True)
