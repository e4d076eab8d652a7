"""pretrain: the base model, from files of public commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from delta_learn.cli.output import bars, echo_json, progress, table, tell


def register(app: typer.Typer) -> None:
    """Add this file's command to `app`."""
    app.command()(pretrain)


def pretrain(
    corpus: Annotated[
        list[Path], typer.Argument(help='JSONL, a page a line: {"source", "license", "kind", "cmds": [...]}.')
    ],
    out: Annotated[Path, typer.Option(help="Directory for the model, its tokenizer and its card.")] = Path("base"),
    preset: Annotated[str, typer.Option(help="small or base.")] = "small",
    steps: Annotated[int | None, typer.Option(help="Train for so many steps.")] = None,
    minutes: Annotated[float | None, typer.Option(help="Train for as many steps as fit in so many minutes.")] = None,
    epochs: Annotated[int, typer.Option(help="Else: so many times through the corpus.")] = 8,
    seed: Annotated[int, typer.Option(help="Of order, dropout and first weights.")] = 1337,
    threads: Annotated[int, typer.Option(help="CPU threads; the same number gives the same weights.")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="Print what is known of the model as JSON.")] = False,
) -> None:
    """Train the tokenizer and the base model that personal models start from, on public commands."""
    from delta_learn.nightly.pretraining import Recipe
    from delta_learn.nightly.pretraining import pretrain as run

    recipe = Recipe(preset, steps, minutes, epochs, seed, threads)
    with progress() as display:
        facts = run(
            corpus,
            out,
            recipe,
            say=lambda text: tell(display, text, err=as_json),
            on_progress=bars(display),
        )
    if as_json:
        echo_json(facts)
    else:
        _print(facts, out)


def _print(facts: dict[str, Any], out: Path) -> None:
    rows = [
        [f"{row['file']} {row['kind']}", f"{row['commands']:,}", f"{row['bits_per_byte']:.3f}"]
        for row in facts["bits_per_byte"]
    ]
    typer.echo(table(["held out", "commands", "bits/byte"], rows))
    typer.echo(f"{facts['version']} is in {out}.")
