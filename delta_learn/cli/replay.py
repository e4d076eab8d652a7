"""replay: keystrokes saved on a history, method by method, without touching the person's data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from delta_learn.cli.output import echo_json, plural, progress, table

if TYPE_CHECKING:
    from delta_learn.evaluation.replay import ReplayResult
    from delta_learn.nightly.trial import Trial

_COLUMNS = {
    "hit@1": "hit@1",
    "hit@5": "hit@5",
    "ksr_full": "KSR-full",
    "ksr_word": "KSR-word",
    "ksr_part": "KSR-part",
    "net": "net",
    "bits_per_byte": "bits/byte",
    "ms_p50": "ms p50",
    "ms_p99": "ms p99",
}


def register(app: typer.Typer) -> None:
    """Add this file's command to `app`."""
    app.command()(replay)


def replay(
    file: Annotated[Path, typer.Argument(help="A history file.")],
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="zsh, bash, fish, atuin, mcfly, histdb or jsonl; told from the file when not given.",
        ),
    ] = None,
    start: Annotated[float, typer.Option(min=0.0, max=0.99, help="Score after this part of the history.")] = 0.25,
    limit: Annotated[int | None, typer.Option(min=1, help="Score at most so many commands.")] = None,
    methods: Annotated[
        str | None,
        typer.Option(
            help="Comma-separated: delta; one of its experts alone (history, ngram, copy, neural); baselines. "
            "Default: delta and every baseline."
        ),
    ] = None,
    train_at: Annotated[
        float | None,
        typer.Option(
            "--train-at",
            min=0.05,
            max=0.95,
            help="Train a personal model on what comes before this part, and score after it.",
        ),
    ] = None,
    base: Annotated[
        bool | None,
        typer.Option("--base/--no-base", help="Whether the shipped base model takes part from the first command on."),
    ] = None,
    each_session: Annotated[
        bool,
        typer.Option("--each-session", help="Every session begins with nothing and is scored from its first command."),
    ] = False,
    engine: Annotated[
        str, typer.Option(help="What runs a model: onnx, torch, or auto, the first of them that is installed.")
    ] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Replay FILE: each method is asked before each command, scored, and shown the command."""
    from delta_learn.config import Config, ServeConfig
    from delta_learn.nightly.trial import run_trial

    with progress() as display:
        task = display.add_task("replay", total=1, note="")
        trial = run_trial(
            file,
            form,
            start=start,
            limit=limit,
            methods=methods.split(",") if methods else None,
            train_at=train_at,
            base=base,
            each_session=each_session,
            config=Config(serve=ServeConfig(engine=engine)),
            on_progress=lambda step, done, total, note: display.update(
                task, description=step, completed=done, total=total, note=note
            ),
        )
    if as_json:
        echo_json(trial.to_json())
        return
    typer.echo(f"{_read(trial)}.")
    typer.echo(comparison(trial.result))


def _read(trial: Trial) -> str:
    """What was read, and from where on it is scored."""
    parts = [f"{plural(trial.entries, 'command')}, scored from number {trial.first + 1:,} on"]
    if trial.broken:
        parts.append(f"{plural(trial.broken, 'broken line')} passed over")
    if trial.isolated:
        parts.append(f"the first {trial.isolated:,} were thinned out by the shell and are not scored")
    return "; ".join(parts)


def comparison(result: ReplayResult) -> str:
    """The table of a replay: a row a method, then what delta gains on each, with its 90 % interval."""
    summary = result.summary()
    rows = [[name, *(_figure(figures[key]) for key in _COLUMNS)] for name, figures in summary["methods"].items()]
    rows.append(_limit("(perfect recall)", summary["oracle"]))
    rows.append(_limit("(xz of the past)", summary["xz"]))
    parts = [f"{plural(len(result), 'command')} scored:", table(["method", *_COLUMNS.values()], rows)]
    details = [_detail(name, figures) for name, figures in summary["methods"].items() if figures["ece"]]
    if details:
        parts += ["", "Keys saved by word, by expert, and on lines never typed before; calibration error:"]
        parts.append(table(["method", "from", "new lines", "at the prompt", "at keystrokes"], details))
    gains = _gains(summary["differences"])
    if gains:
        parts += [
            "",
            "Difference, with its 90 % interval:",
            table(["", "KSR-word", "interval", "hit@1", "interval"], gains),
        ]
    return "\n".join(parts)


def _limit(name: str, figures: dict[str, float | None]) -> list[str]:
    """The row of something that is no method and has some of the figures only."""
    return [name, *(_figure(figures[key]) if key in figures else "" for key in _COLUMNS)]


def _detail(name: str, figures: dict[str, Any]) -> list[str]:
    sources = sorted((figures["shares"] or {}).items(), key=lambda each: -each[1])
    errors = (figures["ece"][view] for view in ("prompt", "keystroke"))
    return [
        name,
        ", ".join(f"{source} {share:.2f}" for source, share in sources),
        _figure(figures["novel_share"]),
        *map(_figure, errors),
    ]


def _gains(differences: dict[str, Any]) -> list[list[str]]:
    rows = []
    for name, metrics in differences.items():
        row = [name.replace("-vs-", " less ")]
        for key in ("ksr_word", "hit@1"):
            figure = metrics.get(key)
            row += [f"{figure['mean']:+.3f}", f"{figure['low']:+.3f} to {figure['high']:+.3f}"] if figure else ["", ""]
        rows.append(row)
    return rows


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
