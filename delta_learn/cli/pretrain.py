"""pretrain: the base model, from files of public commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from delta_learn.cli.output import bars, echo_json, progress, table, tell
from delta_learn.cli.processes import Gpus, Nodes, OnCpu, Rendezvous

if TYPE_CHECKING:
    from delta_learn.nightly.pretraining import Recipe


def register(app: typer.Typer) -> None:
    """Add this file's command to `app`."""
    app.command()(pretrain)


def pretrain(
    corpus: Annotated[
        list[Path], typer.Argument(help='JSONL, a page a line: {"source", "license", "kind", "cmds": [...]}.')
    ],
    out: Annotated[Path, typer.Option(help="Directory for the model, its tokenizer and its card.")] = Path("base"),
    preset: Annotated[str, typer.Option(help="small, base, large, small-gqa or base-gqa.")] = "small",
    steps: Annotated[int | None, typer.Option(help="Train for so many steps.")] = None,
    minutes: Annotated[float | None, typer.Option(help="Train for as many steps as fit in so many minutes.")] = None,
    epochs: Annotated[int, typer.Option(help="Else: so many times through the corpus.")] = 8,
    seed: Annotated[int, typer.Option(help="Of order, dropout and first weights.")] = 1337,
    threads: Annotated[int, typer.Option(help="CPU threads; the same number gives the same weights.")] = 2,
    tokens: Annotated[
        Path | None, typer.Option(help="Keep the tokens in this plain file, and read them from there: less memory.")
    ] = None,
    gpus: Gpus = None,
    processes: OnCpu = None,
    nodes: Nodes = 1,
    rendezvous: Rendezvous = "",
    shard: Annotated[
        bool, typer.Option("--shard", help="Split the model among the processes (FSDP2): it outgrows a GPU.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what is known of the model as JSON.")] = False,
) -> None:
    """Train the tokenizer and the base model that personal models start from, on public commands."""
    from delta_learn.nightly.pretraining import Recipe
    from delta_learn.trainer import launch

    recipe = Recipe(preset, steps, minutes, epochs, seed, threads)
    asked = launch.Processes(gpus, processes, nodes, rendezvous)
    device = asked.configured(recipe.train_config()).device
    count = asked.here(device)
    if count:
        launch.run(asked, count, "delta_learn", sys.argv[1:])
        return
    with launch.reported():
        facts = _train(corpus, out, recipe, device, tokens, shard=shard, as_json=as_json)
    if not facts:
        return
    if as_json:
        echo_json(facts)
    else:
        _print(facts, out)


def _train(
    corpus: list[Path], out: Path, recipe: Recipe, device: str, tokens: Path | None, *, shard: bool, as_json: bool
) -> dict[str, Any]:
    """What is known of the base; nothing in a process that only helps."""
    from delta_learn.nightly.learning import require_torch

    require_torch()
    from delta_learn.nightly.pretraining import pretrain as run
    from delta_learn.nightly.pretraining import run_id
    from delta_learn.paths import Paths
    from delta_learn.storage.atomic import private_directory
    from delta_learn.storage.seal import Keyring
    from delta_learn.trainer.checkpoint import CheckpointStore
    from delta_learn.trainer.distributed import joined, termination

    paths = Paths.from_environment()
    with joined(device, shard=shard) as workers, termination() as stop, progress() as display:
        leads = workers.rank == 0
        keyring = Keyring.load_or_create(paths.key)
        checkpoint = CheckpointStore(private_directory(paths.checkpoints), keyring, run_id(corpus, out, recipe))
        return run(
            corpus,
            out,
            recipe,
            workers=workers,
            checkpoint=checkpoint,
            stop=stop,
            tokens=tokens,
            say=(lambda text: tell(display, text, err=as_json)) if leads else (lambda _: None),
            on_progress=bars(display),
        )


def _print(facts: dict[str, Any], out: Path) -> None:
    rows = [
        [f"{row['file']} {row['kind']}", f"{row['commands']:,}", f"{row['bits_per_byte']:.3f}"]
        for row in facts["bits_per_byte"]
    ]
    typer.echo(table(["held out", "commands", "bits/byte"], rows))
    typer.echo(f"{facts['version']} is in {out}.")
